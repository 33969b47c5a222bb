"""Declared rules -> questions to every record, one file per family of rules."""
