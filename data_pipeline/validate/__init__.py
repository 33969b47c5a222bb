"""Rows judged once: declared columns and rules become one vectorised pass."""
