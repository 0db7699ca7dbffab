"""The only folder of the core that knows Home Assistant."""
