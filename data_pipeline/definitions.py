"""What workspace.yaml points at."""

from data_pipeline.orchestrate.build import build_definitions
from data_pipeline.pipelines.catalog import load_catalog
from data_pipeline.settings import Settings

defs = build_definitions(list(load_catalog().values()), Settings.from_env())
