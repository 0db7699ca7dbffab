"""The physics: energy is conserved, limits hold, days turn."""

from datetime import UTC, datetime

import pytest

from simulators import scenarios
from simulators.battery import Period
from simulators.house import House


def test_self_consumption_brings_the_grid_to_zero(house: House, clock) -> None:
    house.load_w = 1200
    house.pv_w = 400
    clock.now += 5
    assert house.battery_w == pytest.approx(800)
    assert house.grid_w == pytest.approx(0, abs=1e-6)
    house.load_w, house.pv_w = 200, 900
    clock.now += 5
    assert house.battery_w == pytest.approx(-700)


def test_power_balance_holds_while_ramping(house: House, clock) -> None:
    house.load_w, house.ev_w, house.pv_w = 2000, 500, 300
    for _ in range(40):
        clock.now += 0.1
        assert house.grid_w == pytest.approx(2500 - 300 - house.battery_w)


@pytest.mark.parametrize("scenario", ["sunny", "cloudy"])
def test_energy_is_conserved_over_a_day(house: House, clock, scenario: str) -> None:
    start = {name: counter.total for name, counter in house.energy.all().items()}
    stored = sum(house.battery.soc_wh)
    scenarios.apply(house, scenario)
    house.battery.backup_soc = 10
    for _ in range(24 * 4):
        clock.now += 900
        house.advance()
    gain = {name: counter.total - start[name] for name, counter in house.energy.all().items()}
    grid = gain["grid_import"] - gain["grid_export"]
    battery = gain["discharge"] - gain["charge"]
    assert gain["pv"] > 3000
    assert gain["charge"] > 500
    assert gain["discharge"] > 500
    assert grid == pytest.approx(gain["load"] + gain["ev"] - gain["pv"] - battery, abs=0.01)
    assert sum(house.battery.soc_wh) - stored == pytest.approx(-battery, abs=1.0)
    assert gain["ac_in"] - gain["ac_out"] == pytest.approx(-(gain["pv"] + battery), abs=0.01)


def test_one_long_step_equals_many_short_ones(clock) -> None:
    one = House(clock=clock, start=datetime(2026, 6, 1, tzinfo=UTC))
    many = House(clock=clock, start=datetime(2026, 6, 1, tzinfo=UTC))
    for house in (one, many):
        house.load_w = 1000
    for _ in range(1000):
        clock.now += 7.2
        many.advance()
    assert one.soc == pytest.approx(many.soc, abs=1e-3)
    assert one.energy.discharge.total == pytest.approx(many.energy.discharge.total, abs=0.1)


def test_target_soc_ends_a_charge_and_leaves_standby(house: House, clock) -> None:
    house.soc = 79
    house.set_mode(4)
    house.realtime(1, 2000, 80)
    clock.now += 10
    assert house.battery_w == pytest.approx(-2000)
    clock.now += 600
    assert house.soc == pytest.approx(80, abs=0.05)
    assert house.battery_w == 0
    assert house.order[0] == 0


def test_backup_soc_stops_the_discharge_until_two_percent_above(house: House, clock) -> None:
    house.soc = 21
    house.battery.backup_soc = 20
    house.load_w = 2000
    clock.now += 3600
    assert house.soc == pytest.approx(20, abs=0.05)
    assert house.grid_w == pytest.approx(2000)
    house.soc = 21
    clock.now += 5
    assert house.battery_w == 0
    house.soc = 22.5
    clock.now += 5
    assert house.battery_w > 0


def test_an_order_acts_only_in_realtime_mode(house: House, clock) -> None:
    house.realtime(1, 1000, 100)
    clock.now += 5
    assert house.battery_w == 0
    house.set_mode(4)
    house.realtime(1, 1000, 100)
    clock.now += 5
    assert house.battery_w == pytest.approx(-1000)


def test_dead_time_and_ramp(clock) -> None:
    house = House(clock=clock, dead_time=2.0, ramp=500)
    house.set_mode(4)
    house.realtime(2, 1000, 5)
    clock.now = 1.9
    assert house.battery_w == 0
    assert house.mode == 4
    clock.now = 3.0
    assert house.battery_w == pytest.approx(500, abs=1)
    clock.now = 4.5
    assert house.battery_w == pytest.approx(1000)


def test_lag_and_pause(clock) -> None:
    house = House(clock=clock, dead_time=2.0, lag=1.0, ramp=800, pause=1.0)
    house.set_mode(4)
    house.realtime(2, 400, 5)
    clock.now = 3.0
    assert house.battery_w == pytest.approx(400 * (1 - 1 / 2.71828), abs=1)
    clock.now = 20.0
    assert house.battery_w == 400
    house.realtime(1, 400, 100)
    clock.now = 22.5
    assert 200 < house.battery_w < 300
    clock.now = 22.99
    assert house.battery_w == pytest.approx(400 / 2.7, abs=3)
    clock.now = 23.5
    assert -200 < house.battery_w < 0
    clock.now = 40.0
    assert house.battery_w == -400


def test_a_large_step_keeps_to_the_ramp_however_short_the_lag(clock) -> None:
    house = House(clock=clock, lag=0.5, ramp=800)
    house.set_mode(4)
    house.realtime(2, 2400, 5)
    clock.now = 1.0
    assert house.battery_w == pytest.approx(800, abs=1)


def test_jitter_varies_the_dead_time(clock) -> None:
    house = House(clock=clock, dead_time=2.0, jitter=0.6, seed=1)
    delays = [house.battery.delay(house.random) for _ in range(500)]
    assert min(delays) >= 0.2
    assert sum(delays) / 500 == pytest.approx(2, abs=0.1)
    assert max(delays) > 3
    assert House().battery.delay(house.random) == 0


def test_more_packs_leave_the_rest(clock) -> None:
    house = House(clock=clock, packs=0, dead_time=2.0, jitter=0.6, lag=1.0, pause=1.0)
    house.soc = 30
    house.fit_packs(3)
    battery = house.battery
    assert (battery.dead_time, battery.jitter, battery.lag, battery.pause) == (2.0, 0.6, 1.0, 1.0)
    assert (battery.soc, battery.packs, len(battery.soc_wh), battery.max_discharge) == (pytest.approx(30), 3, 4, 2400)


def test_an_order_on_its_way_hides_the_one_before(clock) -> None:
    house = House(clock=clock, dead_time=2.0)
    house.set_mode(4)
    house.realtime(2, 500, 5)
    clock.now = 1.0
    house.realtime(2, 700, 5)
    clock.now = 2.5
    assert house.battery_w > 0
    assert house.order == (2, 700, 5)
    clock.now = 5.0
    assert house.order == (2, 700, 5)
    assert house.battery_w == 700


def test_small_orders_are_raised_to_the_minimum(house: House, clock) -> None:
    house.set_mode(4)
    house.realtime(2, 10, 5)
    clock.now += 5
    assert house.battery_w == 50


def test_midnight_resets_the_day_and_keeps_the_total(clock) -> None:
    house = House(clock=clock, start=datetime(2026, 6, 1, 23, 59, 0, tzinfo=UTC), auto_midnight=True)
    house.load_w = 1000
    clock.now = 59
    assert house.energy.load.day > 10
    total = house.energy.load.total
    clock.now = 61
    assert house.energy.load.day < 1
    assert house.energy.load.total > total


def test_full_battery_exports(house: House, clock) -> None:
    house.soc = 99.9
    house.pv_w = 2000
    clock.now += 3600
    assert house.soc == pytest.approx(100, abs=0.01)
    assert house.grid_w == pytest.approx(-2000)


def test_custom_periods_and_schedule(house: House, clock) -> None:
    house.battery.periods = [Period(0, 1440, 5, 700, 10)]
    house.set_mode(6)
    clock.now += 5
    assert house.battery_w == pytest.approx(700)
    house.battery.curve = [300.0] * 48
    house.set_mode(5)
    clock.now += 5
    assert house.battery_w == pytest.approx(300)


@pytest.mark.parametrize("name", sorted(scenarios.SCENARIOS))
def test_every_scenario_runs(house: House, clock, name: str) -> None:
    scenarios.apply(house, name)
    clock.now += 3600
    assert 0 <= house.soc <= 100


def test_the_same_seed_gives_the_same_clouds(clock) -> None:
    totals = []
    for _ in range(2):
        house = House(clock=clock, seed=3, start=datetime(2026, 6, 1, 8, tzinfo=UTC))
        scenarios.apply(house, "cloudy")
        began = house.energy.pv.total
        clock.now += 7200
        totals.append(house.energy.pv.total - began)
    assert totals[0] == pytest.approx(totals[1], abs=0.01)
    assert totals[0] > 0
