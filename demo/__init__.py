"""Boots a real Home Assistant on the simulated house, to look at or to check."""
