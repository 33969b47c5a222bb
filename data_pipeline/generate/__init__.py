"""Makes up a chain of stores and writes what they deliver, for demos, tests and measurements."""

from data_pipeline.generate.deliveries import Generated, generate
from data_pipeline.generate.seeds import generate_seeds

__all__ = ["Generated", "generate", "generate_seeds"]
