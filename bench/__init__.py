"""Measurements and long tests that are run by hand: `make bench`, `make soak`."""
