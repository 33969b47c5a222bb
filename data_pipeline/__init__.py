"""A morning's store workbooks in, one published snapshot out."""
