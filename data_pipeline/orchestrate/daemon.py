"""Dagster's daemon, with sensors looked at as often as they ask for: by itself it looks every five seconds at most.

    python -m data_pipeline.orchestrate.daemon run -w workspace.yaml

Stays out: what a sensor does.
https://docs.dagster.io/deployment/execution/dagster-daemon
"""

from dagster._daemon import sensor
from dagster._daemon.cli import main

SECONDS = 1

if __name__ == "__main__":
    # Nothing configures it, and a program that posted a batch waits for the next look.
    sensor.MIN_INTERVAL_LOOP_TIME = SECONDS
    main()
