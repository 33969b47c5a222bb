-- Deliveries: which version of a date was sent to which destination, how far, and whom not to ask for a while.

create table deliveries (
    id              uuid primary key default gen_random_uuid(),   -- idempotency keys are made of it
    number          bigint generated always as identity unique,   -- their order
    pipeline_id     uuid not null references pipelines on delete cascade,
    business_date   date not null,
    destination     text not null,
    kind            text not null,
    snapshot_id     uuid not null references snapshots on delete cascade,
    declaration     text not null,                    -- hash of what decides what is sent
    status          text not null default 'delivering' check (status in ('delivering', 'delivered', 'failed')),
    attempts        integer not null default 0,
    rows_delivered  bigint,
    rows_refused    bigint,
    rows_left_out   bigint,
    error_code      varchar(100),
    error_message   text,
    created_at      timestamptz not null default now(),
    started_at      timestamptz,
    completed_at    timestamptz
);
create index deliveries_latest on deliveries (pipeline_id, business_date, destination, number desc);

-- What a receiver of chunks has answered, so that no process asks twice.
create table delivery_chunks (
    delivery_id  uuid not null references deliveries on delete cascade,
    first_row    bigint not null,
    row_count    bigint not null check (row_count > 0),
    refusal      text,                                -- null: taken
    answered_at  timestamptz not null default now(),
    primary key (delivery_id, first_row)
);

-- Circuit breaker and pace of everything outside that destinations are on, shared by all processes.
create table dependencies (
    name             text primary key,
    state            text not null default 'closed' check (state in ('closed', 'open', 'half-open')),
    changed_at       timestamptz,
    opened_at        timestamptz,
    failures         integer not null default 0,      -- transient ones in a row
    successes        integer not null default 0,      -- in a row, while half-open
    last_error       text,
    last_error_at    timestamptz,
    next_request_at  timestamptz                      -- the first moment that nobody has reserved
);

alter table batch_errors add column destination text; -- that refused the row; null: it was never published
