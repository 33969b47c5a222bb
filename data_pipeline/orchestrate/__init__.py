"""When things happen: the only importer of Dagster. Assets, checks and sensors name their inputs and call the flow."""

import warnings

import dagster as dg

# Partitioned checks are marked as a preview; they are what a check of one business date needs.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
