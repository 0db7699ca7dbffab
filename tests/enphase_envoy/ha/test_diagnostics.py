"""Diagnostics: everything that a bug report needs, and nothing that tells whose gateway it is."""

import json
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.json import json_dumps
import pytest

from custom_components.enphase_envoy.devices import present
from custom_components.enphase_envoy.diagnostics import async_get_config_entry_diagnostics
from custom_components.enphase_envoy.envoy.privacy import secrets_in
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import ACCOUNT, SERIAL, account_data, add, data_of, meet, start

CAPTURE = {"diagnostics_include_fixtures": True}
# Where the simulated gateway says that it is.
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")


async def diagnostics(hass: HomeAssistant, entry: Any) -> tuple[dict[str, Any], str]:
    """Return the diagnostics as data, and as the text that is downloaded."""
    found = await async_get_config_entry_diagnostics(hass, entry)
    text = json_dumps(found)
    return json.loads(text), text


async def test_it_tells_how_the_gateway_does(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Firmware, certificate, token, what does not answer and why, what is counted; no raw answers unless asked for."""
    sim.fail("/ivp/ensemble/inventory", "500")
    sim.change(role_too_low={"/ivp/ensemble/secctrl"})
    entry = await start(hass, account_data(sim, cloud), options={"scan_interval": 5})
    found, _ = await diagnostics(hass, entry)
    assert found["entry"] == {"version": "1.1", "data": {"use_manual_token": False}, "options": {"scan_interval": 5}}
    assert found["gateway"]["firmware"] == "8.3.5289"
    assert found["gateway"]["certificate"] == sim.fingerprint
    assert (found["token"]["role"], found["token"]["manual"]) == ("owner", False)
    assert found["token"]["signature_known"] is False
    assert "readings" in found["endpoints"]["answered"]
    assert found["endpoints"]["troubles"]["ensemble"]["failures"] == 2
    assert found["ledger"]["site.production"]["days"] >= 1
    assert found["blocks"]["info"]["values"]["serial"] == "REDACTED"
    assert found["capture"]["exchanges"] == []


@pytest.mark.parametrize(
    "site",
    [
        {"inverters": 4},
        {"inverters": 2, "encharges": 2, "enpower": True, "storage_ct": True},
        {"inverters": 2, "acbs": 2},
        {"inverters": 2, "encharges": 1, "collar": True, "c6_combiner": True, "profile": "8.3"},
    ],
)
@pytest.mark.parametrize("capture", [False, True])
async def test_it_tells_nobody_apart(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, site: dict[str, Any], capture: bool
) -> None:
    """No serial number, no address, no credentials: not in values, not in names, not in the raw answers."""
    sim.change(**site)
    options = {"diagnostics_include_fixtures": capture}
    entry = await start(hass, account_data(sim, cloud), options=options)
    found, text = await diagnostics(hass, entry)
    bodies = b"".join(answer.body for answer in entry.runtime_data.device.local.bodies.values()).decode()
    assert SERIAL in bodies
    # Relays are called NO1 or NC2 everywhere.
    units = {unit for unit in present(entry.runtime_data) if unit.isdigit()}
    assert len(units) > 2
    for secret in (SERIAL, sim.host, *ACCOUNT.values(), entry.data["token"], *MACS, *units):
        assert secret not in text, secret
    assert bool(found["capture"]["exchanges"]) is capture


async def test_the_raw_answers_are_there_to_replay(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """JSON as JSON, the rest as text, each as it was last."""
    entry = await start(hass, account_data(sim, cloud), options=CAPTURE)
    found, _ = await diagnostics(hass, entry)
    exchanges = {each["request"]: each for each in found["capture"]["exchanges"]}
    assert exchanges["GET /ivp/meters/readings"]["status"] == 200
    assert isinstance(exchanges["GET /ivp/meters/readings"]["body"], list)
    assert exchanges["GET /info"]["body"].startswith("<?xml")


async def test_old_firmware_has_no_token(hass: HomeAssistant) -> None:
    """And no certificate."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0", inverters=2) as sim:
        entry = await add(hass, await meet(hass, sim.address))
        found, text = await diagnostics(hass, entry)
    assert (found["token"], found["gateway"]["certificate"], found["gateway"]["scheme"]) == (None, None, "http")
    assert SERIAL not in text


async def test_a_big_site_takes_no_time(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """200 inverters have 200 serial numbers in thousands of places."""
    sim.change(inverters=200)
    entry = await start(hass, data_of(sim, token=cloud.token(), use_manual_token=True), options=CAPTURE)
    began = time.monotonic()
    _, text = await diagnostics(hass, entry)
    assert time.monotonic() - began < 3
    assert "4820000001" not in text


@pytest.mark.parametrize(
    ("told", "secrets"),
    [
        ({"serial_num": "122000000009", "soc": 55}, {"122000000009"}),
        ({"sn": 122000000009}, {"122000000009"}),
        ({"interfaces": [{"mac": "02:00:00:00:00:09", "ip": "192.0.2.9", "dhcp": True}]}, {"02:00:00:00:00:09", "192.0.2.9"}),
        ({"ssid": "Home Sweet Home", "status": "ok"}, {"Home Sweet Home"}),
        ({"serial_nums": {"122000000009": {"type": 1}}}, {"122000000009"}),
        ({"note": "ask owner@example.org at 192.0.2.9"}, {"owner@example.org", "192.0.2.9"}),
        ("<device><sn>12200009</sn><pn>800-1</pn></device>", {"12200009"}),
        (["eyJhbGciOiJ9.eyJhdWQi.c2ln", 5, None, True, 1.5], {"eyJhbGciOiJ9.eyJhdWQi.c2ln"}),
        ({"lifetime": 1234567, "firmware": "8.3.5289", "img": "3.0.5654_rel/31.13"}, set()),
    ],
)
def test_what_counts_as_a_secret(told: Any, secrets: set[str]) -> None:
    """By its name or by its shape; measurements and versions stay."""
    assert set(secrets_in(told)) == secrets
