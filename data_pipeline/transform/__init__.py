"""Rows reshaped: pure functions table -> table."""
