"""Simulated devices that speak the vendors' wires on loopback; nothing here imports our own integrations."""
