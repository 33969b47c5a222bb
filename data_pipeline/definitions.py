"""What workspace.yaml points at."""

from data_pipeline.orchestrate.build import load_definitions
from data_pipeline.settings import Settings

defs = load_definitions(Settings.from_env())
