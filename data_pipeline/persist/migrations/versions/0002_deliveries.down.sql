delete from batch_errors where destination is not null;
alter table batch_errors drop column destination;
drop table dependencies, delivery_chunks, deliveries;
