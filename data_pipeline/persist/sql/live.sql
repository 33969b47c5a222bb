-- What watchers, operators and Prometheus ask of a running installation.

-- name: list_watched
-- Of batches whose viewers were let in before; a pipeline never changes its owner.
select batches.id, batches.pipeline_id, batches.business_date, batches.status, batches.attempts,
       coalesce(batches.record_count, batches.posted_count) as record_count, batches.processed_count, batches.failed_count,
       batches.error_code, batches.error_message, batches.progress, batches.created_at, batches.started_at,
       batches.completed_at
from batches where batches.id = any(:batch_ids);

-- name: set_progress
update batches set progress = cast(:progress as jsonb)
where id = :id and attempts = :attempts and status = 'processing';

-- name: measure_queue
-- What a run should have taken by now; what waits for a stopped pipeline waits on purpose.
select count(*) as waiting, coalesce(extract(epoch from now() - min(batches.queued_at)), 0) as oldest_seconds
from batches join pipelines on pipelines.id = batches.pipeline_id
where batches.status = 'pending' and pipelines.status = 'active';

-- name: find_heartbeats
-- None before Dagster made its tables.
select to_regclass('dagster.daemon_heartbeats') is not null as has_table;

-- name: read_heartbeat
-- Dagster writes UTC without saying so. Null: no daemon ever ran.
select extract(epoch from now() - max("timestamp") at time zone 'UTC') as seconds from dagster.daemon_heartbeats;

-- name: measure_pipelines
select pipelines.name,
       coalesce(sum(batches.processed_count), 0) as processed,
       coalesce(sum(batches.failed_count), 0) as failed,
       extract(epoch from max(batches.completed_at) filter (where batches.status = 'completed')) as last_success
from pipelines join batches on batches.pipeline_id = pipelines.id
group by pipelines.name order by pipelines.name;

-- name: count_batches
select status, count(*) as batches from batches group by status order by status;

-- name: is_alive
select 1 as one;
