"""Tenants: owners, their keys, posted batches, what was asked before, what was done; and walls between them."""

from data_pipeline.persist.migrate import run_sibling_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables, the role of the API and its policies."""
    run_sibling_sql(__file__, "up")


def downgrade() -> None:
    """Drop them with everything they hold; the role stays, since other databases may use it."""
    run_sibling_sql(__file__, "down")
