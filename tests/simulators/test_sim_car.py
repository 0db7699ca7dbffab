"""The car, the charger as physics: counters are exact, targets and timers end a session, sun is followed."""

from datetime import UTC, datetime

import pytest

from simulators.car import Car
from simulators.house import House
from simulators.trydan import TrydanSimulator
from simulators.trydan_timer import Slot

KWH = 3_600_000.0


@pytest.fixture
def box(bare_house: House) -> TrydanSimulator:
    """Give a Trydan that is not started: physics needs no socket."""
    return TrydanSimulator(bare_house, firmware="2.5.0")


def test_power_is_phases_times_voltage_times_the_smaller_current(bare_house: House) -> None:
    box = TrydanSimulator(bare_house, phases=3, car=Car(phases=3, max_current=16), voltage=230)
    box.plug()
    assert box.power == 3 * 230 * 16
    box.write("Intensity", 10)
    assert box.power == 3 * 230 * 10
    assert bare_house.ev_w == bare_house.grid_w == 6900
    box.change_car(phases=1)
    assert bare_house.grid_w == 2300


def test_the_meter_sees_the_car(box, bare_house: House, clock) -> None:
    bare_house.load_w, bare_house.pv_w, bare_house.ev_w = 400, 1000, 50
    box.plug()
    clock.now += 10
    assert bare_house.grid_w == pytest.approx(400 + 50 + 3680 - 1000)
    box.unplug()
    assert bare_house.grid_w == pytest.approx(400 + 50 - 1000)


def test_counters_are_exact_when_the_car_becomes_full_within_a_long_step(box, bare_house: House, clock) -> None:
    before = bare_house.energy.ev.total
    box.change_car(capacity_kwh=50, soc=80)
    box.plug()
    clock.now += 100_000
    assert box.value("ChargeEnergy") == pytest.approx(10.0)
    assert box.value("ChargeTime") == int(10 * KWH / 3680)
    assert box.car.soc == 100.0
    assert box.value("ChargeState") == 1
    assert box.value("ReadyState") == 1
    assert bare_house.energy.ev.total - before == pytest.approx(10_000)
    (session,) = box.model.sessions
    assert session.total_wh == pytest.approx(10_000)


def test_many_short_looks_count_the_same_as_one_long(clock) -> None:
    boxes = [TrydanSimulator(House(clock=clock, start=datetime(2026, 6, 1, 12, 50, tzinfo=UTC))) for _ in range(2)]
    for box in boxes:
        box.change_car(capacity_kwh=10, soc=50)
        box.plug()
    for _ in range(900):
        clock.now += 7.3
        boxes[0].house.advance()
    assert boxes[0].value("ChargeEnergy") == pytest.approx(boxes[1].value("ChargeEnergy"))
    first, second = (box.model.sessions[0] for box in boxes)
    assert first.buckets() == pytest.approx(second.buckets())
    assert (first.end - second.end).total_seconds() == pytest.approx(0, abs=1e-3)


def test_a_session_is_kept_by_clock_hours_with_its_share_of_sun(box, bare_house: House, clock) -> None:
    bare_house.set_time(datetime(2026, 6, 1, 11, 45, tzinfo=UTC))
    bare_house.pv_w, bare_house.load_w = 2340, 500
    box.plug()
    clock.now += 1800
    box.write("Paused", 1)
    clock.now += 3 * 3600
    box.write("Paused", 0)
    clock.now += 900
    box.unplug()
    (session,) = box.model.sessions
    assert session.buckets() == pytest.approx([0.92, 0.92, 0, 0, 0.92])
    assert session.buckets(sun=True) == pytest.approx([0.46, 0.46, 0, 0, 0.46])
    assert (session.start.hour, session.end.hour, session.end.minute) == (11, 15, 30)


def test_a_sleepy_car_wakes_only_when_the_lock_is_toggled(box, clock) -> None:
    box.change_car(sleepy=True)
    box.plug()
    clock.now += 60
    box.write("Paused", 1)
    box.write("Paused", 0)
    clock.now += 60
    assert box.power == 0
    box.write("Locked", 1)
    box.write("Locked", 0)
    assert box.power == 3680


def test_a_car_that_wants_nothing_draws_nothing(box) -> None:
    box.change_car(wants=False)
    box.plug()
    assert (box.value("ChargeState"), box.power, box.offered) == (1, 0, 16)
    box.change_car(wants=True)
    assert box.value("ChargeState") == 2
    with pytest.raises(AttributeError, match="colour"):
        box.change_car(colour="red")


@pytest.mark.parametrize(("target", "seconds"), [({"wh": 1840}, 1800), ({"seconds": 777.0}, 777)])
def test_a_target_pauses_exactly_there(box, clock, target, seconds: int) -> None:
    box.plug()
    box.model.stop_at(**target)
    clock.now += 10_000
    assert box.value("Paused") == 1
    assert box.value("ChargeTime") == seconds
    assert box.value("ChargeEnergy") == pytest.approx(seconds * 3680 / KWH)
    box.write("Paused", 0)
    clock.now += 100
    assert box.value("ChargeTime") == seconds + 100


def test_timers_allow_charging_in_their_window_only(box, bare_house: House, clock) -> None:
    bare_house.set_time(datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC))  # a Monday
    box.model.slots[0] = Slot("1", "23:30", "00:30")
    box.model.slots[1] = Slot("8", "00:00", "23:59")
    box.write("Timer", 1)
    box.plug()
    assert box.power == 0
    clock.now += 48 * 3600
    assert box.value("ChargeTime") == 3600
    box.write("Timer", 0)
    assert box.power == 3680


def test_a_window_without_midnight() -> None:
    slot = Slot("67", "10:00", "12:00")
    assert slot.covers(datetime(2026, 6, 6, 10, 0, tzinfo=UTC))
    assert not slot.covers(datetime(2026, 6, 6, 12, 0, tzinfo=UTC))
    assert not slot.covers(datetime(2026, 6, 5, 11, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("mode", "pv", "load", "contract", "amps"),
    [
        (2, 0, 500, 4600, 6),  # sun and minimum: never below MinIntensity
        (2, 3000, 500, 4600, 10),
        (3, 3000, 500, 4600, 10),  # sun only, whole amperes
        (3, 1500, 500, 4600, 0),  # too little for MinIntensity
        (3, 3000, 500, -700, 7),  # a negative contract is what shall be exported
        (4, 0, 500, 4600, 17),  # grid up to the contract
        (4, 2000, 500, 4600, 20),  # never above MaxIntensity
        (4, 0, 4000, 4600, 0),
        (0, 0, 500, 4600, 17),  # the app's profile: as 4 unless there is one
        (1, 0, 500, 4600, 17),
        (5, 9000, 0, 4600, 0),
    ],
)
def test_dynamic_control_follows_its_mode(
    box, bare_house: House, mode: int, pv: float, load: float, contract: int, amps: int
) -> None:
    bare_house.pv_w, bare_house.load_w = pv, load
    box.plug()
    box.write("MaxIntensity", 20)
    box.write("DynamicPowerMode", mode)
    assert box.write("ContractedPower", contract)
    box.write("Dynamic", 1)
    assert box.offered == amps
    box.write("PauseDynamic", 1)
    assert box.offered == 16
    box.write("Dynamic", 0)
    box.write("PauseDynamic", 0)
    assert box.offered == 16


def test_sun_only_follows_clouds_and_leaves_the_house_battery_its_share(house: House, clock) -> None:
    box = TrydanSimulator(house)
    for key, value in (("DynamicPowerMode", 3), ("Dynamic", 1)):
        box.write(key, value)
    box.plug()
    house.soc = 100
    house.load_w, house.pv_w = 300, 3000
    clock.now += 60
    assert box.power == 11 * 230
    assert house.grid_w == pytest.approx(-(2700 - 2530))
    house.pv_w = 1000
    clock.now += 60
    assert (box.power, box.value("ChargeState")) == (0, 1)
    house.soc = 50
    clock.now += 60
    house.pv_w = 4000
    clock.now += 60
    assert house.grid_w <= 0
    assert house.battery_w <= 0


def test_a_new_number_of_phases_waits_for_the_next_start(bare_house: House) -> None:
    box = TrydanSimulator(bare_house, phases=3, car=Car(phases=3))
    box.plug()
    assert (box.value("ChargeMode"), box.power) == (1, 3 * 3680)
    assert box.write("ChargeMode", 0)
    assert (box.value("ChargeMode"), box.power) == (0, 3 * 3680)
    box.write("Paused", 1)
    box.write("Paused", 0)
    assert box.power == 3680


def test_mixed_phases_take_three_when_the_sun_suffices(bare_house: House, clock) -> None:
    box = TrydanSimulator(bare_house, phases=3, car=Car(phases=3))
    for key, value in (("ChargeMode", 2), ("DynamicPowerMode", 3), ("Dynamic", 1)):
        box.write(key, value)
    bare_house.pv_w = 3000
    box.plug()
    assert (box.offered, box.model.phases) == (13, 1)
    bare_house.pv_w = 4200
    clock.now += 1
    assert (box.offered, box.model.phases) == (6, 3)


def test_two_boxes_share_the_sun_of_one_house(bare_house: House, clock) -> None:
    boxes = [TrydanSimulator(bare_house, device_id=f"SIM{n}") for n in (1, 2)]
    bare_house.pv_w = 5000
    for box in boxes:
        box.write("DynamicPowerMode", 3)
        box.write("Dynamic", 1)
        box.plug()
    clock.now += 60
    assert sum(box.power for box in boxes) <= 5000
    assert bare_house.grid_w == pytest.approx(sum(box.power for box in boxes) - 5000)
