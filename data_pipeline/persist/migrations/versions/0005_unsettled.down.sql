drop index batches_unsettled;
