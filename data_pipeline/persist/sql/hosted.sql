-- Pipelines and batches of the REST API. Each query names the owner although the policies of the role would do alone.

-- name: insert_hosted
insert into pipelines (id, owner_id, name, title, config, declared, status)
values (:id, :owner_id, :name, :title, cast(cast(:config as text) as jsonb), cast(cast(:config as text) as json), 'inactive')
on conflict do nothing
returning id, owner_id, name, title, declared as config, status, revision, created_at, updated_at;

-- name: find_hosted
select id, owner_id, name, title, declared as config, status, revision, created_at, updated_at
from pipelines where pipelines.owner_id = :owner_id and id = :pipeline_id;

-- name: lock_hosted
select id, owner_id, name, title, declared as config, status, revision, created_at, updated_at
from pipelines where pipelines.owner_id = :owner_id and id = :pipeline_id for update;

-- name: list_hosted_by_time
select id, owner_id, name, title, declared as config, status, revision, created_at, updated_at
from pipelines
where pipelines.owner_id = :owner_id and title is not null
  and (cast(:status as text) is null or status = :status)
  and (cast(:name as text) is null or strpos(lower(title), lower(:name)) > 0)
  and (cast(:after_time as timestamptz) is null or (created_at, id) < (:after_time, cast(:after_id as uuid)))
order by created_at desc, id desc limit :most;

-- name: list_hosted_by_name
select id, owner_id, name, title, declared as config, status, revision, created_at, updated_at
from pipelines
where pipelines.owner_id = :owner_id and title is not null
  and (cast(:status as text) is null or status = :status)
  and (cast(:name as text) is null or strpos(lower(title), lower(:name)) > 0)
  and (cast(:after_name as text) is null or (title, id) > (:after_name, cast(:after_id as uuid)))
order by title, id limit :most;

-- name: replace_hosted
update pipelines set title = :title, config = cast(cast(:config as text) as jsonb), declared = cast(cast(:config as text) as json), revision = revision + 1, updated_at = now()
where pipelines.owner_id = :owner_id and id = :pipeline_id
returning id, owner_id, name, title, declared as config, status, revision, created_at, updated_at;

-- name: set_hosted_status
update pipelines set status = :status, updated_at = now()
where pipelines.owner_id = :owner_id and id = :pipeline_id
returning id, owner_id, name, title, declared as config, status, revision, created_at, updated_at;

-- name: delete_hosted
delete from pipelines where pipelines.owner_id = :owner_id and id = :pipeline_id;

-- name: list_all_hosted
-- For the engine: every pipeline that a program declared.
select id, owner_id, name, title, declared as config, status, updated_at from pipelines where title is not null order by name;

-- name: count_unfinished
select count(*) as batches from batches
join pipelines on pipelines.id = batches.pipeline_id
where pipelines.owner_id = :owner_id and pipelines.id = :pipeline_id and batches.status in ('pending', 'processing');

-- name: insert_posted
select id, status, created_at
from post_batch(:owner_id, :pipeline_id, :id, :business_date, :file_path, :file_name, :content_sha256, :size_bytes,
                :records, :content, :key_id, :trace_parent, :idempotency_key, :request_sha256, :actor, :request_id);

-- name: find_idempotent
select idempotency_keys.request_sha256, idempotency_keys.batch_id, batches.pipeline_id
from idempotency_keys join batches on batches.id = idempotency_keys.batch_id
where idempotency_keys.owner_id = :owner_id and key = :key and idempotency_keys.created_at > now() - interval '24 hours';

-- name: forget_idempotent
delete from idempotency_keys
where owner_id = :owner_id and key = :key and created_at <= now() - interval '24 hours';

-- name: find_posted
select batches.id, batches.pipeline_id, batches.business_date, batches.status, batches.attempts, batches.file_name,
       batches.version, batches.size_bytes, coalesce(batches.record_count, batches.posted_count) as record_count,
       batches.processed_count, batches.failed_count, batches.error_code, batches.error_message, batches.findings,
       batches.progress, batches.created_at, batches.started_at, batches.completed_at
from batches join pipelines on pipelines.id = batches.pipeline_id
where pipelines.owner_id = :owner_id and batches.pipeline_id = :pipeline_id and batches.id = :batch_id;

-- name: list_posted
select batches.id, batches.pipeline_id, batches.business_date, batches.status, batches.attempts, batches.file_name,
       batches.version, batches.size_bytes, coalesce(batches.record_count, batches.posted_count) as record_count,
       batches.processed_count, batches.failed_count, batches.error_code, batches.error_message, batches.findings,
       batches.progress, batches.created_at, batches.started_at, batches.completed_at
from batches join pipelines on pipelines.id = batches.pipeline_id
where pipelines.owner_id = :owner_id and batches.pipeline_id = :pipeline_id
  and (cast(:status as text) is null or batches.status = :status)
  and (cast(:business_date as date) is null or batches.business_date = :business_date)
  and (cast(:after_time as timestamptz) is null or (batches.created_at, batches.id) < (:after_time, cast(:after_id as uuid)))
order by batches.created_at desc, batches.id desc limit :most;

-- name: list_posted_errors
select batch_errors.id, batch_errors.record_index, batch_errors.row_number, batch_errors.sheet, batch_errors.column_name,
       batch_errors.raw_text, batch_errors.error_code, batch_errors.error_message, batch_errors.record_data,
       batch_errors.destination, batch_errors.created_at
from batch_errors
join batches on batches.id = batch_errors.batch_id
join pipelines on pipelines.id = batches.pipeline_id
where pipelines.owner_id = :owner_id and batches.pipeline_id = :pipeline_id and batches.id = :batch_id
  and (cast(:code as text) is null or batch_errors.error_code = :code)
  and batch_errors.id > :after
order by batch_errors.id limit :most;

-- name: requeue_posted
update batches set status = 'pending', completed_at = null, queued_at = now()
from pipelines
where pipelines.id = batches.pipeline_id and pipelines.owner_id = :owner_id and pipelines.id = :pipeline_id
  and batches.id = :batch_id and batches.status = 'failed'
returning batches.id;

-- name: cancel_posted
-- Only what no run has taken yet: a batch in work ends by itself within its time limits.
update batches set status = 'failed', error_code = 'CANCELLED', error_message = 'cancelled before it was processed',
       completed_at = now()
from pipelines
where pipelines.id = batches.pipeline_id and pipelines.owner_id = :owner_id and pipelines.id = :pipeline_id
  and batches.id = :batch_id and batches.status = 'pending'
returning batches.id;

-- name: measure_hosted
select count(batches.id) as batches,
       count(*) filter (where batches.status = 'pending') as pending,
       count(*) filter (where batches.status = 'processing') as processing,
       count(*) filter (where batches.status = 'completed') as completed,
       count(*) filter (where batches.status = 'failed') as failed,
       coalesce(sum(batches.processed_count), 0) as records_processed,
       coalesce(sum(batches.failed_count), 0) as records_failed,
       avg(extract(epoch from batches.completed_at - batches.created_at)) filter (where batches.status = 'completed')
           as latency_seconds,
       percentile_cont(0.95) within group (order by extract(epoch from batches.completed_at - batches.created_at))
           filter (where batches.status = 'completed') as latency_p95_seconds,
       max(coalesce(batches.completed_at, batches.started_at)) as last_run_at
from pipelines left join batches on batches.pipeline_id = pipelines.id
where pipelines.owner_id = :owner_id and pipelines.id = :pipeline_id
group by pipelines.id;

-- name: list_hosted_snapshots
select snapshots.business_date, snapshots.version, snapshots.id, snapshots.row_count, snapshots.content_hash,
       snapshots.is_current, snapshots.is_final, snapshots.published_at, snapshots.parquet_path
from snapshots join pipelines on pipelines.id = snapshots.pipeline_id
where pipelines.owner_id = :owner_id and pipelines.id = :pipeline_id
  and (cast(:business_date as date) is null or snapshots.business_date = :business_date)
  and (snapshots.is_current or not :only_current)
order by snapshots.business_date desc, snapshots.version desc limit :most;

-- name: list_payloads
select batch_payloads.batch_id, batch_payloads.content, batches.file_name
from batch_payloads join batches on batches.id = batch_payloads.batch_id
where batch_payloads.batch_id = any(:batch_ids)
for update of batch_payloads;

-- name: drop_payload
delete from batch_payloads where batch_id = :batch_id;

-- name: find_title
select id from pipelines where pipelines.owner_id = :owner_id and title = :title;

-- name: find_spec_version
select version from pipeline_specs where pipeline_id = :pipeline_id and spec_hash = :spec_hash;
