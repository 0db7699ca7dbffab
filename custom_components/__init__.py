"""For tests and type checks only; never shipped."""
