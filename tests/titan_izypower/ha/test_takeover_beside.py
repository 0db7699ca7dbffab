"""Home Assistant's own Indevolt integration beside ours, on one unit: the user is told while both ask it."""

from typing import Any

from homeassistant.config_entries import ConfigFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_config_flow,
    mock_integration,
    mock_platform,
)

from custom_components.titan_izypower.const import DOMAIN
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import HOST, SERIAL, add, settle

OTHER = "indevolt"


async def loads(_hass: HomeAssistant, _entry: Any) -> bool:
    """Load and unload, which is all that matters of the other integration."""
    return True


@pytest.mark.parametrize(
    ("host", "unique_id", "same"),
    [(HOST, "SN-1", True), (f"{HOST}:8080", None, True), ("titan.local", SERIAL, True), ("192.168.1.77", "SN-1", False)],
)
async def test_both_ask_one_unit(hass: HomeAssistant, sim: TitanSimulator, host: str, unique_id: str | None, same: bool) -> None:
    """Known by its address or by its serial number; it goes away with the other entry."""
    mock_integration(hass, MockModule(OTHER, async_setup_entry=loads, async_unload_entry=loads))
    mock_platform(hass, f"{OTHER}.config_flow")
    entry = await add(hass, sim)
    theirs = MockConfigEntry(domain=OTHER, title="INDEVOLT", data={"host": host}, unique_id=unique_id)
    theirs.add_to_hass(hass)
    with mock_config_flow(OTHER, ConfigFlow):
        await hass.config_entries.async_setup(theirs.entry_id)
    await settle(hass)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"two_integrations_{entry.entry_id}")
    assert (issue is not None) is same
    if issue is not None:
        assert issue.translation_placeholders == {"name": entry.title, "other": "INDEVOLT"}
    await hass.config_entries.async_remove(theirs.entry_id)
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"two_integrations_{entry.entry_id}") is None
