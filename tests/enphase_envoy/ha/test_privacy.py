"""What is told to nobody: log, repairs, events and errors name no gateway, no account, no token and no address."""

import json
import logging
from typing import Any

from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.enphase_envoy.const import DOMAIN
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.enphase_jwt import new_key
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import ACCOUNT, OTHER, SERIAL, account_data, data_of, known, settle, start
from tests.enphase_envoy.ha.rig import Hands, drive, everything, poll, use
from tests.enphase_envoy.ha.test_faults import ENDPOINTS, SITE

YEAR = 31_536_000.0
PARTS = ("482000000001", "122000000101", "122000000201", "482000001001")
OURS = ("custom_components.enphase_envoy", "custom_components.energy_core")


def secrets(sim: EnvoySimulator, cloud: EnphaseCloudSimulator, *tokens: str) -> set[str]:
    """Return everything that nobody is to read; of tokens the part that says who somebody is."""
    parts = {part for token in (*cloud.issued, *tokens) for part in (token, token.split(".")[1], token.split(".")[2])}
    return {SERIAL, OTHER, sim.host, *ACCOUNT.values(), "02:00:00:00:00", *PARTS, *parts}


def said(caplog: pytest.LogCaptureFixture) -> str:
    """Return everything that our code logged, exceptions with their causes included."""
    lines = []
    for each in caplog.records:
        if not each.name.startswith(OURS):
            continue
        lines.append(each.getMessage())
        error: BaseException | None = each.exc_info[1] if each.exc_info else None
        while error is not None:
            lines.append(repr(error))
            error = error.__cause__ or error.__context__
    return "\n".join(lines)


def found_in(text: str, hidden: set[str]) -> set[str]:
    """Return what is there and should not be."""
    return {secret for secret in hidden if secret in text}


async def test_the_log_of_a_troubled_gateway(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative level; how the user calls the entry is the user's own business."""
    caplog.set_level(logging.DEBUG)
    sim.change(**SITE)
    entry = await start(hass, account_data(sim, cloud), title="Roof")
    for path in ENDPOINTS:
        for kind in ("503", "html", "truncated", "reset", "401", "404", "redirect", "garbage"):
            sim.fail(path, kind)
            sim.forget_sessions()
            await poll(hass, entry)
        sim.heal()
    await poll(hass, entry)
    await sim.stop()
    await poll(hass, entry, 3)
    await sim.start()
    await poll(hass, entry, 2)
    sim.new_certificate()
    await poll(hass, entry, 3)
    text = said(caplog)
    assert "/ivp/meters/readings" in text
    assert found_in(text, secrets(sim, cloud, entry.data["token"])) == set()


async def test_the_log_of_troubled_credentials(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """Each way in which the cloud and the gateway refuse."""
    caplog.set_level(logging.DEBUG)
    entry = await start(hass, account_data(timed, cloud, token=cloud.token(issued=hands.wall() - YEAR - 5)), title="Roof")
    first = entry.data["token"]
    drive(entry, hands)
    for outage in (401, 403, 429, 500, "html", "empty", "refuse", "reset", 302):
        hands.tick(7 * 3600)
        cloud.outage = outage
        with pytest.raises(HomeAssistantError) as caught:
            await use(hass, "button", "press", "renew_token")
        assert found_in(str(caught.value), secrets(timed, cloud)) == set()
        await poll(hass, entry)
        entry.runtime_data.keeper.credentials_changed()
    cloud.outage = None
    for shape in ("empty", "html", "null", "garbage", "cut", "foreign"):
        hands.tick(7 * 3600)
        cloud.options.tokens_shape = cloud.options.web_shape = shape
        with pytest.raises(HomeAssistantError):
            await use(hass, "button", "press", "renew_token")
        entry.runtime_data.keeper.credentials_changed()
    timed.change(token_key=new_key().public_key())
    timed.forget_sessions()
    await poll(hass, entry, 3)
    assert found_in(said(caplog), secrets(timed, cloud, first)) == set()


async def test_an_entry_that_does_not_load(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Its reason is shown to everybody who opens the page."""
    caplog.set_level(logging.DEBUG)
    entry = known(hass, account_data(sim, cloud), title="Roof")
    for trouble in ("503", "html", "redirect", "reset"):
        sim.fail("*", trouble)
        await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
        assert found_in(str(entry.reason), secrets(sim, cloud, entry.data["token"])) == set()
        await hass.config_entries.async_unload(entry.entry_id)
    sim.heal()
    sim.replace_serial(OTHER)
    await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert found_in(str(entry.reason) + said(caplog), secrets(sim, cloud, entry.data["token"])) == set()


async def test_repairs_and_events(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, issue_registry: ir.IssueRegistry
) -> None:
    """Repairs name the entry as the user does; no event but those of Home Assistant itself tells anything."""
    told: list[Event[Any]] = []

    def note(event: Event[Any]) -> None:
        told.append(event)

    hass.bus.async_listen("*", note)
    token = cloud.token(issued=hands.wall() - YEAR + 5 * 86400)
    entry = await start(hass, data_of(timed, token=token, use_manual_token=True), title="Roof")
    drive(entry, hands)
    timed.change(clock_offset=-3600)
    await poll(hass, entry)
    timed.new_certificate()
    await poll(hass, entry, 3)
    issues = [each for each in issue_registry.issues.values() if each.domain == DOMAIN]
    assert {each.translation_key for each in issues} == {"token_expiry", "clock_skew", "certificate_changed"}
    text = json.dumps([[each.issue_id, each.data, each.translation_placeholders, each.learn_more_url] for each in issues])
    assert found_in(text, secrets(timed, cloud, token)) == set()
    hidden = secrets(timed, cloud, token) - {SERIAL, *PARTS}
    text = " ".join(str(each.data) for each in told)
    assert found_in(text, hidden) == set()


@pytest.mark.parametrize("capture", [False, True])
async def test_diagnostics(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, hass_client: ClientSessionGenerator, capture: bool
) -> None:
    """As they are downloaded, while half of the gateway fails."""
    sim.change(**SITE)
    with everything():
        entry = await start(hass, account_data(sim, cloud), options={"diagnostics_include_fixtures": capture})
        await poll(hass, entry)
    sim.fail("/ivp/ensemble/inventory", "503")
    sim.fail("/admin/lib/tariff", "html")
    await poll(hass, entry, 2)
    found = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    text = json.dumps(found)
    assert found["endpoints"]["troubles"]
    assert found_in(text, secrets(sim, cloud, entry.data["token"])) == set()
