"""A session from plug to plug, through locks, pauses, restarts, and a change of wires."""

from hypothesis import given, strategies as st
import pytest

from custom_components.v2c_cloud.v2c.plan import Kind
from custom_components.v2c_cloud.v2c.session import LONGEST_STEP, SessionMeter


def feed(meter, *readings, start=1000.0, step=30.0):
    """Feed (plugged, charging, counter) one after the other."""
    for number, (plugged, charging, counter) in enumerate(readings):
        meter.feed(plugged=plugged, charging=charging, counter=counter, now=start + number * step)
    return meter


def test_a_session_that_we_have_seen_begin():
    meter = feed(SessionMeter(), (False, False, 0.0), (True, False, 0.0), (True, True, 0.1), (True, True, 0.4))
    assert meter.energy == pytest.approx(400)
    assert meter.active == 60
    assert meter.since == 1030


def test_at_the_first_reading_of_all_the_box_has_counted_already():
    meter = feed(SessionMeter(), (True, True, 5.0), (True, True, 5.5))
    assert meter.energy == pytest.approx(5500)


def test_nobody_knows_whether_a_car_is_plugged_in():
    meter = feed(SessionMeter(), (True, True, 1.0), (None, False, None), (True, True, 1.2))
    assert meter.energy == pytest.approx(1200)
    assert meter.active == 60


@pytest.mark.parametrize("cause", ["a pause on 2.4.x", "Locked=1", "a restart of the box"])
def test_a_counter_that_begins_again_goes_on_with_the_session(cause):
    meter = feed(SessionMeter(), (False, False, 0), (True, True, 0.0), (True, True, 3.0), (True, False, 0.0), (True, True, 0.5))
    assert meter.energy == pytest.approx(3500)


def test_what_is_left_after_unplugging_is_the_old_session():
    meter = feed(
        SessionMeter(), (False, False, 0), (True, True, 0.0), (True, True, 3.0), (False, False, 3.2), (False, False, 0.0)
    )
    assert meter.energy == pytest.approx(3200)
    feed(meter, (True, False, 0.0), (True, True, 0.2), start=2000)
    assert meter.energy == pytest.approx(200)
    assert meter.since == 2000


def test_a_rest_of_the_old_counter_is_no_energy_of_the_new_session():
    meter = feed(SessionMeter(), (False, False, 0), (True, True, 0.0), (True, True, 3.0), (False, False, 3.0))
    feed(meter, (True, False, 3.0), (True, True, 0.2), start=2000)
    assert meter.energy == pytest.approx(200)


def test_a_session_that_began_between_two_readings():
    meter = feed(SessionMeter(), (False, False, 0), (True, True, 3.0), (False, False, 3.0), (True, True, 0.4))
    assert meter.energy == pytest.approx(400)


def test_a_counter_that_is_not_known_at_first():
    meter = feed(SessionMeter(), (False, False, None), (True, True, None), (True, True, 0.5), (True, True, 0.7))
    assert meter.energy == pytest.approx(200)


def test_a_long_silence_counts_for_little_charging():
    meter = feed(SessionMeter(), (True, True, 1.0), (True, True, 9.0), step=36_000)
    assert meter.energy == pytest.approx(9000)
    assert meter.active == LONGEST_STEP


def test_a_clock_that_jumps_back_takes_nothing_away():
    meter = feed(SessionMeter(), (True, True, 1.0), (True, True, 1.1), step=-3600)
    assert meter.active == 0


def test_a_restart_in_mid_session():
    meter = feed(SessionMeter(), (False, False, 0.0), (True, True, 0.0), (True, True, 2.0))
    later = SessionMeter()
    later.restore(meter.saved())
    feed(later, (True, True, 2.5), start=1200)
    assert later.energy == pytest.approx(2500)
    assert later.since == meter.since


def test_unplugged_and_plugged_in_while_nobody_looked():
    # Was wrong: an absence with a fallen counter is taken for a lock: two cars become one session.
    meter = feed(SessionMeter(), (False, False, 0.0), (True, True, 0.0), (True, True, 20.0))
    later = SessionMeter()
    later.restore(meter.saved())
    feed(later, (True, True, 1.0), start=1060 + 12 * 3600)
    assert later.energy == pytest.approx(1000)


@given(
    st.dictionaries(
        st.sampled_from(["energy", "active", "since", "counter", "seen", "plugged", "x"]),
        st.none() | st.text() | st.floats() | st.booleans() | st.lists(st.integers()),
    )
)
def test_rubbish_that_was_saved_counts_as_never_seen(saved):
    meter = SessionMeter()
    meter.restore(saved)
    feed(meter, (True, True, 1.0), (True, True, 1.5), (False, False, None))
    assert meter.energy >= 0
    assert meter.active >= 0


async def test_the_session_of_a_charger(lan_home):
    lan_home.sim.set("ChargeEnergy", 0.0)
    await lan_home.poll()
    lan_home.sim.plug()
    lan_home.sim.set("ChargeEnergy", 0.25)
    trydan = await lan_home.poll(2)
    assert (trydan.session.energy, trydan.session.active_time) == (0.0, 60)
    lan_home.sim.set("ChargeEnergy", 0.75)
    trydan = await lan_home.poll()
    assert (trydan.session.energy, trydan.session.active_time) == (500.0, 90)
    assert trydan.session.started == lan_home.wall.seconds - 60


async def test_a_lock_does_not_end_the_session(lan_home):
    await lan_home.poll()
    lan_home.sim.plug()
    await lan_home.poll()
    lan_home.sim.set("ChargeEnergy", 2.0)
    await lan_home.poll()
    lan_home.sim.clear("ChargeEnergy")
    lan_home.sim.write("Locked", 1)
    trydan = await lan_home.poll()
    assert trydan.charge.energy == pytest.approx(0, abs=0.01)
    assert trydan.session.energy == pytest.approx(2000, abs=1)


async def test_a_restart_keeps_the_session(lan_home):
    await lan_home.poll()
    lan_home.sim.plug()
    await lan_home.poll()
    lan_home.sim.set("ChargeEnergy", 2.0)
    kept = (await lan_home.poll()).saved()
    lan_home.trydan = lan_home.new_trydan()
    lan_home.trydan.restore(kept)
    lan_home.sim.set("ChargeEnergy", 2.5)
    assert (await lan_home.poll()).session.energy == 2500.0


async def test_memory_that_is_of_another_shape(lan_home):
    lan_home.trydan.restore({"session": [1], "counters": None})
    assert (await lan_home.poll()).session.energy == 0.0


async def test_a_change_of_wires_counts_nothing_twice(home):
    # Was wrong: the cloud has 4.179506 where the LAN had 4.18: a counter that fell, and 4.18 kWh are added again.
    home.sim.plug()
    home.sim.set("ChargeEnergy", 4.18)
    await home.poll()
    home.sim.set("ChargeEnergy", 4.179506)
    home.advance(5)
    await home.ask()
    trydan = await home.takeover()
    assert trydan.session.energy == pytest.approx(4180, abs=5)


async def test_an_old_answer_of_the_cloud_is_no_news_of_the_session(home):
    # Was wrong: what the cloud said before the LAN's last reading ends, or adds to, the session of now.
    await home.ask()
    await home.poll()
    home.sim.plug()
    home.sim.set("ChargeEnergy", 5.0)
    await home.poll(2, 600)
    since = home.trydan.session.started
    trydan = await home.takeover()
    home.sim.faults.clear()
    await home.poll(1, 600)
    assert trydan.lan_works
    assert trydan.session.started == since


async def test_the_wires_take_turns_in_one_session(home):
    await home.poll()
    home.sim.plug()
    home.sim.set("ChargeEnergy", 0.0)
    await home.poll()
    home.sim.set("ChargeEnergy", 1.0)
    home.advance(5)
    await home.ask(Kind.LIVE, Kind.REPORTED)
    trydan = await home.takeover()
    assert trydan.session.energy == 1000.0
    home.sim.faults.clear()
    home.sim.set("ChargeEnergy", 2.0)
    assert (await home.poll(1, 600)).session.energy == 2000.0


async def test_a_clock_that_was_ahead_does_not_stop_the_session(lan_home):
    # Was wrong: nothing is fed until the clock has passed the time at which the session was last seen.
    lan_home.sim.plug()
    lan_home.sim.set("ChargeEnergy", 1.0)
    await lan_home.poll()
    lan_home.wall.seconds -= 86_400
    lan_home.sim.set("ChargeEnergy", 2.0)
    assert (await lan_home.poll(2)).session.energy == 2000.0


async def test_one_answer_of_the_cloud_counts_once(cloud_home):
    cloud_home.sim.plug()
    await cloud_home.ask()
    trydan = await cloud_home.poll(5)
    assert trydan.session.active_time == 0
    await cloud_home.ask()
    assert (await cloud_home.poll()).session.active_time == 150
