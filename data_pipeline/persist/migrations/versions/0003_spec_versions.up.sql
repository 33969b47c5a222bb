-- Spec versions: what a pipeline's declaration has been, and which version of it judged a batch.

create table pipeline_specs (
    pipeline_id  uuid not null references pipelines on delete cascade,
    version      integer not null check (version > 0),
    spec_hash    text not null,                       -- of the whole declaration; batches.spec_hash names a folder
    spec         jsonb not null,
    created_at   timestamptz not null default now(),
    primary key (pipeline_id, version),
    unique (pipeline_id, spec_hash)                   -- who goes back to an earlier content goes back to its number
);

alter table batches
    add column spec_version integer,                  -- that judged it; null: none did yet, or before versions were kept
    add foreign key (pipeline_id, spec_version) references pipeline_specs (pipeline_id, version);
