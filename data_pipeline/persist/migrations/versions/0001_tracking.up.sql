-- Tracking: what arrived, how it was judged, what was published. Counters are derived by views, never kept.

create table stores (
    store_id   bigint generated always as identity primary key,
    name       text not null unique check (name <> ''),
    created_at timestamptz not null default now()
);

create table store_aliases (
    alias     text primary key check (alias <> ''),   -- normalised file-name spelling
    store_id  bigint not null references stores on delete cascade,
    taught_by text not null,
    taught_at timestamptz not null default now()
);

create table pipelines (
    id         uuid primary key default gen_random_uuid(),
    owner_id   text not null,
    name       varchar(255) not null,
    config     jsonb not null,
    status     text not null default 'inactive' check (status in ('inactive', 'active')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (owner_id, name)
);
create index pipelines_owner_status on pipelines (owner_id, status);

create table pipeline_runs (
    id             uuid primary key default gen_random_uuid(),
    pipeline_id    uuid not null references pipelines on delete cascade,
    business_date  date not null,
    status         text not null default 'pending' check (status in ('pending', 'processing', 'completed', 'failed')),
    trigger        text not null,
    dagster_run_id text unique,
    error_message  text,
    started_at     timestamptz,
    completed_at   timestamptz,
    created_at     timestamptz not null default now()
);
create index pipeline_runs_pipeline_date on pipeline_runs (pipeline_id, business_date, created_at desc);

create table batches (
    id              uuid primary key default gen_random_uuid(),
    pipeline_id     uuid not null references pipelines on delete cascade,
    run_id          uuid references pipeline_runs on delete set null,
    business_date   date not null,
    store_id        bigint references stores,
    version         integer not null check (version > 0),
    status          text not null default 'pending' check (status in ('pending', 'processing', 'completed', 'failed')),
    attempts        integer not null default 0,
    file_path       text,
    file_name       text,
    content_sha256  text not null,
    size_bytes      bigint not null,
    cells_sha256    text,
    exported_at     timestamptz,                      -- when the sender's program made the file
    spec_hash       text,
    identity        jsonb not null default '[]',      -- the witnesses that named store and business date
    findings        jsonb not null default '[]',
    statistics      jsonb not null default '[]',      -- of every column of the file, in its order
    measures        jsonb not null default '{}',      -- sums carried from the accepted rows to the snapshot
    part_path       text,                             -- accepted rows, relative to the product's home
    error_code      varchar(100),
    error_message   text,
    record_count    bigint,
    processed_count bigint,
    failed_count    bigint,
    started_at      timestamptz,
    completed_at    timestamptz,
    created_at      timestamptz not null default now(),
    check (status <> 'completed' or record_count = processed_count + failed_count)
);
create unique index batches_delivery_version on batches (pipeline_id, business_date, coalesce(store_id, -1), coalesce(case when store_id is null then file_path end, ''), version);
create index batches_pipeline_status on batches (pipeline_id, status);
create index batches_pipeline_created on batches (pipeline_id, created_at desc);
create index batches_content on batches (content_sha256);

create table batch_errors (
    id            bigint generated always as identity primary key,
    batch_id      uuid not null references batches on delete cascade,
    record_index  bigint not null,                    -- 0-based position among the file's data rows
    error_code    varchar(100) not null,
    error_message text not null,
    record_data   jsonb,                              -- the whole row as it was delivered
    sheet         text,
    row_number    bigint,                             -- as the sender's program numbers it
    column_name   text,
    raw_text      text,
    created_at    timestamptz not null default now()
);
create index batch_errors_batch on batch_errors (batch_id);

create table arrivals (
    id             bigint generated always as identity primary key,
    path           text not null,
    size_bytes     bigint not null,
    mtime_ns       bigint not null,
    content_sha256 text,
    outcome        text not null check (outcome in ('batch', 'same_bytes', 'same_cells', 'parked', 'ignored')),
    batch_id       uuid references batches on delete set null,
    note           text,
    witnesses      jsonb not null default '[]',
    seen_at        timestamptz not null default now(),
    gone_at        timestamptz
);
create index arrivals_path on arrivals (path, id desc);
create index arrivals_outcome on arrivals (outcome) where outcome = 'parked';

create table snapshots (
    id            uuid primary key,
    pipeline_id   uuid not null references pipelines on delete cascade,
    run_id        uuid references pipeline_runs on delete set null,
    business_date date not null,
    version       integer not null check (version > 0),
    is_current    boolean not null,
    manifest      jsonb not null,
    manifest_hash text not null,
    content_hash  text not null,
    row_count     bigint not null,
    completeness  jsonb not null,
    is_final      boolean not null,
    table_name    text not null,
    parquet_path  text not null,                      -- relative to the product's home
    published_at  timestamptz not null default now(),
    unique (pipeline_id, business_date, version),
    unique (pipeline_id, business_date, manifest_hash)
);
create unique index snapshots_current on snapshots (pipeline_id, business_date) where is_current;

create table snapshot_moves (
    id            bigint generated always as identity primary key,
    pipeline_id   uuid not null references pipelines on delete cascade,
    business_date date not null,
    from_version  integer,
    to_version    integer not null,
    reason        text not null,
    actor         text not null,
    moved_at      timestamptz not null default now()
);

create schema snapshots;   -- one table a published version, a partition of its pipeline's table of versions

-- The batches whose rows a snapshot is made of: per delivery the newest that could be read.
create view current_batches as
select distinct on (pipeline_id, business_date, coalesce(store_id, -1), coalesce(case when store_id is null then file_path end, ''))
       batches.*
from batches
where status = 'completed'
order by pipeline_id, business_date, coalesce(store_id, -1), coalesce(case when store_id is null then file_path end, ''), version desc;

create view pipeline_file_jobs as
select batches.id,
       batches.run_id as pipeline_run_id,
       pipelines.name as pipeline,
       batches.business_date,
       batches.file_path,
       batches.file_name,
       batches.store_id,
       stores.name as store,
       batches.version,
       case batches.status when 'pending' then 'queued' else batches.status end as status,
       greatest(batches.attempts - 1, 0) as retry_count,
       batches.record_count,
       batches.processed_count,
       batches.failed_count,
       batches.error_code,
       batches.error_message,
       batches.created_at,
       batches.started_at,
       batches.completed_at
from batches
join pipelines on pipelines.id = batches.pipeline_id
left join stores on stores.store_id = batches.store_id;

create view pipeline_run_totals as
select pipeline_runs.id,
       pipelines.name as pipeline,
       pipeline_runs.business_date,
       pipeline_runs.status,
       pipeline_runs.trigger,
       pipeline_runs.started_at,
       pipeline_runs.completed_at,
       count(batches.id) as total_files,
       count(batches.id) filter (where batches.status = 'completed') as processed_files,
       count(batches.id) filter (where batches.status = 'failed') as failed_files,
       coalesce(sum(batches.processed_count), 0) as total_rows,
       coalesce(sum(batches.failed_count), 0) as rejected_rows
from pipeline_runs
join pipelines on pipelines.id = pipeline_runs.pipeline_id
left join batches on batches.run_id = pipeline_runs.id
group by pipeline_runs.id, pipelines.name;

create view pipeline_metrics as
select pipelines.name as pipeline,
       count(batches.id) filter (where batches.status = 'completed') as files_processed,
       coalesce(sum(batches.processed_count), 0) as rows_processed,
       coalesce(sum(batches.failed_count), 0) + count(batches.id) filter (where batches.status = 'failed') as error_count,
       avg(extract(epoch from batches.completed_at - batches.started_at)) as average_latency_seconds,
       max(batches.completed_at) as last_processed_at
from pipelines
left join batches on batches.pipeline_id = pipelines.id
group by pipelines.name;
