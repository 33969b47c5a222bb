"""Tracking: what arrived, how it was judged, what was published."""

from data_pipeline.persist.migrate import run_sibling_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables and views."""
    run_sibling_sql(__file__, "up")


def downgrade() -> None:
    """Drop them with everything they hold."""
    run_sibling_sql(__file__, "down")
