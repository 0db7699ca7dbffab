"""The fixtures of the core's tests where there is no Home Assistant: copied as ``conftest.py``."""

from hypothesis import HealthCheck, settings

from tests.energy_core.plain import clock, reborn, unit, wire

__all__ = ["clock", "reborn", "unit", "wire"]

# A mutant's tests run in a copy of a process that has run them before: for hypothesis another object of the same class.
settings.register_profile("mutation", database=None, suppress_health_check=[HealthCheck.differing_executors])
settings.load_profile("mutation")
