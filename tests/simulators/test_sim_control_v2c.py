"""The control API of the charger, its car and its cloud."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from simulators.control import Control
from simulators.v2c_cloud import V2CCloudSimulator
from tests.simulators.raw_clients import RawHttp


class Panel:
    """A running control API and a client of it."""

    def __init__(self, control: Control, session: aiohttp.ClientSession) -> None:
        """Talk to this one."""
        self.control = control
        self.session = session

    async def state(self) -> Any:
        """Give the state."""
        async with self.session.get(f"http://127.0.0.1:{self.control.port}/api/state") as response:
            return await response.json()

    async def patch(self, **change: Any) -> int:
        """Change something and give the status."""
        async with self.session.post(f"http://127.0.0.1:{self.control.port}/api/state", json=change) as response:
            return response.status


@pytest.fixture
async def panel(titan, trydan, bare_house, clock) -> AsyncIterator[Panel]:
    """Give a control API over a Titan, a Trydan and its cloud."""
    box = await trydan()
    async with V2CCloudSimulator([box], clock=clock) as cloud, aiohttp.ClientSession() as session:
        control = Control(bare_house, await titan(), box, cloud)
        await control.start()
        yield Panel(control, session)
        await control.stop()


async def test_the_state_of_charger_car_and_cloud(panel: Panel, clock) -> None:
    box, cloud = panel.control.trydan, panel.control.v2c
    assert box is not None
    assert cloud is not None
    assert await panel.patch(car={"connected": True, "soc": 50, "capacity_kwh": 40}) == 200
    clock.now += 3600
    await RawHttp(box.port).text("/write/Intensity=10")
    await RawHttp(cloud.port).text("/kong/v2c_service/pairings/me")
    state = await panel.state()
    assert state["house"]["ev_w"] == state["house"]["grid_w"] == 2300
    charger = state["trydan"]
    assert charger["car"] | {"connected": True, "soc": 59.2, "power": 2300, "phases": 1} == charger["car"]
    assert (charger["requests"], charger["writes"], charger["most_open"]) == (1, [["Intensity", "10"]], 1)
    assert (charger["values"]["ChargeEnergy"], charger["port"]) == (3.68, box.port)
    assert charger["smallest_gap"] is None or charger["smallest_gap"] > 0
    assert (state["v2c"]["calls"], state["v2c"]["calls_by_path"]) == (1, {"/pairings/me": 1})
    assert state["v2c"]["left"] == {"SIM-KEY": 1000}


async def test_everything_can_be_changed(panel: Panel) -> None:
    box, cloud = panel.control.trydan, panel.control.v2c
    assert box is not None
    assert cloud is not None
    charger = {
        "set": {"ChargeState": 5},
        "options": {"firmware": "2.5.1", "missing_keys": ["IP"]},
        "quirks": ["no_id"],
        "faults": {"http": "status:500*1"},
        "write": {"Intensity": 9},
        "reboot": True,
    }
    session = {"device_id": "SIMV2C", "start": "2026-01-01T10:30:00", "end": "2026-01-01T11:30:00", "kwh_by_hour": [1, 2]}
    service = {
        "outage": 503,
        "path_outage": {"/version": "html"},
        "offline_devices": ["SIMV2C"],
        "options": {"quota": 10},
        "faults": {"http": "empty*1"},
        "sessions": [session | {"warning": True}],
        "swipe": {"SIMV2C": "aa"},
    }
    assert await panel.patch(trydan=charger, v2c=service) == 200
    state = await panel.state()
    found = state["trydan"]
    assert (found["firmware"], found["quirks"], found["pinned"]) == ("2.5.1", ["no_id"], ["ChargeState"])
    assert (found["values"]["ChargeState"], found["values"]["Intensity"]) == (5, 9)
    assert (found["faults"], state["v2c"]["faults"]) == ({"http": "status"}, {"http": "empty"})
    assert (state["v2c"]["outage"], state["v2c"]["path_outage"]) == (503, {"/version": "html"})
    assert (state["v2c"]["offline_devices"], state["v2c"]["sessions"]) == (["SIMV2C"], 1)
    assert cloud.sessions.records[0]["warning"] is True
    assert box.options.missing_keys == {"IP"}
    assert await panel.patch(trydan={"clear": ["ChargeState"], "quirks": []}, v2c={"outage": None}) == 200
    assert (await panel.state())["trydan"]["values"]["ChargeState"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"car": {"colour": "red"}},
        {"car": 1},
        {"trydan": {"quirks": ["nonsense"]}},
        {"trydan": {"faults": {"http": "exception"}}},
        {"trydan": {"faults": {"modbus": "refuse"}}},
        {"trydan": {"options": {"color": 1}}},
        {"trydan": {"write": {"Intensity": 99}}},
        {"trydan": {"pin": {}}},
        {"v2c": {"outage": "nonsense"}},
        {"v2c": {"sessions": [{}]}},
        {"v2c": {"quota": 1}},
    ],
)
async def test_what_is_unknown_is_refused(panel: Panel, change: dict[str, Any]) -> None:
    assert await panel.patch(**change) == 400


async def test_without_a_charger_nothing_of_it_is_there(titan, house) -> None:
    control = Control(house, await titan())
    assert not {"trydan", "v2c"} & control.state().keys()
    for name in ("car", "trydan", "v2c"):
        with pytest.raises(ValueError, match=name):
            control.patch({name: {}})


async def test_the_page_and_the_scenarios_of_the_car(panel: Panel, bare_house, clock) -> None:
    box = panel.control.trydan
    assert box is not None
    assert await panel.patch(scenario="car") == 200
    clock.now += 60
    assert (box.power, bare_house.now.hour) == (3680, 18)
    assert await panel.patch(scenario="car_sun") == 200
    clock.now += 60
    assert box.power == 18 * 230
    assert -230 < bare_house.grid_w <= 0
    assert await panel.patch(scenario="idle") == 200
    assert not box.car.connected
    async with panel.session.get(f"http://127.0.0.1:{panel.control.port}/") as response:
        page = await response.text()
    assert "<h2>Trydan</h2>" in page
    assert 'value="car_sun"' in page
