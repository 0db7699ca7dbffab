"""The Trydan and its cloud, free of Home Assistant."""
