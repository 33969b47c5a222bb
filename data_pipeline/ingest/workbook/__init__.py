"""Workbook -> rows of text, whatever program made it."""
