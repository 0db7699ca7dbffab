"""The device layer is tested without Home Assistant."""

import pytest


@pytest.fixture
def enable_custom_integrations() -> None:
    """Start no Home Assistant."""
