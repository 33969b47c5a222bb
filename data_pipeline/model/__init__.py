"""The nouns: frozen, validated, importing nothing of ours but errors."""
