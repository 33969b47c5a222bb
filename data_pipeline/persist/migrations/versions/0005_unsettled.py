"""Unsettled batches: an index by which those that wait are found among all that came."""

from data_pipeline.persist.migrate import run_sibling_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the index."""
    run_sibling_sql(__file__, "up")


def downgrade() -> None:
    """Drop it."""
    run_sibling_sql(__file__, "down")
