"""Each endpoint of each capture, broken in each way: it fails alone, quietly, and is left alone for a while."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from custom_components.energy_core.errors import DeviceAuthError, DeviceConnectionError, DeviceTimeoutError, EnergyError
from custom_components.enphase_envoy.envoy.owner import endpoint
from custom_components.enphase_envoy.envoy.points import Site
from tests.enphase_envoy.capture_gateway import OWN, every_capture
from tests.enphase_envoy.device.rig import INFO, READINGS, REPORT, Rig, captured, failed_endpoints, paths, simulated

FAULTS: Final = ("503", "500", "401", "html", "object", "null", "list", "truncated", "nan", "reset")
RICH: Final = "8.2.127_battery"
# In two minutes a broken endpoint is asked at 0, 15, 45 and 105 s.
WATCHED: Final = 120.0
TRIES: Final = 5
CHECK: Final = "/auth/check_jwt"


def path_of(rig: Rig, name: str) -> str:
    """Return the path of an endpoint without its query."""
    return rig.local.endpoints[name].path.partition("?")[0]


def blocks_of(rig: Rig, *names: str) -> set[str]:
    """Return the blocks that are read from endpoints."""
    return {block.name for block in rig.envoy.blocks.values() if endpoint(block) in names}


def broken(rig: Rig, path: str, fault: str) -> None:
    """Break one endpoint and nothing else."""
    rig.server.broken = {path: fault}
    rig.server.forget()


async def heal(rig: Rig, name: str) -> None:
    """Let an endpoint answer again, and be asked at once."""
    rig.server.broken = {}
    rig.local.health.troubles.pop(name, None)
    rig.local.health.denied.clear()
    rig.envoy.expire(*blocks_of(rig, name))
    report = await rig.poll(every=1.0)
    assert not report.failed.keys() & blocks_of(rig, name), (name, report.failed)


async def suffer(rig: Rig, name: str, neighbour: str, usual: set[str]) -> None:
    """Poll while an endpoint is broken: nobody else suffers, and after a second failure it is left alone."""
    own, others, path = blocks_of(rig, name), blocks_of(rig, neighbour), path_of(rig, name)
    rig.envoy.expire(*own, *others)
    report = await rig.poll(every=1.0)
    assert set(report.failed) <= own | usual, report.failed
    assert all(isinstance(error, EnergyError) for error in report.failed.values())
    assert others <= report.updated
    # A refusal is asked twice, with a look at the token between; silence makes us look for life.
    assert rig.asked(path) <= 2
    assert len(rig.server.requests) <= 6
    failed = bool(report.failed.keys() & own)
    rig.envoy.expire(*own)
    await rig.poll(every=5.0)
    rig.server.forget()
    rig.envoy.expire(*own)
    report = await rig.poll(every=5.0)
    assert set(report.failed) <= own | usual
    if failed or rig.local.health.skips(name):
        assert rig.asked(path) == 0


@pytest.mark.parametrize("folder", every_capture())
async def test_trap_8_one_broken_endpoint_fails_alone(folder: Path):
    """No error but ours comes out, and only the blocks of that endpoint fail; then it heals, and all are back."""
    async with captured(folder) as rig:
        usual = set((await rig.all_at_once(2)).failed)
        # Firmware 3 has pages for people at some addresses.
        assert usual <= ({"report", "storage_settings"} if rig.gateway.firmware.startswith("3.") else set())
        rig.envoy.pace = 300.0
        used = sorted(rig.local.health.answered)
        for name in used:
            neighbour = next(each for each in used if each not in (name, "info", "readings"))
            for fault in FAULTS:
                broken(rig, path_of(rig, name), fault)
                await suffer(rig, name, neighbour, usual)
                await heal(rig, name)
        assert rig.server.max_in_flight == 1


@pytest.mark.parametrize("name", ["info", "readings", "production", "ensemble", "power", "tariff", "inverters"])
@pytest.mark.parametrize("fault", ["503", "html", "reset"])
async def test_f20_a_broken_endpoint_is_asked_ever_more_rarely(name: str, fault: str):
    """Two minutes at five seconds: two tries at first, then after 15, 30 and 60 s; the others go on as ever."""
    async with captured(OWN / RICH) as rig:
        await rig.all_at_once(2)
        broken(rig, path_of(rig, name), fault)
        rig.envoy.expire(*blocks_of(rig, name))
        updated: set[str] = set()
        start = len(rig.reports)
        await rig.live(WATCHED)
        for report in rig.reports[start:]:
            assert set(report.failed) <= blocks_of(rig, name)
            updated |= report.updated
        assert rig.asked(path_of(rig, name)) <= TRIES + (name == "info")
        alive = {each.name for each in rig.envoy.blocks.values() if 0 <= each.every <= 60} - blocks_of(rig, name)
        assert alive <= updated | {each for each in alive if endpoint(rig.envoy.blocks[each]) is None}


async def test_f18_one_silence_of_the_meters_changes_nothing():
    """What they said before holds for one poll, whatever is made of it; from the second on others stand in, or nobody."""
    async with captured(OWN / RICH) as rig:
        await rig.all_at_once(2)
        before = dict(rig.site.values)
        assert before["import_today"] is not None
        broken(rig, READINGS, "503")
        # Energies are due in this poll.
        await rig.poll(every=60.0)
        assert {name: value for name, value in rig.site.values.items() if value != before[name]} == {}
        assert all(rig.envoy.serves(rig.site, point) for name, point in rig.site.points.items() if before.get(name) is not None)
        await rig.poll(every=60.0)
        assert not rig.envoy.serves(rig.site, Site.import_today)
        assert rig.envoy.origins["site", "production"] == {"eim_production"}
        await heal(rig, "readings")
        await rig.poll(every=60.0)
        assert rig.site.values == before


@pytest.mark.parametrize("name", ["readings", "production", "power", "info"])
async def test_f4_an_endpoint_that_hangs_costs_its_own_deadline_only(name: str):
    """It is given up in time, once, and the gateway is not taken to be gone."""
    async with captured(OWN / RICH) as rig:
        await rig.all_at_once(2)
        rig.local.endpoints = {each: replace(known, deadline=0.2) for each, known in rig.local.endpoints.items()}
        broken(rig, path_of(rig, name), "hang")
        rig.envoy.expire(*blocks_of(rig, name))
        report = await rig.poll(2, every=5.0)
        assert set(rig.envoy.failing) <= blocks_of(rig, name)
        assert rig.asked(path_of(rig, name)) == 1
        assert report is not None
        await heal(rig, name)


@pytest.mark.parametrize("fault", ["503", "500", "reset", "hang"])
@pytest.mark.parametrize("folder", ["5.0.62", RICH])
async def test_i7_a_silent_gateway_is_noticed_at_the_first_endpoint(folder: str, fault: str):
    """Everything is due and nothing answers: two requests, not one for each endpoint; then all is back at once."""
    async with captured(OWN / folder) as rig:
        await rig.all_at_once(2)
        usual = rig.local.endpoints
        rig.local.endpoints = {each: replace(known, deadline=0.2) for each, known in usual.items()}
        rig.server.broken = {known.path.partition("?")[0]: fault for known in usual.values()}
        rig.server.forget()
        for polls in (1, 2, 3):
            rig.envoy.expire()
            with pytest.raises((DeviceConnectionError, DeviceTimeoutError)) as caught:
                await rig.poll(every=5.0)
            assert not isinstance(caught.value, DeviceAuthError)
            assert len(rig.server.requests) == 2 * polls
        rig.server.broken = {}
        rig.local.endpoints = usual
        report = await rig.all_at_once()
        assert not report.failed


async def test_f40_a_gateway_that_starts_slowly_is_no_gateway_without_meters():
    """503 while it boots, at our very first reading: an error, and the next reading finds everything."""
    async with simulated(encharges=1, storage_ct=True) as rig:
        rig.server.reboot(300.0)
        for key in ("cannot_connect", "gateway_busy", "gateway_busy"):
            # The connection that it had breaks first.
            with pytest.raises(DeviceConnectionError) as caught:
                await rig.poll(every=5.0)
            assert caught.value.key == key
        rig.clock.pass_(301.0)
        await rig.poll(2, every=5.0)
        assert rig.site.production == 3000


@pytest.mark.parametrize("fault", ["301", "302"])
async def test_trap_http_to_https_one_redirect_is_no_move(fault: str):
    """Old firmware may send one page elsewhere; only when it sends everything there, HTTPS is wanted."""
    async with simulated(profile="5.0") as rig:
        await rig.all_at_once(2)
        rig.server.fail("/inventory.json", fault)
        await rig.all_at_once()
        assert {rig.envoy.label(name) for name in rig.reports[-1].failed} == {"/inventory.json"}
        rig.server.fail("*", fault)
        with pytest.raises(DeviceConnectionError) as caught:
            await rig.all_at_once()
        assert caught.value.key == "redirected"


async def test_trap_9_the_quiet_window_of_device_data():
    """From 22:59 to 23:04 device data is left alone, as it would hang; everything else is read as ever."""
    async with simulated(profile="8.3", hang_at_eleven=True) as rig:
        await rig.all_at_once(2)
        # Due again in the middle of the window.
        rig.clock.pass_(rig.clock.until(22, 57))
        await rig.poll(every=5.0)
        await rig.live(115.0)
        rig.server.forget()
        while rig.clock.moment.hour < 23 or rig.clock.moment.minute < 4:
            rig.envoy.expire(*blocks_of(rig, "device_data"))
            await rig.poll(every=5.0)
            if (rig.clock.moment.hour, rig.clock.moment.minute) < (23, 4) and rig.clock.moment.hour:
                assert rig.asked("/ivp/pdm/device_data") == 0
        assert rig.asked(READINGS) > 40
        assert rig.asked(REPORT) > 3
        assert not rig.envoy.failing
        await rig.live(60.0)
        assert rig.asked("/ivp/pdm/device_data") == 1


async def test_a_404_is_remembered_and_one_of_something_known_is_not():
    """What the firmware does not have is asked once; what it had answered before has only trouble."""
    async with captured(OWN / "5.0.62") as rig:
        await rig.all_at_once(2)
        assert rig.asked("/ivp/pdm/device_data") == 1
        assert "device_data" in rig.local.health.absent
        rig.server.broken = {"/api/v1/production": "404"}
        report = await rig.all_at_once()
        assert {rig.envoy.label(name) for name in report.failed} == {"/api/v1/production"}
        rig.server.broken = {}
        assert not (await rig.all_at_once()).failed
        rig.local.health.forget()
        assert rig.local.health.absent == set()


async def test_one_word_for_the_log():
    """What fails is called by its address, never by a serial number."""
    async with captured(OWN / RICH) as rig:
        await rig.all_at_once(2)
        labels = {rig.envoy.label(name) for name in rig.envoy.blocks}
        assert INFO in labels
        assert not any(rig.gateway.serial in each or "1220" in each for each in labels)
        assert rig.envoy.label("site") == "what follows from the others" == rig.envoy.label("unknown")


async def test_a_refusal_is_an_answer_and_so_a_sign_of_life() -> None:
    """Readings are silent, and the page that is always open says 404: the gateway is there."""
    async with captured(OWN / RICH) as rig:
        await rig.all_at_once(2)
        rig.server.broken = {READINGS: "reset", INFO: "404"}
        rig.server.forget()
        report = await rig.all_at_once()
        assert failed_endpoints(rig, report) == {READINGS, INFO}
        assert report.updated


async def test_what_is_asked_for_alone_is_read_alone() -> None:
    """``only`` leaves out what is due besides."""
    async with captured(OWN / RICH) as rig:
        await rig.all_at_once(2)
        rig.clock.pass_(3600.0)
        rig.server.forget()
        (name,) = [block.name for block in rig.envoy.blocks.values() if endpoint(block) == "power"][:1]
        await rig.envoy.update((name,), only=True)
        assert paths(rig.server.requests) == [path_of(rig, "power")]
