-- name: find_pipeline
-- The pipeline, if it is declared like this already, and the version of its declaration.
select pipelines.id, pipeline_specs.version as spec_version
from pipelines
join pipeline_specs on pipeline_specs.pipeline_id = pipelines.id and pipeline_specs.spec_hash = :spec_hash
where pipelines.owner_id = 'builtin' and pipelines.name = :name and pipelines.config = cast(:config as jsonb);

-- name: upsert_pipeline
-- Registers a built-in pipeline as it is declared now. The row stays locked, so that one process at a time counts versions.
insert into pipelines (owner_id, name, config, status)
values ('builtin', :name, cast(:config as jsonb), 'active')
on conflict (owner_id, name) do update
   set config = excluded.config, updated_at = now()
returning id;

-- name: insert_spec
-- The next version of a declaration, unless it was known before.
insert into pipeline_specs (pipeline_id, version, spec_hash, spec)
select :pipeline_id, coalesce(max(version), 0) + 1, :spec_hash, cast(:config as jsonb)
from pipeline_specs
where pipeline_id = :pipeline_id
on conflict do nothing;

-- name: list_stores
select store_id, name from stores order by name;

-- name: list_aliases
select store_aliases.alias, stores.name as store
from store_aliases join stores using (store_id)
order by store_aliases.alias;

-- name: insert_store
insert into stores (name) values (:name) on conflict (name) do nothing;

-- name: find_store
select store_id from stores where name = :name;

-- name: teach_alias
insert into store_aliases (alias, store_id, taught_by) values (:alias, :store_id, :taught_by)
on conflict (alias) do update set store_id = excluded.store_id, taught_by = excluded.taught_by, taught_at = now();

-- name: list_known_files
-- The last look of every path that is still there.
select distinct on (path) path, size_bytes, mtime_ns, outcome
from arrivals
where gone_at is null
order by path, id desc;

-- name: mark_files_gone
update arrivals set gone_at = now()
where gone_at is null and starts_with(path, :folder) and not (path = any(cast(:present as text[])));

-- name: insert_arrival
insert into arrivals (path, size_bytes, mtime_ns, content_sha256, outcome, batch_id, note, witnesses)
values (:path, :size_bytes, :mtime_ns, :content_sha256, :outcome, :batch_id, :note, cast(:witnesses as jsonb));

-- name: list_parked
-- The files that wait for a person: parked, and not decided since.
select distinct on (path) id, path, size_bytes, mtime_ns, content_sha256, note, witnesses, seen_at
from arrivals
where outcome = 'parked' and gone_at is null
  and not exists (select 1 from arrivals later where later.path = arrivals.path and later.id > arrivals.id)
order by path, id desc;

-- name: find_same_bytes
-- Deliveries of the same bytes, the newest first.
select batches.id, pipelines.name as pipeline, batches.business_date, batches.version, batches.status,
       batches.file_path, batches.file_name, stores.name as store,
       exists (select 1 from batches later
               where later.pipeline_id = batches.pipeline_id and later.business_date = batches.business_date
                 and later.store_id = batches.store_id and later.version > batches.version
                 and later.status <> 'failed') as is_superseded
from batches
join pipelines on pipelines.id = batches.pipeline_id
left join stores using (store_id)
where batches.content_sha256 = :content_sha256
order by batches.created_at desc;

-- name: find_latest_delivery
-- The newest version of a store's delivery for a date that did not fail.
select id, version, cells_sha256, file_name, exported_at
from batches
where pipeline_id = :pipeline_id and business_date = :business_date and store_id = :store_id and status <> 'failed'
order by version desc
limit 1;

-- name: insert_batch
insert into batches (pipeline_id, business_date, store_id, version, file_path, file_name, content_sha256, size_bytes,
                     cells_sha256, exported_at, identity, findings)
select :pipeline_id, :business_date, :store_id, coalesce(max(version), 0) + 1, :file_path, :file_name,
       :content_sha256, :size_bytes, :cells_sha256, :exported_at, cast(:identity as jsonb), cast(:findings as jsonb)
from batches
where pipeline_id = :pipeline_id and business_date = :business_date
  and store_id is not distinct from cast(:store_id as bigint)
  and (cast(:store_id as bigint) is not null or file_path = :file_path)
returning id, version;

-- name: list_waiting
-- Batches that wait for a run, by pipeline and date, with what decides whether they are flushed. One that a killed
-- process left behind waits too, when nobody holds its date: processing for long, or judged and in no snapshot. Whatever
-- was judged before a date was last published is in that snapshot; what came after it is looked for by name, since an
-- equal snapshot is not made twice. That looks at every judged batch: `with_judged` leaves it out.
with held as (
    select (classid::bigint << 32) | objid::bigint as key
    from pg_locks
    where locktype = 'advisory' and objsubid = 1 and granted
      and database = (select oid from pg_database where datname = current_database())
), published as (
    select pipeline_id, business_date, max(published_at) as published_at from snapshots group by pipeline_id, business_date
), unpublished as materialized (
    select batches.id, batches.pipeline_id, batches.business_date, coalesce(stores.name, '') as store, batches.version,
           batches.file_name
    from batches
    join pipelines on pipelines.id = batches.pipeline_id
    left join published using (pipeline_id, business_date)
    left join stores using (store_id)
    where cast(:with_judged as boolean) and pipelines.status = 'active'
      and batches.status = 'completed' and batches.completed_at < now() - interval '2 minutes'
      and (published_at is null or batches.completed_at > published_at)
      and hashtextextended(pipelines.name || '/' || to_char(batches.business_date, 'YYYY-MM-DD'), 0) not in (select key from held)
      and not exists (
          select 1 from batches newer
          where newer.pipeline_id = batches.pipeline_id and newer.business_date = batches.business_date
            and coalesce(newer.store_id, -1) = coalesce(batches.store_id, -1)
            and coalesce(case when newer.store_id is null then newer.file_path end, '')
              = coalesce(case when batches.store_id is null then batches.file_path end, '')
            and newer.version > batches.version and newer.status = 'completed')
), included as (
    select snapshots.pipeline_id, snapshots.business_date, input ->> 'store' as store,
           (input ->> 'version')::integer as version, input ->> 'file_name' as file_name
    from snapshots
    cross join lateral jsonb_array_elements(snapshots.manifest -> 'inputs') as input
    where (snapshots.pipeline_id, snapshots.business_date) in (select pipeline_id, business_date from unpublished)
), left_behind as (
    select id from unpublished
    where not exists (
        select 1 from included
        where included.pipeline_id = unpublished.pipeline_id and included.business_date = unpublished.business_date
          and included.store = unpublished.store and included.version = unpublished.version
          and included.file_name = unpublished.file_name)
)
select pipelines.name as pipeline, batches.business_date, count(*) as files, sum(batches.size_bytes) as bytes,
       extract(epoch from now() - min(batches.created_at)) as oldest_seconds,
       array_agg(batches.id::text || ':' || batches.attempts || ':' || batches.status order by batches.id) as fingerprints
from batches
join pipelines on pipelines.id = batches.pipeline_id
where pipelines.status = 'active'
  and batches.id in (
      select id from batches unsettled where status = 'pending'
      union all
      select id from batches unsettled where status = 'processing' and started_at < now() - interval '2 minutes'
      union all
      select id from left_behind)
  and (batches.status <> 'processing'
       or hashtextextended(pipelines.name || '/' || to_char(batches.business_date, 'YYYY-MM-DD'), 0) not in (select key from held))
group by pipelines.name, batches.business_date
order by pipelines.name, batches.business_date;

-- name: claim_batches
-- Takes every waiting batch of a date. The caller holds the date's lock, so one that is `processing` was left by a
-- process that died; its attempt number fences that process off.
update batches
set status = 'processing', attempts = attempts + 1, run_id = :run_id, started_at = now(), completed_at = null,
    spec_version = :spec_version, error_code = null, error_message = null, progress = null
from (select id, store_id from batches
      where pipeline_id = :pipeline_id and business_date = :business_date
        and exists (select 1 from pipelines where pipelines.id = :pipeline_id and pipelines.status = 'active')
        and (status in ('pending', 'processing')
             or (status = 'completed' and spec_hash <> :spec_hash and id in (select id from current_batches)))
      order by id
      for update) claimed
left join stores on stores.store_id = claimed.store_id
where batches.id = claimed.id
returning batches.id, batches.attempts, batches.file_name, batches.content_sha256, batches.version, stores.name as store,
          batches.trace_parent;

-- name: start_batch
-- Counts the attempt that a file failed at before any run saw it, judged by the declaration of the moment.
update batches set status = 'processing', attempts = 1, started_at = now(),
    spec_version = (select pipeline_specs.version
                    from pipeline_specs join pipelines on pipelines.id = pipeline_specs.pipeline_id
                    where pipelines.id = batches.pipeline_id and pipeline_specs.spec = pipelines.config
                    order by pipeline_specs.version desc limit 1)
where id = :id and status = 'pending';

-- name: complete_batch
update batches
set status = 'completed', completed_at = now(), progress = null, cells_sha256 = :cells_sha256, spec_hash = :spec_hash,
    part_path = :part_path, measures = cast(:measures as jsonb), findings = cast(:findings as jsonb),
    statistics = cast(:statistics as jsonb),
    record_count = :record_count, processed_count = :processed_count, failed_count = :failed_count
where id = :id and attempts = :attempts and status = 'processing';

-- name: fail_batch
update batches
set status = 'failed', completed_at = now(), progress = null, error_code = :error_code, error_message = :error_message,
    record_count = null, processed_count = null, failed_count = null
where id = :id and attempts = :attempts and status = 'processing';

-- name: clear_batch_errors
delete from batch_errors where batch_id = :batch_id and destination is null;

-- name: clear_step_errors
-- Rows that a step over a whole date rejected: it knows their row numbers alone, so their record_index is below 0.
delete from batch_errors where batch_id = any(:batch_ids) and record_index < 0 and destination is null;

-- name: count_step_errors
-- Rejected in all = by judging and by the steps over the date.
update batches set failed_count = counted.rejected, processed_count = record_count - counted.rejected
from (select batches.id, count(distinct batch_errors.row_number) as rejected
      from batches left join batch_errors on batch_errors.batch_id = batches.id and batch_errors.destination is null
      where batches.id = any(:batch_ids)
      group by batches.id) counted
where batches.id = counted.id and batches.failed_count <> counted.rejected;

-- name: list_failed
select batches.id, pipelines.name as pipeline, batches.business_date, batches.file_path, batches.file_name,
       batches.content_sha256, batches.attempts, batches.error_code, batches.error_message, stores.name as store
from batches
join pipelines on pipelines.id = batches.pipeline_id
left join stores using (store_id)
where batches.status = 'failed' and pipelines.name = :pipeline
  and (cast(:business_date as date) is null or batches.business_date = :business_date)
  and not exists (select 1 from batches later
                  where later.pipeline_id = batches.pipeline_id and later.business_date = batches.business_date
                    and (later.file_path = batches.file_path or later.store_id = batches.store_id)
                    and later.created_at > batches.created_at)
order by batches.business_date, batches.file_name;

-- name: requeue_batch
update batches set status = 'pending', queued_at = now() where id = :id and status = 'failed';

-- name: list_current_batches
select current_batches.id, current_batches.file_name, current_batches.version, current_batches.content_sha256,
       current_batches.cells_sha256, current_batches.part_path, current_batches.measures, current_batches.record_count,
       current_batches.processed_count, current_batches.failed_count, current_batches.findings,
       (select count(distinct row_number) from batch_errors
        where batch_errors.batch_id = current_batches.id and record_index < 0
          and destination is null) as step_failed_count,
       coalesce(stores.name, '') as store
from current_batches left join stores using (store_id)
where current_batches.pipeline_id = :pipeline_id and current_batches.business_date = :business_date
order by store, current_batches.file_name, current_batches.id;

-- name: list_file_jobs
-- The newest version of every delivery of a date, and every failed one that nothing came after.
select distinct on (coalesce(store, file_path)) store, file_name, version, status, retry_count, record_count,
       processed_count, failed_count, error_code, error_message,
       (select spec_version from batches where batches.id = jobs.id) as spec_version
from pipeline_file_jobs jobs
where pipeline = :pipeline and business_date = :business_date
  and not (status = 'failed' and exists (
      select 1 from pipeline_file_jobs later
      where later.pipeline = jobs.pipeline and later.business_date = jobs.business_date
        and (later.file_path = jobs.file_path or later.store = jobs.store)
        and later.created_at > jobs.created_at))
order by coalesce(store, file_path), created_at desc;

-- name: start_run
insert into pipeline_runs (pipeline_id, business_date, status, trigger, dagster_run_id, started_at)
values (:pipeline_id, :business_date, 'processing', :trigger, :dagster_run_id, now())
on conflict (dagster_run_id) do update set status = 'processing'
returning id;

-- name: finish_run
update pipeline_runs set status = :status, error_message = :error_message, completed_at = now() where id = :id;

-- name: fail_abandoned_runs
-- Runs of a date that were never finished: their process died. The caller holds the date's lock.
update pipeline_runs set status = 'failed', completed_at = now(), error_message = 'the process ended before the run did'
where pipeline_id = :pipeline_id and business_date = :business_date and status = 'processing' and id <> :id;

-- name: list_batch_errors
select batch_errors.sheet, batch_errors.row_number, batch_errors.column_name, batch_errors.raw_text,
       batch_errors.error_code, batch_errors.error_message, batches.file_name, stores.name as store
from batch_errors
join batches on batches.id = batch_errors.batch_id
left join stores using (store_id)
join pipelines on pipelines.id = batches.pipeline_id
where pipelines.name = :pipeline and batches.business_date = :business_date
  and exists (select 1 from current_batches where current_batches.id = batches.id)
order by batches.file_name, batch_errors.row_number, batch_errors.id
limit :most;
