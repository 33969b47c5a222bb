"""TEMPORARY"""
from data_pipeline.persist.migrate import run_sibling_sql

revision = "0003"
down_revision = "0002"
def upgrade(): run_sibling_sql(__file__, "up")
def downgrade(): run_sibling_sql(__file__, "down")
