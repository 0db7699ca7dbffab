"""Which parts there are: found, kept through blemishes, exchanged, and let go of when they are gone."""

from typing import Any

import pytest

from custom_components.enphase_envoy.envoy.points import (
    Acb,
    AcbPower,
    Collar,
    Encharge,
    EnchargePower,
    Inverter,
    InverterDetail,
    InverterState,
    Meter,
    Part,
)
from custom_components.enphase_envoy.envoy.units import acb_units
from tests.enphase_envoy.capture_gateway import OWN, every_capture
from tests.enphase_envoy.device.rig import Rig, captured, simulated

INVERTERS = "/api/v1/production/inverters"


def items(rig: Rig, make: type[Part]) -> set[str]:
    """Return the items of all parts of a class."""
    return {part.item for part in rig.envoy.parts(make)}


@pytest.mark.parametrize("folder", every_capture())
async def test_every_capture_is_read_without_a_word(folder: Any):
    """All parts are found at once, further readings change nothing, and each value has its type."""
    async with captured(folder) as rig:
        await rig.all_at_once(2)
        names = set(rig.envoy.blocks)
        await rig.all_at_once(3)
        assert set(rig.envoy.blocks) == names
        for block in rig.envoy.blocks.values():
            assert not block.unknown or block.name in ("generator", "acbsum_acb"), (block.name, block.unknown)
            for name, value in block.values.items():
                kind = block.points[name].kind
                assert value is None or isinstance(value, kind if kind is not float else int | float), (block.name, name)


class TestTraps:
    """What is not what it seems."""

    async def test_trap_16_ac_batteries_are_no_inverters(self):
        """They stand in the same list; each is a battery, in all three places."""
        async with simulated(profile="8.2", inverters=4, acbs=3) as rig:
            await rig.all_at_once(2)
            assert len(items(rig, Inverter)) == 4
            assert len(items(rig, AcbPower)) == len(items(rig, Acb)) == 3
            assert not items(rig, Inverter) & items(rig, Acb)
            assert acb_units(rig.envoy) == sorted(items(rig, Acb))
            assert rig.envoy.blocks["inverters"].values["inverter_count"] == 4

    async def test_trap_17_a_group_of_no_batteries_makes_none(self):
        """No battery, no sums of batteries, nothing to set."""
        async with captured(OWN / "8.3.5169_generator_phantom") as rig:
            await rig.all_at_once(3)
            assert not rig.envoy.batteries_there()
            assert not items(rig, Encharge)
            assert not rig.envoy.storage.values.keys() & {"level", "reserve", "available", "capacity"}

    async def test_trap_18_thousandths_under_an_odd_key(self):
        """mW and mVA, below a key with a colon; signs as they are."""
        async with captured(OWN / "8.2.127_battery") as rig:
            await rig.all_at_once(2)
            told = {each["serial_num"]: each for each in rig.server.document("/ivp/ensemble/power")["devices:"]}
            for unit in rig.envoy.parts(EnchargePower):
                assert unit.real_power == pytest.approx(told[unit.item]["real_power_mw"] / 1000)
                assert unit.apparent_power == pytest.approx(told[unit.item]["apparent_power_mva"] / 1000)
                assert unit.max_power >= abs(unit.real_power) - 1
            assert rig.envoy.parts(EnchargePower)

    async def test_trap_19_fahrenheit_is_said_to_be_fahrenheit(self):
        """The system controller alone; whoever shows it converts."""
        async with captured(OWN / "8.2.127_battery") as rig:
            await rig.all_at_once(2)
            enpower = rig.envoy.enpower
            assert type(enpower).temperature.unit == "°F"
            assert Encharge.temperature.unit == Collar.temperature.unit == "°C"
            assert enpower.temperature > 50

    async def test_the_collar_is_off_the_grid_when_its_state_says_so(self):
        """``grid_state`` is not to be trusted; ``admin_state_str`` is."""
        async with captured(OWN / "8.3.1598_collar") as rig:
            await rig.all_at_once(2)
            (collar,) = rig.envoy.parts(Collar)
            assert (collar.admin_state, collar.grid_state, collar.mid_state) == ("off_grid", "on_grid", "open")

    async def test_trap_14_what_device_data_leaves_out_is_still_there(self):
        """More than fifty devices: the others have their power, only the details are missing."""
        async with simulated(profile="8.3", inverters=60) as rig:
            await rig.all_at_once(2)
            assert len(items(rig, Inverter)) == len(items(rig, InverterDetail)) == len(items(rig, InverterState)) == 60
            told = [each for each in rig.envoy.parts(InverterDetail) if each.lifetime_energy is not None]
            assert len(told) == 50

    async def test_inactive_inverters_have_no_joules(self):
        """Inverters that are gone stand in the inventory and in device data without a reading."""
        async with simulated(profile="8.3", inverters=6, inactive_inverters=2, deleted_inverters=2) as rig:
            await rig.all_at_once(3)
            assert len(items(rig, Inverter)) == 4
            assert not rig.envoy.failing

    async def test_joules_of_an_inverter_do_not_wrap_in_device_data(self):
        """Trap 25: the register of each is whole there."""
        async with simulated(profile="8.3", inverters=2, production_offset_wh=4e6) as rig:
            await rig.all_at_once(2)
            found = sum(each.lifetime_energy for each in rig.envoy.parts(InverterDetail))
            assert found == pytest.approx(rig.server.model.reported[1], abs=3)


class TestChanges:
    """A site is not for ever."""

    async def test_a_ct_is_added(self):
        """First only the inverters, then a CT: it is found within minutes, and the day is not ten years long."""
        async with simulated(profile="7.6", production_ct=False, consumption_ct=False, production_offset_wh=9e6) as rig:
            await rig.live(600.0)
            today = rig.site.production_today
            assert rig.site.net is None
            rig.server.change(production_ct=True, consumption_ct=True)
            await rig.live(700.0)
            assert rig.envoy.part(Meter, "production") is not None
            assert rig.site.net is not None
            assert rig.site.production_lifetime == pytest.approx(rig.server.model.registers.pv, abs=60)
            assert rig.site.production_today - today < 1500

    async def test_a_ct_is_taken_away(self):
        """Its parts go after a while, the site is made of what is left."""
        async with simulated(profile="7.6", storage_ct=True, encharges=1) as rig:
            await rig.live(400.0)
            assert rig.envoy.part(Meter, "storage") is not None
            rig.server.change(storage_ct=False)
            await rig.live(1300.0)
            assert rig.envoy.part(Meter, "storage") is None
            assert rig.envoy.batteries.power == pytest.approx(rig.server.model.powers.battery, abs=2)

    @pytest.mark.parametrize("more", [5e6, -5e4])
    async def test_a_ct_is_replaced(self, more: float):
        """Another ``eid`` with another register: the day goes on, as if nothing had been."""
        async with simulated(profile="7.6") as rig:
            await rig.live(400.0)
            today = rig.site.production_today
            meters = rig.server.site.meters
            reading, listed = meters._reading, meters.meters
            old = 704643328

            def swapped(entry: Any) -> Any:
                made = reading(entry)
                if made["eid"] == old:
                    made["eid"], made["actEnergyDlvd"] = old + 7, made["actEnergyDlvd"] + more
                return made

            meters._reading = swapped
            meters.meters = lambda: [each | ({"eid": old + 7} if each["eid"] == old else {}) for each in listed()]
            await rig.live(700.0)
            meter = rig.envoy.part(Meter, "production")
            assert meter.item == str(old + 7)
            assert rig.site.production_lifetime == pytest.approx(rig.server.model.registers.pv + more, abs=60)
            assert today < rig.site.production_today < today + 700 * 3000 / 3600 + 60

    async def test_a_battery_is_added_and_taken_away(self):
        """A second one within minutes; one that is gone is let go of, not at the first gap."""
        async with simulated(profile="8.3", encharges=1, enpower=True) as rig:
            await rig.live(300.0)
            assert len(items(rig, Encharge)) == 1
            rig.server.change(encharges=2)
            await rig.live(300.0)
            assert len(items(rig, Encharge)) == len(items(rig, EnchargePower)) == 2
            assert all(each.soc is not None for each in rig.envoy.parts(EnchargePower))
            rig.server.change(encharges=1)
            await rig.live(100.0)
            assert len(items(rig, Encharge)) == 2
            await rig.live(900.0)
            assert len(items(rig, Encharge)) == 1

    async def test_an_inverter_is_replaced(self):
        """The new one has all its parts, the old one goes, and the others do not notice."""
        async with simulated(profile="8.3", inverters=4) as rig:
            await rig.live(400.0)
            before = items(rig, Inverter)
            rig.server.change(inverter_serials={3: "482000009999"})
            await rig.live(400.0)
            assert "482000009999" in items(rig, Inverter)
            assert before < items(rig, Inverter)
            await rig.live(1500.0)
            for make in (Inverter, InverterDetail, InverterState):
                assert items(rig, make) == before - {"482000000004"} | {"482000009999"}

    async def test_an_empty_list_of_inverters_takes_none_away(self):
        """Some firmware empties it every four hours: for a while there is no news, and nothing is gone."""
        async with simulated(profile="8.3", inverters=4) as rig:
            await rig.live(400.0)
            before = items(rig, Inverter)
            blocks = {each.name: each for each in rig.envoy.parts(Inverter)}
            rig.server.change(inverters_empty=True)
            await rig.live(2000.0)
            assert items(rig, Inverter) == before
            rig.server.change(inverters_empty=False)
            await rig.live(400.0)
            assert {each.name: each for each in rig.envoy.parts(Inverter)} == blocks
            assert all(each.power is not None for each in rig.envoy.parts(Inverter))

    async def test_a_rescan_finds_what_was_not_there_before(self):
        """A 404 is remembered until somebody asks for another look."""
        async with simulated(profile="8.2.127", inverters=2) as rig:
            await rig.all_at_once(2)
            assert "device_data" in rig.local.health.absent
            rig.server.change(profile="8.3")
            await rig.all_at_once()
            assert "device_data" in rig.local.health.absent
            rig.local.health.forget()
            rig.envoy.look_again()
            await rig.all_at_once(2)
            assert all(each.lifetime_energy is not None for each in rig.envoy.parts(InverterDetail))
