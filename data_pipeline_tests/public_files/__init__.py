"""Table files that public packages ship, and what must come of each."""
