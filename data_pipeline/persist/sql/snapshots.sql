-- name: find_by_manifest
select * from snapshots
where pipeline_id = :pipeline_id and business_date = :business_date and manifest_hash = :manifest_hash;

-- name: find_current_snapshot
select * from snapshots where pipeline_id = :pipeline_id and business_date = :business_date and is_current;

-- name: find_version
select * from snapshots
where pipeline_id = :pipeline_id and business_date = :business_date and version = :version;

-- name: list_versions
select * from snapshots where pipeline_id = :pipeline_id and business_date = :business_date order by version;

-- name: list_current_snapshots
select snapshots.*, pipelines.name as pipeline
from snapshots join pipelines on pipelines.id = snapshots.pipeline_id
where is_current
order by pipelines.name, business_date;

-- name: list_earlier_snapshots
-- What is shown of the days before a date, oldest first.
select id, business_date, parquet_path from snapshots
where pipeline_id = :pipeline_id and is_current
  and business_date < :business_date and business_date >= :first
order by business_date;

-- name: next_version
select coalesce(max(version), 0) + 1 as version from snapshots
where pipeline_id = :pipeline_id and business_date = :business_date;

-- name: clear_current
update snapshots set is_current = false
where pipeline_id = :pipeline_id and business_date = :business_date and is_current;

-- name: set_current
update snapshots set is_current = true
where pipeline_id = :pipeline_id and business_date = :business_date and version = :version;

-- name: insert_snapshot
insert into snapshots (id, pipeline_id, run_id, business_date, version, is_current, manifest, manifest_hash, content_hash,
                       row_count, completeness, is_final, table_name, parquet_path)
values (:id, :pipeline_id, (select id from pipeline_runs where dagster_run_id = :dagster_run_id), :business_date, :version, true, cast(:manifest as jsonb), :manifest_hash,
        :content_hash, :row_count, cast(:completeness as jsonb), :is_final, :table_name, :parquet_path)
returning *;

-- name: record_move
insert into snapshot_moves (pipeline_id, business_date, from_version, to_version, reason, actor)
values (:pipeline_id, :business_date, :from_version, :to_version, :reason, :actor);

-- name: list_columns
-- Columns of a table, in order.
select attname as name, format_type(atttypid, atttypmod) as type
from pg_attribute
where attrelid = to_regclass(:table) and attnum > 0 and not attisdropped
order by attnum;

-- name: find_relation
-- Of what kind the relation of a name is: r a table, v a view; null when there is none.
select (select relkind::text from pg_class where oid = to_regclass(quote_ident(:name))) as kind;

-- name: list_published
-- Every version that was ever published, oldest first.
select pipelines.name as pipeline, business_date, version, is_current, table_name, parquet_path
from snapshots join pipelines on pipelines.id = snapshots.pipeline_id
order by pipelines.name, business_date, version;

-- name: describe_view
select obj_description(to_regclass(:view), 'pg_class') as comment;

-- name: lock_relations
select pg_advisory_xact_lock(hashtextextended('relations of ' || :pipeline, 0));
