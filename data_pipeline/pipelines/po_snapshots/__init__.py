"""PO snapshots: open purchase orders of a day, line by line, and how far each of them is."""
