"""Mutation testing of the core: every small mistake that a tool can make in it, and whether a test notices."""
