"""What all tests of the core are given; what needs no Home Assistant is in ``plain``."""

from collections.abc import Generator

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import mock_config_flow

from tests.energy_core.ha_unit import DOMAIN, House, UnitFlow
from tests.energy_core.plain import clock, reborn, unit, wire

__all__ = ["clock", "house", "reborn", "unit", "wire"]


@pytest.fixture
def house(hass: HomeAssistant) -> Generator[House]:
    """Home Assistant, ready for units."""
    with mock_config_flow(DOMAIN, UnitFlow):
        yield House(hass)
