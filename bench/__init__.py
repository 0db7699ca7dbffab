"""Ours beside Home Assistant core's own, on the same simulated gateway, in figures."""
