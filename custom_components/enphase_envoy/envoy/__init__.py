"""What knows the gateway and its cloud, and nothing of Home Assistant."""
