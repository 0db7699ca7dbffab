"""What people may ask for: every value is checked here, and only a refusal ever comes out."""

import asyncio
from datetime import date, timedelta

from hypothesis import example, given, strategies as st
import pytest

from custom_components.energy_core.errors import DeviceRefusedError
from custom_components.v2c_cloud.v2c import endpoints, verbs

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.text(st.characters(categories=["Cs", "Nd", "Zs"]))
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.times(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=6,
)
ONE = [
    *(
        verbs.words,
        verbs.card,
        verbs.clock,
        verbs.weekdays,
        verbs.ipv4,
        verbs.ocpp_address,
        verbs.moment,
        verbs.day,
        verbs.profile,
    ),
    lambda value: verbs.within(value, 0.1, verbs.MOST_KWH),
    lambda value: verbs.whole(value, 1, verbs.MOST_MINUTES),
]


def refusal(check, *values):
    """Return what a refusal repeats of what was given, nothing when there is none."""
    try:
        check(*values)
    except DeviceRefusedError as error:
        return list(error.placeholders.values())
    return []


@pytest.mark.parametrize("check", ONE)
def test_only_a_refusal_comes_out(check):
    @given(ANYTHING)
    @example("0001-01-01")
    @example("\ud800")
    @example("ws://[")
    @example(float("nan"))
    @example(10**400)
    def try_it(value):
        assert all(len(text) <= 60 for text in refusal(check, value))

    try_it()


@given(ANYTHING, ANYTHING)
@example("\ud800", "")
@example("net", "\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800")
def test_only_a_refusal_of_a_network(ssid, password):
    # Was wrong: half of a surrogate pair cannot be encoded: UnicodeEncodeError.
    assert not refusal(verbs.wifi, ssid, password)


DATES = st.dates().map(str) | ANYTHING


@given(DATES, DATES)
@example(None, "0001-01-05")
def test_only_a_refusal_of_a_period(start, end):
    # Was wrong: 31 days before a date in January of the year 1: OverflowError.
    try:
        first, last = verbs.period(start, end)
    except DeviceRefusedError:
        return
    assert (first is None) == (last is None) == (start is None and end is None)
    assert first is None or date.fromisoformat(first) <= date.fromisoformat(last)


@given(ANYTHING.map(str) | st.none(), ANYTHING.map(str) | st.none())
@example("2.4.6", "²")
def test_versions_of_any_text(known, installed):
    assert not (verbs.newer(known, installed) and verbs.newer(installed, known))


@pytest.mark.parametrize(("given", "told"), [("07:05", "07:05"), (" 23:59:59 ", "23:59"), ("00:00", "00:00")])
def test_times_of_day(given, told):
    assert verbs.clock(given) == told


@pytest.mark.parametrize(
    "given", ["24:00", "7:05", "07:5", "07:60", "0705", "", None, "07:05:99", "07:05:00.0", 705, "07:05\n00"]
)
def test_what_is_no_time_of_day(given):
    with pytest.raises(DeviceRefusedError) as caught:
        verbs.clock(given)
    assert caught.value.key == "invalid_time"


@pytest.mark.parametrize("given", ["1\u0663:00", "10:0\u0663", "\u0968\u0966:00"])
def test_digits_of_other_scripts_are_no_time(given):
    # Was wrong: \d takes every script's digits, and they are sent as they are (CLOCK lacks re.ASCII).
    with pytest.raises(DeviceRefusedError):
        verbs.clock(given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("1234567", "1234567"),
        ("531", "135"),
        ("1111", "1"),
        (25, "25"),
        (["sun", "Mon"], "17"),
        (("wednesday",), "3"),
        (" 67 ", "67"),
    ],
)
def test_days(given, told):
    assert verbs.weekdays(given) == told


@pytest.mark.parametrize("given", ["", "8", "0", "18", "mon", [], ["x"], [""], [1], None, "\uff11", {"mon": 1}])
def test_what_are_no_days(given):
    with pytest.raises(DeviceRefusedError) as caught:
        verbs.weekdays(given)
    assert caught.value.key == "invalid_days"


@pytest.mark.parametrize(
    ("given", "told"), [("AA:23:B6:01", "aa23b601"), ("aa 23 b6 01", "aa23b601"), ("04-a2", "04a2"), (1234, "1234")]
)
def test_cards(given, told):
    assert verbs.card(given) == told


@pytest.mark.parametrize("given", ["", "xyz", "::", "aa23b601!", "a" * 65, None, "\uff11\uff12"])
def test_what_is_no_card(given):
    with pytest.raises(DeviceRefusedError) as caught:
        verbs.card(given)
    assert caught.value.key == "invalid_card"
    assert not caught.value.placeholders


@pytest.mark.parametrize(("given", "told"), [(0.1, 0.1), ("12.5", 12.5), (500, 500)])
def test_energies(given, told):
    assert verbs.within(given, 0.1, verbs.MOST_KWH) == told


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (0, "out_of_range"),
        (500.1, "out_of_range"),
        (-1, "out_of_range"),
        ("x", "invalid_value"),
        (True, "invalid_value"),
        (float("nan"), "invalid_value"),
        (None, "invalid_value"),
        (float("inf"), "invalid_value"),
    ],
)
def test_what_is_no_energy(given, key):
    with pytest.raises(DeviceRefusedError) as caught:
        verbs.within(given, 0.1, verbs.MOST_KWH)
    assert caught.value.key == key


def test_minutes():
    assert verbs.whole("90", 1, verbs.MOST_MINUTES) == 90
    assert type(verbs.whole(90.0, 1, 100)) is int
    for bad in (0, 10081, 1.5, "1,5"):
        with pytest.raises(DeviceRefusedError):
            verbs.whole(bad, 1, verbs.MOST_MINUTES)


@pytest.mark.parametrize("given", ["", "  ", "a" * 65, "a\nb", "a\0", "\ud800"])
def test_what_is_no_name(given):
    with pytest.raises(DeviceRefusedError):
        verbs.words(given)


def test_names():
    assert verbs.words("  Ana's card ☕ ") == "Ana's card ☕"
    assert verbs.words("a" * 64) == "a" * 64


@pytest.mark.parametrize("given", ["192.168.1.20", " 10.0.0.1 "])
def test_inverters(given):
    assert verbs.ipv4(given) == given.strip()


@pytest.mark.parametrize(
    "given",
    [
        "",
        "1.2.3",
        "256.1.1.1",
        "01.2.3.4",
        "fe80::1",
        "127.0.0.1",
        "0.0.0.0",
        "169.254.1.1",
        "224.0.0.1",
        "host",
        None,
        "192.168.1.2/24",
    ],
)
def test_what_is_no_inverter(given):
    with pytest.raises(DeviceRefusedError) as caught:
        verbs.ipv4(given)
    assert caught.value.key == "invalid_ip"


def test_everybody_is_no_inverter():
    # Was wrong: 255.255.255.255 passes (is_reserved is not looked at).
    with pytest.raises(DeviceRefusedError):
        verbs.ipv4("255.255.255.255")


@pytest.mark.parametrize(
    "given", ["ws://cs.example", "wss://cs.example:8443/ocpp/1.6", "ws://192.168.1.2:9000", "wss://[fd00::1]/x", "ws://h/?a=b"]
)
def test_central_systems(given):
    assert verbs.ocpp_address(f" {given} ") == given


@pytest.mark.parametrize(
    "given",
    [
        *("", "http://h", "ws://", "ws:///path", "h:80", "ws://h:0", "ws://h:99999", "ws://h:x", "ws://[::1", "ws://u:p@h"),
        *("ws://h/a b", "ws://h/\n", "ws://h#f", f"ws://h/{'a' * 255}", None, 5, "ws://u@h", "javascript:ws://h"),
    ],
)
def test_what_is_no_central_system(given):
    if given == "ws://h/\n":
        given = "ws://h/\nx"
    with pytest.raises(DeviceRefusedError) as caught:
        verbs.ocpp_address(given)
    assert caught.value.key == "invalid_ocpp_url"
    assert not caught.value.placeholders


@pytest.mark.parametrize("given", ["ws://:secret@h", "ws://@h", "ws://h/#", "ws://h\\evil"])
def test_disguised_addresses_are_no_central_system(given):
    # Was wrong: a password without a user, an empty user, an empty fragment and a backslash pass.
    with pytest.raises(DeviceRefusedError):
        verbs.ocpp_address(given)


@pytest.mark.parametrize("given", ["2026-06-01T12:00:00+00:00", "2026-06-01T12:00:00.123Z", "2026-06-01"])
def test_time_stamps(given):
    assert verbs.moment(f" {given} ") == given


@pytest.mark.parametrize("given", ["", "yesterday", "2026-13-01", 5, None, "2026-06-01T25:00"])
def test_what_is_no_time_stamp(given):
    with pytest.raises(DeviceRefusedError) as caught:
        verbs.moment(given)
    assert caught.value.key == "invalid_timestamp"


def test_periods():
    today = date.today()  # noqa: DTZ011 as the code under test does
    assert verbs.period(None, None) == (None, None)
    assert verbs.period("2026-06-01", "2026-06-30") == ("2026-06-01", "2026-06-30")
    assert verbs.period("2026-06-01T10:00:00", date(2026, 6, 1)) == ("2026-06-01", "2026-06-01")
    assert verbs.period(None, "2026-06-30") == ("2026-05-30", "2026-06-30")
    assert verbs.period(today, None) == (str(today), str(today + timedelta(days=1)))
    for start, end in (("2026-06-02", "2026-06-01"), ("9999-01-01", None)):
        with pytest.raises(DeviceRefusedError) as caught:
            verbs.period(start, end)
        assert caught.value.key == "invalid_period"
    with pytest.raises(DeviceRefusedError) as caught:
        verbs.period("soon", None)
    assert caught.value.key == "invalid_date"


def test_networks():
    assert verbs.wifi("Café ☕", "") == {"ssid": "Café ☕", "password": ""}
    assert verbs.wifi("ñ" * 16, "a" * 63)["ssid"] == "ñ" * 16
    for ssid in ("", "ñ" * 17, "a" * 33, "a\n"):
        with pytest.raises(DeviceRefusedError) as caught:
            verbs.wifi(ssid, "12345678")
        assert caught.value.key == "invalid_ssid"
    for password in ("1234567", "a" * 64, "1234567\n"):
        with pytest.raises(DeviceRefusedError) as caught:
            verbs.wifi("net", password)
        assert caught.value.key == "invalid_wifi_password"
        assert password not in str(caught.value)


def test_profiles():
    assert verbs.profile({"mode": "solar", "value": 32}) == {"mode": "solar", "value": 32}
    for bad in ({}, [], "x", None, {"a": "b" * 5000}):
        with pytest.raises(DeviceRefusedError) as caught:
            verbs.profile(bad)
        assert caught.value.key == "invalid_profile"


@pytest.mark.parametrize(
    ("known", "installed", "newer"),
    [
        ("2.5.1", "2.4.6", True),
        ("2.10.0", "2.9.9", True),
        ("2.4.6", "2.4.6", False),
        ("2.4.5", "2.4.6", False),
        ("INIT", "2.4.6", False),
        (None, "2.4.6", False),
        ("2.5.1", None, False),
        ("", "", False),
        ("1" * 30, "2.4.6", False),
        ("2.5.1-beta", "2.4.6", False),
    ],
)
def test_newer(known, installed, newer):
    assert verbs.newer(known, installed) is newer


# On the wire


async def test_without_an_account_nothing_is_asked(lan_home):
    for verb in (verbs.reboot, verbs.update_firmware):
        with pytest.raises(DeviceRefusedError) as caught:
            await verb(lan_home.trydan)
        assert caught.value.key == "cloud_needed"


async def test_restart_and_update(cloud_home):
    await verbs.reboot(cloud_home.trydan)
    await verbs.update_firmware(cloud_home.trydan)
    assert [call.path for call in cloud_home.cloud.calls] == ["/device/reboot", "/device/update"]
    assert cloud_home.sim.options.firmware == "2.5.1"


async def test_a_call_with_content(cloud_home):
    content = {"daysOfWeek": verbs.weekdays("15"), "timeStart": "23:00", "timeEnd": "07:00"}
    await verbs.ask(cloud_home.trydan, endpoints.TIMER, timerId=0, content=content)
    await verbs.ask(cloud_home.trydan, endpoints.START_FOR_ENERGY, kw=7.5)
    assert [call.status for call in cloud_home.cloud.calls] == [200, 200]
    with pytest.raises(DeviceRefusedError):
        await verbs.ask(cloud_home.trydan, endpoints.PROFILE_CREATE, name="x", updateAt="2026-01-01", content={"x": object()})


async def test_a_sleepy_car_is_woken(lan_home):
    lan_home.sim.change_car(sleepy=True, connected=True)
    lan_home.sim.write("Paused", 1)
    lan_home.sim.write("Paused", 0)
    lan_home.sim.car.asleep = True
    lan_home.sim.house.advance()
    trydan = await lan_home.poll()
    assert trydan.status.state == "connected"
    await verbs.wake(trydan)
    assert lan_home.sim.written == [("Locked", "1"), ("Locked", "0")]
    await lan_home.poll()
    assert trydan.status.charging


@pytest.mark.parametrize("key", ["Paused", "Locked", None])
async def test_nothing_to_wake(lan_home, key):
    if key is not None:
        lan_home.sim.plug()
        lan_home.sim.write(key, 1)
    trydan = await lan_home.poll()
    lan_home.sim.forget()
    with pytest.raises(DeviceRefusedError) as caught:
        await verbs.wake(trydan)
    assert caught.value.key == "nothing_to_wake"
    assert not lan_home.sim.requests


async def test_a_wake_that_is_broken_off_unlocks(lan_home, monkeypatch):
    # Was wrong: the same when the action is cancelled between the two writes.
    monkeypatch.setattr(verbs, "WAKE_PAUSE", 0.3)
    lan_home.sim.change_car(connected=True, wants=False)
    trydan = await lan_home.poll()
    waking = asyncio.create_task(verbs.wake(trydan))
    await lan_home.written()
    await asyncio.sleep(0.1)
    waking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waking
    assert lan_home.sim.value("Locked") == 0
