-- The REST API: whose pipelines and batches are whose, keys, what was asked before, what was done.

create table owners (
    id         text primary key check (id ~ '^[a-z][a-z0-9_-]{0,62}$'),
    name       text not null,
    created_at timestamptz not null default now()
);
insert into owners (id, name) values ('builtin', 'This installation');

-- pipelines.name is the engine's: of assets, tables and folders. The name that a program gave it is its title.
alter table pipelines
    add column title    varchar(255),
    add column declared json,                          -- config as it was sent: jsonb forgets the order of keys
    add column revision integer not null default 1,
    add constraint pipelines_owner foreign key (owner_id) references owners;
create unique index pipelines_name on pipelines (name);
create unique index pipelines_title on pipelines (owner_id, title);

create table api_keys (
    id                  uuid primary key default gen_random_uuid(),
    owner_id            text not null references owners,
    name                text not null,
    prefix              text not null unique,          -- found by it
    digest              bytea not null,                -- HMAC-SHA256 of the whole key; the key itself is kept nowhere
    scopes              text[] not null,
    requests_per_minute integer check (requests_per_minute > 0),
    waiting_batches     integer check (waiting_batches > 0),
    records_per_day     bigint check (records_per_day > 0),
    created_at          timestamptz not null default now(),
    expires_at          timestamptz,
    revoked_at          timestamptz,
    last_used_at        timestamptz,
    successor_id        uuid references api_keys on delete set null  -- the key that takes its place
);
create index api_keys_owner on api_keys (owner_id);

alter table batches
    add column key_id        uuid references api_keys on delete set null,  -- null: it came from the drive
    add column posted_count  bigint,                   -- records as they were counted when they were posted
    add column progress      jsonb,                    -- of a batch that is read right now
    add column queued_at     timestamptz not null default now(),  -- since when it waits, or waited last
    add column trace_parent  text;                     -- https://www.w3.org/TR/trace-context/
create index batches_key_day on batches (key_id, created_at) where key_id is not null;

-- Bytes of small posted batches until they are landed: with the batch in one transaction, one flush to disk.
create table batch_payloads (
    batch_id    uuid primary key references batches on delete cascade,
    pipeline_id uuid not null,                         -- the policy looks at it: the batch comes in the same statement
    content     bytea not null
);

create table idempotency_keys (
    owner_id       text not null references owners,
    key            text not null check (length(key) between 1 and 255),
    request_sha256 text not null,
    batch_id       uuid not null references batches on delete cascade,
    created_at     timestamptz not null default now(),
    primary key (owner_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- Every change and refusal. Rows are sealed in groups, in the order of their transactions; a seal covers the one before.
create table audit_log (
    id             bigint generated always as identity primary key,
    transaction_id xid8 not null default pg_current_xact_id(),
    at             timestamptz not null default clock_timestamp(),
    owner_id       text,
    actor          text not null,
    action         text not null,
    subject        text not null,
    outcome        text not null,
    details        jsonb not null default '{}',
    request_id     text
);
create index audit_log_order on audit_log (transaction_id, id);
create index audit_log_owner on audit_log (owner_id, id desc);

create table audit_seals (
    number       bigint generated always as identity primary key,
    until        xid8 not null,                        -- covers the transactions before this one
    row_count    bigint not null,
    digest       text not null,
    sealed_at    timestamptz not null default now()
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'table % is only ever added to', tg_table_name;
end $$;
create trigger audit_log_kept before update or delete or truncate on audit_log
    for each statement execute function refuse_change();
create trigger audit_seals_kept before update or delete or truncate on audit_seals
    for each statement execute function refuse_change();

-- The role under which the API acts for an owner: no DDL, no way around the policies.
do $$
begin
    if not exists (select from pg_roles where rolname = 'data_pipeline_api') then
        create role data_pipeline_api nologin nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
exception when duplicate_object or unique_violation then
    null;  -- another database of the server was migrated at the same moment
end $$;
do $$
begin
    execute format('grant data_pipeline_api to %I', current_user);
exception when invalid_grant_operation then
    null;  -- we are that role's master anyway
end $$;

create function current_owner() returns text stable language sql
    as $$ select nullif(current_setting('data_pipeline.owner', true), '') $$;

-- Keeps a posted batch: batch, bytes, idempotency key and note of it, as the owner and under the policies, all or
-- nothing. A function, so that whoever posts waits for one trip to the server and for plans that are made already.
create function post_batch(
    owner text, pipeline uuid, batch uuid, day date, path text, file text, sha256 text, bytes bigint, records bigint,
    body bytea, key_used uuid, parent text, idempotency text, request_sha256 text, who text, request text
) returns table (id uuid, status text, created_at timestamptz) language plpgsql as $$
#variable_conflict use_column
begin
    perform set_config('role', 'data_pipeline_api', true), set_config('data_pipeline.owner', owner, true);
    -- A pipeline that is deleted or stopped at this moment is so before or after, not in between.
    perform from pipelines where pipelines.owner_id = owner and pipelines.id = pipeline and pipelines.status = 'active'
        for share;
    if not found then
        return;
    end if;
    return query
        insert into batches (id, pipeline_id, business_date, version, file_path, file_name, content_sha256, size_bytes,
                             posted_count, key_id, trace_parent)
        values (batch, pipeline, day, 1, path, file, sha256, bytes, records, key_used, parent)
        returning batches.id, batches.status, batches.created_at;
    if body is not null then
        insert into batch_payloads (batch_id, pipeline_id, content) values (batch, pipeline, body);
    end if;
    if idempotency is not null then
        insert into idempotency_keys (owner_id, key, request_sha256, batch_id)
        values (owner, idempotency, post_batch.request_sha256, batch);
    end if;
    insert into audit_log (owner_id, actor, action, subject, outcome, details, request_id)
    values (owner, who, 'batch.post', batch::text, 'accepted', jsonb_build_object('records', records), request);
end $$;

grant usage on schema public to data_pipeline_api;
grant select, insert, update, delete on pipelines to data_pipeline_api;
grant select, insert, update on batches to data_pipeline_api;
grant select, insert on batch_payloads to data_pipeline_api;
grant select, insert, delete on idempotency_keys to data_pipeline_api;
grant select on batch_errors, snapshots, pipeline_specs, owners, api_keys, stores to data_pipeline_api;
grant insert on pipeline_specs to data_pipeline_api;
grant select, insert on audit_log to data_pipeline_api;
grant usage on all sequences in schema public to data_pipeline_api;

alter table owners enable row level security;
alter table api_keys enable row level security;
alter table pipelines enable row level security;
alter table pipeline_specs enable row level security;
alter table batches enable row level security;
alter table batch_payloads enable row level security;
alter table batch_errors enable row level security;
alter table snapshots enable row level security;
alter table idempotency_keys enable row level security;
alter table audit_log enable row level security;

create policy own on owners to data_pipeline_api using (id = (select current_owner()));
create policy own on api_keys to data_pipeline_api using (owner_id = (select current_owner()));
create policy own on pipelines to data_pipeline_api using (owner_id = (select current_owner()));
create policy own on idempotency_keys to data_pipeline_api using (owner_id = (select current_owner()));
create policy own on audit_log to data_pipeline_api using (owner_id = (select current_owner()));
-- What hangs on a pipeline is seen by whoever sees the pipeline.
create policy own on pipeline_specs to data_pipeline_api using (pipeline_id in (select id from pipelines));
create policy own on batches to data_pipeline_api using (pipeline_id in (select id from pipelines));
create policy own on snapshots to data_pipeline_api using (pipeline_id in (select id from pipelines));
create policy own on batch_payloads to data_pipeline_api using (pipeline_id in (select id from pipelines));
create policy own on batch_errors to data_pipeline_api using (batch_id in (select id from batches));
