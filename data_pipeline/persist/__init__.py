"""The only opener of databases and files that are kept: Postgres, Parquet, migrations."""
