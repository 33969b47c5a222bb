"""The recipes: one folder a pipeline, the same machinery for all of them."""
