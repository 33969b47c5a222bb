"""Spec versions: every content that a pipeline's declaration has had, and which of them judged a batch."""

from data_pipeline.persist.migrate import run_sibling_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table and the column."""
    run_sibling_sql(__file__, "up")


def downgrade() -> None:
    """Drop them with everything they hold."""
    run_sibling_sql(__file__, "down")
