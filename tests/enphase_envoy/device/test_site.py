"""What follows for the house: powers, registers, and what stands in for what."""

import copy
import json
from typing import Any, Final

import pytest

from custom_components.enphase_envoy.envoy.points import Eim, Meter, MeterDetail
from custom_components.enphase_envoy.envoy.site import WRAP_WH
from simulators.energy import Energies
from tests.enphase_envoy.capture_gateway import OWN
from tests.enphase_envoy.device.rig import READINGS, REPORT, Rig, captured, simulated

HOUR: Final = 3600.0
# What the production register of a simulated house begins with, Wh.
BEGUN: Final = Energies().pv.total


class TestStandIns:
    """When the meters' readings fail, the report of production stands in, if it is of now."""

    async def test_a_report_of_hours_ago_stands_in_for_nothing(self):
        """A site with a production CT only does not need the report; it must not be shown as it was in the morning."""
        async with simulated(consumption_ct=False, pv=4000.0) as rig:
            rig.wanted = {"site"}
            await rig.poll(3, every=5.0)
            assert rig.site.production == 4000
            await rig.live(600.0, every=30.0)
            rig.server.house.pv_w = 300.0
            await rig.live(2 * HOUR, every=60.0)
            assert rig.site.production == 300
            rig.server.fail(READINGS, "503")
            shown = []
            for _ in range(4):
                await rig.poll(every=5.0)
                shown.append(rig.site.production)
            assert set(shown) <= {None, 300}
            assert shown[-1] == 300


async def with_readings(rig: Rig, **by_kind: dict[str, Any]) -> None:
    """Change what the CTs of a captured gateway read, by what they measure, and poll."""
    kinds = {str(each["eid"]): each["measurementType"].replace("-", "_") for each in rig.server.document("/ivp/meters")}
    document = copy.deepcopy(rig.server.overrides.get(READINGS) or rig.server.document(READINGS))
    for entry in document:
        entry.update(by_kind.get(kinds.get(str(entry["eid"]), ""), {}))
    rig.server.overrides[READINGS] = document
    await rig.all_at_once()


class TestPowers:
    """What flows now."""

    @pytest.mark.parametrize(("pv", "load", "soc"), [(3000.0, 1200.0, 100.0), (0.0, 800.0, 0.0), (2000.0, 2000.0, 50.0)])
    async def test_import_and_export_are_the_two_sides_of_net(self, pv: float, load: float, soc: float):
        """Neither is ever negative, and only one of them is there; without a known battery there is no other house."""
        async with simulated(pv=pv, load=load) as rig:
            rig.server.house.soc = soc
            await rig.live(120.0)
            site, net = rig.site, round(rig.server.model.powers.net)
            assert (site.production, site.net, site.consumption) == (pv, net, pv + net)
            assert (site.importing, site.exporting) == (max(0, net), max(0, -net))
            assert site.house is None

    @pytest.mark.parametrize("storage_ct", [True, False])
    async def test_trap_3_the_house_does_not_charge_its_battery(self, storage_ct: bool):
        """Consumption holds the battery's charging, as the gateway has it; house is what the house takes."""
        async with simulated(encharges=2, enpower=True, storage_ct=storage_ct, pv=4000.0, load=900.0) as rig:
            await rig.live(120.0)
            await rig.all_at_once()
            site, battery = rig.site, rig.envoy.batteries
            assert battery.power < -500
            assert battery.state == "charging"
            assert site.house == pytest.approx(900, abs=3)
            assert site.consumption == pytest.approx(900 - battery.power, abs=3)

    async def test_trap_3_live_data_of_a_capture_agree(self):
        """House load is production + net + battery."""
        async with captured(OWN / "8.2.127_battery") as rig:
            await rig.all_at_once(3)
            live = rig.server.document("/ivp/livedata/status")["meters"]["load"]["agg_p_mw"] / 1000
            assert rig.site.house == pytest.approx(live, abs=2)
            assert rig.envoy.batteries.power == -1240

    @pytest.mark.parametrize("phases", [2, 3])
    async def test_each_phase_for_itself(self, phases: int):
        """The phases add up to the whole, powers and registers alike."""
        async with simulated(phases=phases) as rig:
            await rig.all_at_once(3)
            assert rig.envoy.phases == phases
            parts = [rig.envoy.site(phase) for phase in range(1, phases + 1)]
            for name in ("production", "net", "consumption", "production_lifetime", "consumption_lifetime", "net_lifetime"):
                assert sum(part.values[name] for part in parts) == pytest.approx(rig.site.values[name], abs=phases), name
            assert rig.envoy.site(phases + 1) is None

    async def test_one_phase_on_hardware_for_three(self):
        """``phaseCount`` counts, not the mode: a single line is the whole again."""
        async with captured(OWN / "7.6.175_mono") as rig:
            await rig.all_at_once(2)
            assert rig.envoy.phases == 0
            assert not [name for name in rig.envoy.blocks if name.endswith("_l1")]

    @pytest.mark.parametrize(("asked", "shown"), [(1, 0), (3, 3), (None, 3)])
    async def test_the_user_may_know_better(self, asked: int | None, shown: int):
        """One phase or three, whatever the gateway says."""
        async with simulated(phases=3, phases_asked=asked) as rig:
            await rig.all_at_once(2)
            assert rig.envoy.phases == shown
            assert (rig.envoy.site(1) is not None) is (shown == 3)

    async def test_trap_20_the_voltage_of_three_phases_is_their_sum(self):
        """Shown as it is, as core does; each phase has its own."""
        async with captured(OWN / "7.6.175_three_phase") as rig:
            await rig.all_at_once(2)
            whole = rig.envoy.part(MeterDetail, "net_consumption")
            phases = [rig.envoy.part(MeterDetail, "net_consumption", phase) for phase in (1, 2, 3)]
            assert whole.voltage == pytest.approx(sum(each.voltage for each in phases), abs=1)
            assert whole.voltage > 600

    async def test_night_is_negative_and_no_house_feeds_its_load(self):
        """What the inverters take is a small negative production; the house never is negative."""
        async with simulated(night_watts=8.0, pv=0.0, load=0.0, encharges=1, storage_ct=True) as rig:
            await rig.all_at_once(2)
            assert rig.site.production == -8
            assert rig.site.house == 0


class TestTraps:
    """What the gateway gets wrong about the site."""

    async def test_traps_10_and_11_meters_are_known_by_their_eid(self):
        """Readings in another order, with an empty one among them: every value is the same."""
        async with simulated(phases=3, encharges=1, storage_ct=True, extra_empty_reading=False) as rig:
            await rig.all_at_once(3)

            def shown() -> dict[str, list[Any]]:
                flows = {each.name: [each.power] for each in rig.envoy.parts(Meter)}
                return flows | {each.name: [each.voltage, each.frequency] for each in rig.envoy.parts(MeterDetail)}

            before = shown()
            rig.server.change(reversed_readings=True, extra_empty_reading=True)
            await rig.all_at_once()
            assert shown() == before
            assert len(before) == 24

    async def test_trap_12_what_is_switched_off_says_nothing(self):
        """A CT that is disabled still has numbers, megawatt hours of today among them."""
        async with simulated(production_ct=False, consumption_ct=False, profile="7.6") as rig:
            await rig.live(700.0)
            assert [each.name for each in rig.envoy.parts(Eim)] == ["report"]
            assert not rig.envoy.parts(Meter)
            assert rig.site.consumption is None
            assert rig.site.production == 3000

    async def test_trap_12_an_active_count_that_flaps_moves_no_register(self):
        """Firmware 8.3.5528: now and then a segment is not active although its CT measures."""
        async with simulated(profile="8.3.5528", flapping=True) as rig:
            await rig.live(600.0)
            known: dict[str, list[float]] = {}
            for _ in range(240):
                await rig.poll(every=5.0)
                for name in ("production_lifetime", "consumption_lifetime", "production_today", "consumption_today"):
                    if (value := rig.site.values.get(name)) is not None:
                        known.setdefault(name, []).append(value)
                assert rig.site.production == 3000
            for name, values in known.items():
                assert values == sorted(values), name
                assert values[-1] - values[0] <= 3000 * 1260 / HOUR
            assert len(known["production_lifetime"]) == 240

    async def test_trap_13_total_that_is_net_is_repaired(self):
        """8.3.5433 with a CT of total consumption: production is missing in it, as power and as register."""
        async with captured(OWN / "8.3.5433_total_is_net") as rig:
            await rig.all_at_once(3)
            total = next(
                each
                for each in rig.server.document(f"{REPORT}?details=1")["consumption"]
                if each["measurementType"] == "total-consumption"
            )
            made = rig.envoy.part(Meter, "production")
            assert rig.site.consumption == pytest.approx(made.power + total["wNow"], abs=2)
            assert rig.site.consumption_lifetime == pytest.approx(made.delivered + total["whLifetime"], abs=2)
            assert rig.site.consumption_lifetime > 0

    async def test_trap_4_net_is_a_balance_on_old_firmware_too(self):
        """4.10.35 gives out the import alone; ours is import less export, and never the import while readings fail."""
        async with simulated(profile="4.10", pv=4000.0, load=500.0, production_offset_wh=1e6) as rig:
            rig.server.house.soc = 100.0
            await rig.live(2 * HOUR, every=60.0)
            net = rig.server.model.registers.net
            assert rig.server.model.registers.exported > 5000
            assert rig.site.net_lifetime == pytest.approx(net, abs=150)
            rig.server.fail(READINGS, "503")
            for _ in range(30):
                await rig.poll(every=10.0)
                assert rig.site.net_lifetime is None or rig.site.net_lifetime == pytest.approx(net, abs=600)

    async def test_trap_15_an_unsigned_number_is_a_negative_one(self):
        """2^32 - 4 W is -4 W."""
        async with captured(OWN / "7.6.175_mono") as rig:
            await rig.all_at_once(2)
            await with_readings(rig, production={"activePower": 2**32 - 4})
            assert rig.site.production == -4

    @pytest.mark.parametrize("glitch", [0, 4321098765, 1e15, -5, None, "x"])
    async def test_rule_3_a_glitch_of_a_register_is_held(self, glitch: Any):
        """For one reading, nothing of it is shown, nothing is counted."""
        async with captured(OWN / "7.6.175_mono") as rig:
            await rig.all_at_once(3)
            names = ("production_lifetime", "production_today", "import_today", "export_today", "net_today")
            before = {name: rig.site.values[name] for name in names}
            await with_readings(rig, production={"actEnergyDlvd": glitch}, net_consumption={"actEnergyRcvd": glitch})
            assert all(rig.site.values[name] in (before[name], None) for name in names)
            rig.server.overrides.clear()
            await rig.all_at_once()
            assert {name: rig.site.values[name] for name in names} == before

    async def test_rule_3_a_real_reset_goes_on_from_there(self):
        """A new CT begins at zero: the lifetime follows, the day goes on."""
        async with captured(OWN / "7.6.175_mono") as rig:
            await rig.all_at_once(3)
            today = rig.site.production_today
            for level in (10.0, 11.0, 12.0, 13.0):
                await with_readings(rig, production={"actEnergyDlvd": level})
            assert rig.site.production_lifetime == 13
            assert rig.site.production_today == pytest.approx(today, abs=5)

    async def test_8_3_6086_a_lost_phase_of_the_storage_ct_is_not_believed(self):
        """One phase is zero for some readings: the registers stay, and power is not known."""
        async with simulated(phases=2, encharges=2, enpower=True, storage_ct=True, pv=4000.0) as rig:
            await rig.live(HOUR, every=30.0)
            battery = rig.envoy.batteries
            charged, before = battery.charged_today, rig.server.model.registers.charged
            assert charged > 500
            answer = rig.server.site.meters._reading

            def lost(meter: Any) -> Any:
                made = answer(meter)
                if meter.kind == "storage":
                    gone = made["channels"][1]
                    for name in ("actEnergyDlvd", "actEnergyRcvd", "activePower"):
                        made[name] -= gone[name]
                        gone[name] = 0.0
                return made

            for _ in range(3):
                rig.server.site.meters._reading = lost
                await rig.poll(5, every=30.0)
                assert battery.power is None
                rig.server.site.meters._reading = answer
                await rig.poll(2, every=30.0)
                assert battery.power == pytest.approx(rig.server.model.powers.battery, abs=1)
            assert battery.charged_today - charged == pytest.approx(rig.server.model.registers.charged - before, abs=60)


class TestSums:
    """Gateways without a production CT: where the sum of the inverters stands."""

    async def test_a_standard_gateway_has_its_sum(self):
        """``/api/v1/production`` is right there: power, day, week and lifetime."""
        async with simulated(profile="7.6", metered=False, production_offset_wh=3e6) as rig:
            await rig.live(HOUR, every=60.0)
            assert rig.envoy.trusts_sum
            assert rig.site.production == 3000
            assert rig.site.production_lifetime == pytest.approx(rig.server.model.registers.pv, abs=160)
            assert rig.site.production_today == pytest.approx(3000, abs=160)

    async def test_a_sum_that_stands_still_is_not_used(self):
        """8.2.4264: metered hardware without CTs."""
        async with simulated(profile="8.2.4300", metered=True, production_ct=False, consumption_ct=False) as rig:
            await rig.live(120.0, every=60.0)
            rig.server.house.pv_w = 1000.0
            await rig.live(HOUR, every=60.0)
            assert not rig.envoy.trusts_sum
            assert rig.site.production == pytest.approx(1000, abs=5)
            assert rig.site.production_today == pytest.approx(1000, abs=300)

    async def test_a_sum_of_zeros_is_not_used(self):
        """8.3.5422: a standard gateway that says 0 for everything."""
        async with simulated(profile="8.3.5422", metered=False, production_offset_wh=2e6) as rig:
            await rig.live(HOUR, every=60.0)
            assert not rig.envoy.trusts_sum
            assert rig.site.production == pytest.approx(3000, abs=5)
            assert rig.site.production_lifetime > 1e5

    async def test_the_choice_outlives_a_restart_without_the_report(self):
        """What was chosen once stays, whatever is missing when Home Assistant starts."""
        async with simulated(profile="8.3.5422", metered=False, production_offset_wh=2e6) as rig:
            await rig.live(600.0, every=60.0)
            again = rig.reborn(json.loads(json.dumps(rig.envoy.saved())))
            rig.server.fail(REPORT, "503")
            await again.poll(3, every=60.0)
            assert not again.envoy.trusts_sum
            assert again.site.production_lifetime is None
            rig.server.heal()
            await again.live(600.0, every=60.0)
            assert again.site.production_lifetime >= rig.site.production_lifetime

    @pytest.mark.parametrize(("wrap", "units"), [("site", 1), ("inverter", 3)])
    async def test_trap_25_a_wrapped_sum_goes_on(self, wrap: str, units: int):
        """2^32 J, of the site or of each inverter: no fall, also across a restart, and the day stays right."""
        options = {"profile": "8.3.5422", "metered": False, "inverters": units, "joule_wrap": wrap, "pv": 6000.0}
        async with simulated(**options, production_offset_wh=WRAP_WH * units - 6000.0 - BEGUN) as rig:
            await rig.live(600.0, every=60.0)
            live, levels = rig, []
            for step in range(150):
                await live.poll(every=60.0)
                if (level := live.site.production_lifetime) is not None:
                    levels.append(level)
                if step == 80:
                    live = live.reborn(json.loads(json.dumps(live.envoy.saved())))
                    await live.poll()
            assert levels == sorted(levels)
            assert levels[-1] - levels[0] == pytest.approx(150 * 60 * 6000 / HOUR, abs=1200)
            assert live.envoy.counters["site.production_lifetime"].wrapped == pytest.approx(WRAP_WH, rel=0.01)
            assert live.site.production_today == pytest.approx(160 * 60 * 6000 / HOUR, abs=1500)
