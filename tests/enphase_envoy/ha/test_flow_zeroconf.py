"""Discovery: a new gateway is offered, a known one is followed, but only when it has really moved."""

from ipaddress import ip_address
from typing import Any

from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_ZEROCONF
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest

from custom_components.enphase_envoy.const import DOMAIN
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import (
    ACCOUNT,
    OTHER,
    SERIAL,
    Result,
    account_data,
    add,
    choose,
    data_of,
    go_on,
    known,
    settle,
    start,
)


async def announce(
    hass: HomeAssistant, port: int | None, *, address: str = "127.0.0.1", serial: str | None = SERIAL
) -> dict[str, Any]:
    """Let a gateway announce itself, and return what comes of it."""
    info = ZeroconfServiceInfo(
        ip_address=ip_address(address),
        ip_addresses=[ip_address(address)],
        port=port,
        hostname="envoy.local.",
        type="_enphase-envoy._tcp.local.",
        name="envoy._enphase-envoy._tcp.local.",
        properties={"txtvers": "1", "protovers": "8.3.5289"} | ({} if serial is None else {"serialnum": serial}),
    )
    return dict(await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=info))


def told(result: Result) -> str:
    """Return why a flow is over."""
    assert result["type"] == "abort", result
    return str(result["reason"])


async def move(sim: EnvoySimulator) -> str:
    """Give the gateway another address, and return the one that it had."""
    before = sim.address
    await sim.stop()
    sim.server.port = 0
    await sim.start()
    assert sim.address != before
    return before


async def test_a_new_gateway_is_offered(hass: HomeAssistant, sim: EnvoySimulator) -> None:
    """With its serial number and address; the rest goes as by hand, whatever else is there."""
    known(hass, data_of(sim, host="127.0.0.1:1"), unique_id=OTHER)
    form = await announce(hass, sim.port)
    assert (form["step_id"], form["errors"]) == ("user", {})
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["title_placeholders"] == {"serial": SERIAL, "host": sim.address}
    (field,) = form["data_schema"].schema
    assert field.default() == sim.address
    assert not sim.requests
    chosen = await choose(hass, await go_on(hass, form["flow_id"], host=field.default()), "account")
    entry = await add(hass, await go_on(hass, chosen, **ACCOUNT))
    assert (entry.unique_id, entry.data["host"]) == (SERIAL, sim.address)


@pytest.mark.parametrize("port", [None, 80, 443])
async def test_what_is_announced_is_its_page_for_people(hass: HomeAssistant, port: int | None) -> None:
    """The port of that page does not count."""
    form = await announce(hass, port, address="192.0.2.7")
    (field,) = form["data_schema"].schema
    assert field.default() == "192.0.2.7"


async def test_it_is_offered_once(hass: HomeAssistant, sim: EnvoySimulator) -> None:
    """By cable and by Wi-Fi at the same time."""
    await announce(hass, sim.port)
    assert told(await announce(hass, sim.port)) == "already_in_progress"


@pytest.mark.parametrize("address", ["fe80::1", "2001:db8::1"])
async def test_only_ipv4(hass: HomeAssistant, address: str) -> None:
    """A gateway has both; with both its address would never rest."""
    assert told(await announce(hass, 80, address=address)) == "not_ipv4_address"


async def test_without_a_serial_number_it_is_nobody(hass: HomeAssistant) -> None:
    """There would be nothing to know it by."""
    assert told(await announce(hass, 80, serial=None)) == "not_envoy"


async def test_a_known_gateway_that_has_moved_is_followed(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """It answers at the new address and no more at the old one; its certificate is the same."""
    known(hass, data_of(sim, host="127.0.0.1:1"), unique_id=OTHER)
    entry = await start(hass, account_data(sim, cloud))
    await move(sim)
    assert told(await announce(hass, sim.port)) == "already_configured"
    await settle(hass)
    assert entry.data["host"] == sim.address
    assert entry.runtime_data.gateway.base == sim.base_url
    assert not cloud.calls


async def test_another_gateway_took_its_address(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Somebody answers at the old address, but somebody else."""
    async with EnvoySimulator(serial=OTHER) as other:
        entry = known(hass, account_data(sim, cloud, host=other.address))
        assert told(await announce(hass, sim.port)) == "already_configured"
        assert entry.data["host"] == sim.address
    await settle(hass)


async def test_a_gateway_with_two_addresses_stays_at_one(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """Cable and Wi-Fi announce in turns; as long as the one in use works, nothing changes."""
    entry = known(hass, account_data(sim, cloud))
    async with EnvoySimulator(serial=SERIAL) as same:
        for port in (same.port, sim.port, same.port):
            assert told(await announce(hass, port)) == "already_configured"
    assert entry.data["host"] == sim.address


async def test_a_busy_gateway_has_not_moved(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """While it starts it answers 503 at one address and perhaps not at all at the other."""
    entry = known(hass, account_data(sim, cloud))
    before = sim.address
    sim.reboot(3600)
    async with EnvoySimulator(serial=SERIAL) as same:
        assert told(await announce(hass, same.port)) == "already_configured"
    assert entry.data["host"] == before


async def test_a_name_stays(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Who entered a name wants the name."""
    entry = known(hass, account_data(sim, cloud, host="envoy.invalid"))
    assert told(await announce(hass, sim.port)) == "already_configured"
    assert entry.data["host"] == "envoy.invalid"


@pytest.mark.parametrize("kind", ["html", "404", "503"])
async def test_an_address_that_does_not_answer_is_not_followed(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, kind: str
) -> None:
    """An announcement alone proves nothing."""
    entry = known(hass, account_data(sim, cloud))
    before = await move(sim)
    sim.fail("/info", kind)
    assert told(await announce(hass, sim.port)) == "already_configured"
    assert entry.data["host"] == before


async def test_one_that_only_poses_as_it_is_not_followed(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """The serial number can be read by anybody; the certificate cannot be shown by anybody."""
    entry = await start(hass, account_data(sim, cloud))
    before = await move(sim)
    sim.new_certificate()
    assert told(await announce(hass, sim.port)) == "already_configured"
    assert entry.data["host"] == before


async def test_an_ignored_gateway_is_left_alone(hass: HomeAssistant, sim: EnvoySimulator) -> None:
    """It is neither offered nor asked."""
    known(hass, {"name": "Envoy"}, source=SOURCE_IGNORE)
    assert told(await announce(hass, sim.port)) == "already_configured"
    assert not sim.requests


@pytest.mark.parametrize(("title", "shown"), [("Envoy", f"Envoy {SERIAL}"), ("Roof", "Roof")])
async def test_an_entry_without_serial_number_gets_one(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, title: str, shown: str
) -> None:
    """Very old entries have none; they are told by their address, and keep a title that somebody gave."""
    entry = known(hass, account_data(sim, cloud), unique_id=None, title=title)
    assert told(await announce(hass, sim.port)) == "already_configured"
    await settle(hass)
    assert (entry.unique_id, entry.title) == (SERIAL, shown)
