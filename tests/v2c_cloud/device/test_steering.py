"""What a loop sets on the box, and gives back: on the wire to a simulated box, where it does not go as wished."""

from typing import Any

import pytest

from custom_components.energy_core.errors import DeviceConnectionError, DeviceRefusedError, DeviceTimeoutError
from custom_components.v2c_cloud.v2c import steering as module
from custom_components.v2c_cloud.v2c.device import Trydan
from custom_components.v2c_cloud.v2c.points import Extra, Settings
from custom_components.v2c_cloud.v2c.steering import Steering
from tests.v2c_cloud.device.conftest import Home


async def borrowed(home: Home, **memory: Any) -> tuple[Steering, list[int]]:
    """Return who steers a box that has been read, and how often the memory was saved."""
    await home.poll(2)
    saves: list[int] = []
    return Steering(home.trydan, memory, lambda: saves.append(1), clamps=False), saves


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once."""
    monkeypatch.setattr(module, "GLANCE", 0.01)


async def test_a_setting_that_the_box_takes_and_forgets_is_not_applied(lan_home: Home) -> None:
    """``OK`` counts for nothing; what it was is known all the same, and given back."""
    steering, _ = await borrowed(lan_home)
    lan_home.sim.faults.http = "lost_write"
    with pytest.raises(DeviceRefusedError) as refused:
        await steering.steer(10, None)
    assert refused.value.key == "not_applied"
    assert (steering.ours, steering.holds) == ({}, True)


async def test_a_box_that_forgets_what_it_gets_back_is_told_of(lan_home: Home) -> None:
    """And what it had is kept for another try."""
    steering, _ = await borrowed(lan_home)
    await steering.steer(10, None)
    own = dict(steering.own)
    lan_home.sim.faults.http = "lost_write"
    with pytest.raises(DeviceRefusedError):
        await steering.give_back()
    assert steering.own == own
    lan_home.sim.faults.clear()
    await steering.give_back()
    assert not steering.holds


async def test_in_a_hurry_it_is_looked_at_a_few_times(lan_home: Home) -> None:
    """Home Assistant stops: there is time for a few glances, and then for the truth."""
    steering, _ = await borrowed(lan_home)
    await steering.steer(10, None)
    lan_home.sim.faults.http = "lost_write"
    lan_home.sim.forget()
    with pytest.raises(DeviceRefusedError):
        await steering.give_back(hurry=True)
    # Each written once, and all looked at together.
    assert len(lan_home.sim.written) == len({key for key, _ in lan_home.sim.written})
    assert steering.holds


async def test_in_a_hurry_a_silent_box_does_not_hold_up_the_end(lan_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer in time is an error of its own."""
    monkeypatch.setattr(module, "HURRY", 0.2)
    steering, _ = await borrowed(lan_home)
    await steering.steer(10, None)
    lan_home.sim.faults.http = "no_answer"
    with pytest.raises(DeviceTimeoutError):
        await steering.give_back(hurry=True)


async def test_without_the_lan_nothing_is_steered(cloud_home: Home) -> None:
    """The cloud is too slow, and its calls are counted."""
    steering = Steering(cloud_home.trydan, {}, lambda: None, clamps=False)
    with pytest.raises(DeviceConnectionError) as refused:
        await steering.steer(10, None)
    assert refused.value.key == "lan_needed"


async def test_a_locked_box_is_not_paused_again(lan_home: Home) -> None:
    """Firmware 2.4.6 would undo the lock with it: who locked it meanwhile keeps his lock."""
    lan_home.sim.write("Paused", 1)
    steering, _ = await borrowed(lan_home)
    await steering.steer(10, None)
    assert steering.own[Settings.paused.name] is True
    lan_home.sim.write("Locked", 1)
    await lan_home.poll()
    lan_home.sim.forget()
    await steering.give_back()
    assert "Paused" not in {key for key, _ in lan_home.sim.written}
    assert lan_home.sim.value("Locked") == 1


async def test_phases_wait_until_the_car_lets_go(lan_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take effect when charging starts: paused first, then changed; a car that goes on drawing ends the wait."""
    monkeypatch.setattr(module, "LETS_GO", 1)
    lan_home.sim.plug()
    lan_home.sim.set("ChargePower", 2300.0)
    steering, _ = await borrowed(lan_home)
    shown = lan_home.trydan.extra.get(Extra.charge_mode)
    lan_home.sim.forget()
    await steering.steer(10, "three_phase" if shown != "three_phase" else "single_phase")
    keys = [key for key, _ in lan_home.sim.written]
    assert keys.index("Paused") < keys.index("ChargeMode") < keys.index("Intensity")


def test_what_was_saved_and_makes_no_sense_is_nothing() -> None:
    """A memory of another life begins anew where it cannot be read."""
    memory: dict[str, Any] = {"own": 5, "ours": None}
    steering = Steering(Trydan.__new__(Trydan), memory, lambda: None, clamps=False)
    assert (steering.own, steering.ours, memory) == ({}, {}, {"own": {}, "ours": {}})
    assert Extra.charge_mode.name not in steering.own
