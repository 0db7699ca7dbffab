"""When something is wrong: repairs that say so and go away, and diagnostics that tell nothing secret."""

import json

from playwright.sync_api import expect
import pytest

from demo.charger import DEVICE_ID
from demo.flow import API_KEY, ENVOY, OWNER, TITAN, V2C

REPAIRS = "/config/repairs"
OTHER = "SIM-TITAN-0002"
GONE_MS = 60_000


@pytest.mark.after("test_titan_is_added")
def test_another_unit_is_a_repair(user, stage):
    serial = stage.simulated()["titan"]["serial"]
    stage.house(options={"serial": OTHER}, reboot=True)
    user.go(REPAIRS)
    title = "Another unit answers at the address of Titan 2400"
    user.reads(title, within=GONE_MS)
    user.page.get_by_text(title).click()
    user.reads("The unit at localhost has another serial number than Titan 2400")
    user.picture("repair")
    user.close()
    stage.house(options={"serial": serial}, reboot=True)
    expect(user.page.get_by_text(title)).to_have_count(0, timeout=GONE_MS)


@pytest.mark.after("test_gateway_is_added")
def test_another_certificate_is_settled_in_repairs(user, stage):
    stage.house(envoy={"new_certificate": True})
    user.go(REPAIRS)
    title = "Envoy 122000000001 shows another certificate"
    user.reads(title, within=GONE_MS)
    user.page.get_by_text(title).click()
    user.reads("Is it still your gateway?")
    user.submit()
    user.page.get_by_text("issue has been").or_(user.page.get_by_text("repaired")).first.wait_for()
    user.press("Close")
    expect(user.page.get_by_text(title)).to_have_count(0, timeout=GONE_MS)


@pytest.mark.parametrize("domain", [TITAN, V2C, ENVOY])
@pytest.mark.after("test_titan_is_added", "test_charger_is_added_with_an_account", "test_gateway_is_added")
def test_diagnostics_hold_no_secret(user, stage, domain):
    with user.page.expect_download() as download:
        user.entry_menu(domain, "Download diagnostics")
    text = download.value.path().read_text()
    assert json.loads(text)["data"]
    assert [secret for secret in _secrets(stage) if secret in text] == []


def _secrets(stage):
    """Return what must stay at home: serial numbers, names of networks, keys, passwords, tokens."""
    state = stage.simulated()
    entries = [json.loads(path.read_text()) for path in (stage.demo.folder / ".storage").glob("core.config_entries")]
    tokens = [entry["data"]["token"] for kept in entries for entry in kept["data"]["entries"] if "token" in entry["data"]]
    assert tokens
    serials = [state["titan"]["serial"], state["envoy"]["serial"], "48200000000", DEVICE_ID]
    return [*serials, *tokens, *OWNER.values(), API_KEY, "SIM-WIFI", "28:56:2F"]
