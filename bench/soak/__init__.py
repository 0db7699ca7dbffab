"""24 hours of everything, with faults."""
