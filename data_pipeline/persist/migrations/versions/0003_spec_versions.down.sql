alter table batches drop column spec_version;
drop table pipeline_specs;
