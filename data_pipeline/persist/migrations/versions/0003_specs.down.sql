drop table pipeline_specs;
