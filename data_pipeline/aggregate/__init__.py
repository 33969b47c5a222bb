"""A date's batches to its snapshot: measures, completeness, conservation. Pure functions."""
