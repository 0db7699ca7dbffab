"""A house without devices: states, a clock, and actions that are counted."""

from collections.abc import AsyncGenerator
import logging
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
import pytest

from tests.blueprints.house import House

# They find each turn of the clock slow, and each custom integration risky.
TALKATIVE = ("asyncio", "homeassistant.loader")


@pytest.fixture
async def house(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> AsyncGenerator[House]:
    """Return a house whose time zone is UTC; what it logs as a warning or an error fails the test."""
    hass.config.config_dir = str(tmp_path)
    await hass.config.async_set_time_zone("UTC")
    made = House(hass, freezer)
    yield made
    await made.close()
    quiet = (*TALKATIVE, "homeassistant.components.automation") if made.refused else TALKATIVE
    bad = [each for each in caplog.get_records("call") if each.levelno >= logging.WARNING and not each.name.startswith(quiet)]
    assert not [each.getMessage() for each in bad]
