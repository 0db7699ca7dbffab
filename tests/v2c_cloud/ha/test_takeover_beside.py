"""Home Assistant's own V2C integration beside ours: whoever has both on one charger is told, once, and can ignore it."""

from collections.abc import Generator
from typing import Any

from homeassistant.config_entries import ConfigEntryState, ConfigFlow
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_config_flow,
    mock_integration,
    mock_platform,
)

from custom_components.v2c_cloud.const import DOMAIN
from simulators.trydan import TrydanSimulator
from tests.v2c_cloud.ha.house import DEVICE, add_local, settle

OTHER = "v2c"


class Other:
    """The other integration: what matters of it is that its entries load, fail and unload."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Put it in the place of the real one."""
        self.hass = hass
        self.answers = True
        mock_integration(hass, MockModule(OTHER, async_setup_entry=self._set_up, async_unload_entry=self._unload))
        mock_platform(hass, f"{OTHER}.config_flow")

    async def _set_up(self, _hass: HomeAssistant, _entry: Any) -> bool:
        if not self.answers:
            raise ConfigEntryNotReady
        return True

    async def _unload(self, _hass: HomeAssistant, _entry: Any) -> bool:
        return True

    async def add(self, host: str, unique_id: str | None = None) -> MockConfigEntry:
        """Add an entry, and load it."""
        entry = MockConfigEntry(domain=OTHER, title=f"EVSE {host}", data={"host": host}, unique_id=unique_id)
        entry.add_to_hass(self.hass)
        await self.hass.config_entries.async_setup(entry.entry_id)
        await settle(self.hass)
        return entry


@pytest.fixture
def other(hass: HomeAssistant) -> Generator[Other]:
    """The other integration."""
    with mock_config_flow(OTHER, ConfigFlow):
        yield Other(hass)


def told(hass: HomeAssistant, entry: Any) -> ir.IssueEntry | None:
    """Return what the user is told."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"two_integrations_{entry.entry_id}")


@pytest.mark.parametrize("comes_first", [True, False])
@pytest.mark.parametrize("by", ["host", "id"])
async def test_both_ask_one_charger(hass: HomeAssistant, sim: TrydanSimulator, other: Other, by: str, comes_first: bool) -> None:
    """Known by the address, or by the id of the box where one has a name for it; whichever was there first."""
    given = ("127.0.0.1", None) if by == "host" else ("trydan.local", DEVICE)
    if comes_first:
        await other.add(*given)
    entry = await add_local(hass, sim)
    if not comes_first:
        assert told(hass, entry) is None
        await other.add(*given)
    issue = told(hass, entry)
    assert issue is not None
    assert not issue.is_fixable
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["other"] == f"EVSE {given[0]}"
    assert issue.translation_placeholders["name"].startswith("Trydan")


async def test_another_charger_is_none_of_our_business(hass: HomeAssistant, sim: TrydanSimulator, other: Other) -> None:
    """Two boxes, one integration each: that is fine. So is an entry without an address."""
    entry = await add_local(hass, sim)
    await other.add("192.168.1.77", "OTHER1")
    odd = MockConfigEntry(domain=OTHER, data={"host": 7})
    odd.add_to_hass(hass)
    await hass.config_entries.async_setup(odd.entry_id)
    assert told(hass, entry) is None


async def test_it_goes_away_by_itself(hass: HomeAssistant, sim: TrydanSimulator, other: Other) -> None:
    """When the other entry is unloaded, disabled or deleted; one that is tried again and again asks all the same."""
    entry = await add_local(hass, sim)
    theirs = await other.add("127.0.0.1")
    assert told(hass, entry) is not None
    await hass.config_entries.async_unload(theirs.entry_id)
    assert told(hass, entry) is None
    other.answers = False
    await hass.config_entries.async_setup(theirs.entry_id)
    assert theirs.state is ConfigEntryState.SETUP_RETRY
    assert told(hass, entry) is not None
    await hass.config_entries.async_remove(theirs.entry_id)
    assert told(hass, entry) is None


async def test_ignored_is_ignored(hass: HomeAssistant, sim: TrydanSimulator, other: Other) -> None:
    """Over restarts of either; and with ours deleted nothing is left."""
    entry = await add_local(hass, sim)
    theirs = await other.add("127.0.0.1")
    ir.async_ignore_issue(hass, DOMAIN, f"two_integrations_{entry.entry_id}", ignore=True)
    for each in (theirs, entry):
        await hass.config_entries.async_unload(each.entry_id)
        await hass.config_entries.async_setup(each.entry_id)
        await settle(hass)
        issue = told(hass, entry)
        assert issue is not None
        assert issue.dismissed_version is not None
    await hass.config_entries.async_remove(entry.entry_id)
    assert told(hass, entry) is None
