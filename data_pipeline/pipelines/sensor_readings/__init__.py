"""Readings of field sensors."""
