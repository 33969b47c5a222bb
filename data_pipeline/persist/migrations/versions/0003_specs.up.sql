create table pipeline_specs (pipeline_id uuid references pipelines on delete cascade, version int);
