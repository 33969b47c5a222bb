drop view pipeline_metrics, pipeline_run_totals, pipeline_file_jobs, current_batches;
drop schema snapshots cascade;
drop table snapshot_moves, snapshots, arrivals, batch_errors, batches, pipeline_runs, pipelines, store_aliases, stores;
