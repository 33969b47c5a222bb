-- Unsettled batches: found every second among all that ever came.

create index batches_unsettled on batches (status) where status in ('pending', 'processing');
