"""Texts -> numbers, days, answers: how a text is read, the same in every stage."""
