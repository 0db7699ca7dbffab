"""How hard a gateway is pressed: one request at a time, one in most polls, and everything in time."""

import asyncio
from typing import Any, Final

import pytest

from custom_components.enphase_envoy.envoy.owner import endpoint
from tests.enphase_envoy.device.rig import READINGS, Rig, simulated

SITES: Final[dict[str, dict[str, Any]]] = {
    "standard": {"profile": "7.6", "metered": False},
    "standard 5": {"profile": "5.0"},
    "metered": {"profile": "8.3"},
    "three phases": {"profile": "8.3", "phases": 3},
    "battery": {"profile": "8.2", "encharges": 2, "enpower": True, "storage_ct": True},
    "generator": {"profile": "8.3", "encharges": 2, "enpower": True, "storage_ct": True, "generator": True, "qrelay": True},
    "acb": {"profile": "8.2", "acbs": 3},
}
# Requests in a minute at five seconds, of somebody who looks at everything; 12 of them are readings.
BUDGET: Final = {
    "standard": 5.5,
    "standard 5": 5.5,
    "metered": 17.5,
    "three phases": 17.5,
    "battery": 22.0,
    "generator": 23.0,
    "acb": 17.5,
}
MINUTES: Final = 20
# How old (s) the docs let what moves slowly become, where polls are far apart.
OLDEST: Final = {
    "ensemble": 120.0,
    "generator": 120.0,
    "secctrl": 180.0,
    "production": 240.0,
    "v1": 240.0,
    "contacts": 240.0,
    "meters": 900.0,
    "contact_settings": 900.0,
}
SLOW: Final = 60.0
REPORT: Final = "/production.json"


async def settled(rig: Rig, minutes: float = 3.0) -> None:
    """Let a device find everything, and begin to count."""
    await rig.live(60 * minutes)
    rig.server.forget()
    rig.reports.clear()


@pytest.mark.parametrize("name", SITES)
async def test_fast_tier_one_request_and_at_most_one_slower(name: str):
    """Five seconds: readings in each poll where there are meters, beside them one slower endpoint at most; a budget."""
    async with simulated(**SITES[name]) as rig:
        await settled(rig)
        most = 0
        for _ in range(12 * MINUTES):
            before = len(rig.server.requests)
            await rig.poll(every=5.0)
            new = [each.path for each in rig.server.requests[before:]]
            assert len(new) <= 2, new
            assert len([each for each in new if each != READINGS]) <= 1
            most = max(most, len(new))
        metered = rig.asked(READINGS) > 0
        assert rig.asked(READINGS) == (12 * MINUTES if metered else 0)
        assert len(rig.server.requests) / MINUTES <= BUDGET[name]
        assert rig.server.most_open == 1
        assert rig.server.violations == []


@pytest.mark.parametrize("every", [1.0, 5.0, 7.0, 10.0, 30.0, 60.0, 300.0])
async def test_everything_is_read_in_time_at_any_interval(every: float):
    """A block is as old as it wants to be or as is told, and not much more: never twice its time, nor twice the interval."""
    async with simulated(**SITES["generator"]) as rig:
        rig.envoy.pace = every
        await rig.live(max(300.0, 4 * every), every=every)
        seen: dict[str, float] = {}
        worst: dict[str, float] = {}
        for _ in range(round(max(700.0, 5 * every) / every)):
            report = await rig.poll(every=every)
            for name in report.updated:
                block = rig.envoy.blocks[name]
                if name in seen and endpoint(block) is not None:
                    worst[name] = max(worst.get(name, 0.0), rig.clock() - seen[name])
                seen[name] = rig.clock()
        assert {"storage", "ensemble", "meter_production"} <= worst.keys()
        for name, age in worst.items():
            block = rig.envoy.blocks[name]
            told = OLDEST.get(endpoint(block) or "", 0.0) if every > SLOW / 5 else 0.0
            assert age <= max(2 * max(block.every, every), told), (name, age)


@pytest.mark.parametrize(("name", "most"), [("metered", 3.5), ("battery", 5.0), ("generator", 5.0)])
async def test_polls_far_apart_ask_for_little_beside_live_power(name: str, most: float):
    """A minute between two polls: meters and batteries in each, the rest in turns; also for who looks at everything."""
    async with simulated(**SITES[name]) as rig:
        rig.envoy.pace = SLOW
        await rig.live(300.0, every=SLOW)
        rig.server.forget()
        await rig.live(3600.0, every=SLOW)
        assert rig.asked(READINGS) == 60
        assert rig.asked("/ivp/ensemble/power") == (60 if "encharges" in SITES[name] else 0)
        assert rig.asked(REPORT) == 15
        assert len(rig.server.requests) / 60 <= most


@pytest.mark.parametrize("fault", [False, True], ids=["no grid CT", "the meters are silent"])
async def test_live_power_that_comes_with_the_report_is_read_in_each_poll(*, fault: bool):
    """Where total consumption has a CT of its own, or meters are silent, the report is what people look at."""
    async with simulated(**SITES["metered"], total_ct=not fault) as rig:
        rig.envoy.pace = SLOW
        if fault:
            rig.server.fail(READINGS, "503")
        await rig.live(300.0, every=SLOW)
        rig.server.forget()
        await rig.live(1200.0, every=SLOW)
        assert rig.site.consumption is not None
        assert rig.asked(REPORT) == 20


async def test_a_meter_is_read_again_although_the_report_stands_in_for_it():
    """Somebody who looks at the site alone: when the meters answer again, the site is live again."""
    async with simulated(**SITES["metered"]) as rig:
        rig.wanted = {"site"}
        await settled(rig)
        rig.server.fail(READINGS, "503")
        await rig.live(180.0)
        assert rig.envoy.failing
        rig.server.heal()
        await rig.live(300.0)
        assert not rig.envoy.failing
        assert rig.envoy.origins["site", "production"] == {"meter_production"}


async def test_f43_a_command_does_not_wait_for_a_poll_nor_beside_it():
    """A write while a poll is under way: never two requests at a time."""
    async with simulated(**SITES["battery"]) as rig:
        await settled(rig, 1)
        rig.envoy.expire()
        rig.envoy.pace = 300.0
        settings = rig.envoy.settings
        await asyncio.gather(
            rig.poll(every=1.0),
            rig.envoy.write(settings, settings.points["reserve"], 33),
            rig.envoy.write(settings, settings.points["charge_from_grid"], value=True),
        )
        assert rig.server.most_open == 1
        assert rig.server.violations == []
        stored = rig.server.site.settings.tariff["tariff"]["storage_settings"]
        assert (stored["reserved_soc"], stored["charge_from_grid"]) == (33, True)


async def test_nobody_looks_and_little_is_asked():
    """Without a single entity only what the parts are found by is read."""
    async with simulated(**SITES["metered"]) as rig:
        rig.wanted = set()
        await settled(rig)
        await rig.live(600.0)
        assert len(rig.server.requests) / 10 < 3


async def test_trap_14_two_hundred_and_fifty_inverters():
    """All are there although device data ends at fifty, and their list costs one request in five minutes."""
    async with simulated(profile="8.3", inverters=250) as rig:
        await settled(rig)
        powers = [block for name, block in rig.envoy.blocks.items() if name.startswith("inverter_")]
        assert len(powers) == 250
        assert all(block.values["power"] is not None for block in powers)
        details = [block for name, block in rig.envoy.blocks.items() if name.startswith("inverterdetail_")]
        assert sum(block.values.get("lifetime_energy") is not None for block in details) == 50
        await rig.live(600.0)
        assert rig.asked("/api/v1/production/inverters") == 2
        assert rig.asked("/ivp/pdm/device_data") == 2
