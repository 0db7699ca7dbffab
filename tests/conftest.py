"""Fixtures for all tests: our integrations on the path, real loopback sockets, no waiting between requests."""

import pytest

import custom_components  # noqa: F401  (before the test plugin's own folder of that name shadows it)
from simulators.envoy_tls import SelfSigned
from tests.canaries import canaries, pytest_runtest_call  # noqa: F401
from tests.translation_guard import translation_guard  # noqa: F401
from tests.virtual_time import first, virtual_time  # noqa: F401

# cryptography keeps the class of the first datetime that it sees: it must not be that of a stopped clock.
SelfSigned("0")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let virtual time begin before anything else does."""
    for item in items:
        first(item)


@pytest.fixture(autouse=True)
def _our_integrations(enable_custom_integrations: None, socket_enabled: None) -> None:
    """Load what stands in this repository, and let it talk to simulators on loopback."""
