"""Where secrets lie while nobody uses them: in the data of an entry, which Home Assistant keeps to itself, and nowhere else."""

import json
import re
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.enphase_envoy.envoy import cloud as cloud_module, link
from custom_components.enphase_envoy.envoy.cloud import Hosts
from custom_components.v2c_cloud.v2c import lan
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.canaries import SECRET_FORMS, told
from tests.enphase_envoy.ha import house as envoy_house
from tests.source_tree import ROOT
from tests.v2c_cloud.ha import house as v2c_house


async def write_down(hass: HomeAssistant) -> None:
    """Let everything be written that waits for it, as when Home Assistant stops."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done(wait_background_tasks=True)


def told_by(storage: dict[str, Any]) -> dict[str, set[str]]:
    """Return what each file gives away that is not the one with the entries."""
    found = {key: told(json.dumps(kept, default=str)) for key, kept in storage.items() if key != "core.config_entries"}
    return {key: words for key, words in found.items() if words}


async def test_an_account_of_enphase(hass: HomeAssistant, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Password and token are in the entry's data; what else is written tells neither, nor any session."""
    monkeypatch.setattr(link, "GAP", 0.0)
    serial = envoy_house.SERIAL
    async with EnphaseCloudSimulator(serials=(serial,)) as cloud:
        monkeypatch.setattr(cloud_module, "HOSTS", Hosts(enlighten=cloud.base_url, entrez=cloud.base_url))
        async with EnvoySimulator(serial=serial, token_key=cloud.key.public_key(), inverters=1) as sim:
            entry = await envoy_house.add(hass, await envoy_house.by_account(hass, sim))
            await hass.config_entries.async_unload(entry.entry_id)
    await write_down(hass)
    assert entry.data["password"] == "sunny day"
    assert entry.data["token"].startswith("eyJ")
    assert told(str([dict(entry.options), entry.unique_id, entry.title])) == set()
    assert f"enphase_envoy.{entry.entry_id}" in hass_storage
    assert told_by(hass_storage) == {}


async def test_an_account_of_v2c(hass: HomeAssistant, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is in the entry's data; the books and all that the cloud said do not have it."""
    monkeypatch.setattr(lan, "GAP", 0.0)
    async with TrydanSimulator(device_id=v2c_house.DEVICE) as sim, V2CCloudSimulator([sim]) as cloud:
        entry = await v2c_house.add_cloud(hass, cloud)
        await hass.config_entries.async_unload(entry.entry_id)
    await write_down(hass)
    assert entry.data["api_key"] == "SIM-KEY"
    assert f"v2c_cloud.{entry.entry_id}" in hass_storage
    assert told_by(hass_storage) == {}
    assert told_by({"other": {"deep": ["SIM-KEY"]}}) == {"other": {"SIM-KEY"}}
    assert set(SECRET_FORMS.values()) >= {"SIM-KEY", "sunny day"}


def test_files_of_ours_are_for_their_owner_alone() -> None:
    """What users install writes through Home Assistant's private storage only; the capture tool makes its file for the owner alone."""
    writers = re.compile(r"\bopen\(|\.write_(text|bytes)\(|os\.open|NamedTemporary|mkstemp")
    found = [path for path in (ROOT / "custom_components").rglob("*.py") if writers.search(path.read_text(encoding="utf-8"))]
    assert found == []
    stores = [
        line for path in (ROOT / "custom_components").rglob("*.py") for line in path.read_text().splitlines() if " Store(" in line
    ]
    assert len(stores) == 4
    assert all("private=True" in line for line in stores)
    assert "0o600" in (ROOT / "capture/__main__.py").read_text(encoding="utf-8")
