"""Asks a device everything that can be read, takes out what is private, and writes a file for a bug report."""
