"""Deliveries: what was sent to which destination, and how the outside is doing."""

from data_pipeline.persist.migrate import run_sibling_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables."""
    run_sibling_sql(__file__, "up")


def downgrade() -> None:
    """Drop them with everything they hold."""
    run_sibling_sql(__file__, "down")
