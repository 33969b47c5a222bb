"""What happens to a delivery, one verb a file: receive, stage, compute, publish, deliver. No Dagster, no terminal."""
