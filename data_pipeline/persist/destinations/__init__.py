"""Snapshot rows -> whoever a pipeline.yaml says shall have them: one kind of destination a file."""
