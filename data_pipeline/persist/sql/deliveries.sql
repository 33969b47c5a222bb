-- name: find_last_delivery
-- The newest delivery of a date to a destination.
select * from deliveries
where pipeline_id = :pipeline_id and business_date = :business_date and destination = :destination
order by number desc
limit 1;

-- name: insert_delivery
insert into deliveries (pipeline_id, business_date, destination, kind, snapshot_id, declaration)
values (:pipeline_id, :business_date, :destination, :kind, :snapshot_id, :declaration)
returning *;

-- name: start_delivery
update deliveries
set status = 'delivering', attempts = attempts + 1, started_at = now(), completed_at = null,
    error_code = null, error_message = null
where id = :id;

-- name: finish_delivery
update deliveries
set status = :status, completed_at = now(), rows_delivered = :rows_delivered, rows_refused = :rows_refused,
    rows_left_out = :rows_left_out, error_code = :error_code, error_message = :error_message
where id = :id;

-- name: list_chunks
select first_row, row_count, refusal from delivery_chunks where delivery_id = :delivery_id order by first_row;

-- name: insert_chunk
insert into delivery_chunks (delivery_id, first_row, row_count, refusal)
values (:delivery_id, :first_row, :row_count, :refusal)
on conflict (delivery_id, first_row) do nothing;

-- name: forget_refusals
delete from delivery_chunks where delivery_id = :delivery_id and refusal is not null;

-- name: clear_refused_rows
-- What a destination refused of a date before.
delete from batch_errors
where destination = :destination
  and batch_id in (select id from batches where pipeline_id = :pipeline_id and business_date = :business_date);

-- name: list_snapshot_batches
-- The batches that a snapshot's manifest names, in its order.
select batches.id, batches.file_name, batches.version, coalesce(stores.name, '') as store
from jsonb_array_elements(cast(:inputs as jsonb)) with ordinality as named (input, place)
join batches on batches.file_name = named.input ->> 'file_name'
            and batches.version = cast(named.input ->> 'version' as integer)
            and batches.content_sha256 = named.input ->> 'content_sha256'
left join stores using (store_id)
where batches.pipeline_id = :pipeline_id and batches.business_date = :business_date
  and coalesce(stores.name, '') = named.input ->> 'store'
order by named.place, batches.id;

-- name: list_latest_deliveries
-- The newest delivery of every date to every destination, of one date or of all.
select distinct on (pipelines.name, deliveries.business_date, deliveries.destination)
       pipelines.name as pipeline, deliveries.business_date, deliveries.destination, deliveries.kind,
       deliveries.status, deliveries.attempts, deliveries.rows_delivered, deliveries.rows_refused,
       deliveries.rows_left_out, deliveries.error_code, deliveries.error_message, deliveries.started_at,
       deliveries.completed_at, deliveries.number, deliveries.snapshot_id, snapshots.version, snapshots.is_current
from deliveries
join pipelines on pipelines.id = deliveries.pipeline_id
join snapshots on snapshots.id = deliveries.snapshot_id
where cast(:business_date as date) is null or deliveries.business_date = :business_date
order by pipelines.name, deliveries.business_date, deliveries.destination, deliveries.number desc;

-- name: list_dependencies
select * from dependencies order by name;

-- name: ensure_dependency
insert into dependencies (name) values (:name) on conflict (name) do nothing;

-- name: find_dependency
select * from dependencies where name = :name;

-- name: set_dependency_state
update dependencies set state = :state, changed_at = :now where name = :name;

-- name: set_dependency_opened
update dependencies set opened_at = :now where name = :name;

-- name: count_dependency_failure
update dependencies set failures = failures + 1, last_error = :error, last_error_at = :now where name = :name;

-- name: clear_dependency_failures
update dependencies set failures = 0 where name = :name and failures <> 0;

-- name: count_dependency_success
update dependencies set successes = successes + 1 where name = :name;

-- name: clear_dependency_successes
update dependencies set successes = 0 where name = :name and successes <> 0;

-- name: reserve_request
-- The moment at which the next request may be sent, and the first one after it, for nobody else.
update dependencies
set next_request_at = greatest(coalesce(next_request_at, :now), :now) + make_interval(secs => :interval_seconds)
where name = :name
returning next_request_at - make_interval(secs => :interval_seconds) as starts_at;
