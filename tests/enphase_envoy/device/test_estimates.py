"""An inverter's day from its reports, where the gateway does not count it."""

from datetime import UTC, datetime, timedelta
import json

from aiohttp import ClientSession, DummyCookieJar
from hypothesis import given, strategies as st
import pytest

from custom_components.enphase_envoy.connect import digest_of, identify, local_of
from custom_components.enphase_envoy.envoy.device import Envoy
from custom_components.enphase_envoy.envoy.estimates import Estimates
from custom_components.enphase_envoy.envoy.link import Link
from custom_components.enphase_envoy.envoy.points import InverterDetail
from tests.enphase_envoy.capture_gateway import OWN, Answer as Canned, CaptureGateway
from tests.enphase_envoy.device.rig import captured

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_power_between_two_reports_is_even() -> None:
    """100 W and 300 W, a quarter of an hour apart, are 50 Wh."""
    estimates, at = Estimates(), NOON.timestamp()
    assert estimates.report("a", at, 100, NOON) == 0
    assert estimates.report("a", at + 900, 300, NOON + timedelta(minutes=15)) == pytest.approx(50)
    assert estimates.report("a", at + 900, 300, NOON + timedelta(minutes=20)) == pytest.approx(50)


def test_nothing_is_known_of_a_long_silence() -> None:
    """Two hours without a report are not counted."""
    estimates, at = Estimates(), NOON.timestamp()
    estimates.report("a", at, 100, NOON)
    assert estimates.report("a", at + 7200, 100, NOON + timedelta(hours=2)) == 0


def test_each_day_begins_at_zero() -> None:
    """By the local clock, also when the last report is of yesterday."""
    estimates, at = Estimates(), NOON.timestamp()
    estimates.report("a", at, 100, NOON)
    estimates.report("a", at + 900, 100, NOON + timedelta(minutes=15))
    assert estimates.report("a", at + 900, 100, NOON + timedelta(days=1)) == 0
    morning = at + 18 * 3600
    estimates.report("a", morning, 10, NOON + timedelta(hours=18))
    assert estimates.report("a", morning + 900, 30, NOON + timedelta(hours=18.25)) == pytest.approx(5)


def test_a_restart_loses_nothing() -> None:
    """What was saved goes on."""
    estimates, at = Estimates(), NOON.timestamp()
    estimates.report("a", at, 100, NOON)
    estimates.report("a", at + 900, 100, NOON + timedelta(minutes=15))
    later = Estimates()
    later.restore(json.loads(json.dumps(estimates.as_dict())))
    assert later.report("a", at + 1800, 100, NOON + timedelta(minutes=30)) == pytest.approx(50)


@given(st.recursive(st.none() | st.booleans() | st.text() | st.floats(), lambda inner: st.dictionaries(st.text(), inner)))
def test_garbage_is_forgotten(saved: object) -> None:
    """Whatever is in the memory, nothing raises."""
    estimates = Estimates()
    estimates.restore(saved)
    estimates.restore({"a": saved})
    estimates.report("a", NOON.timestamp(), 1, NOON)


async def test_it_stays_between_the_reports() -> None:
    """Was wrong: unknown from the third poll on, because the gateway never says it."""
    seconds = [0.0]
    async with CaptureGateway(OWN / "5.0.62") as gateway, ClientSession(cookie_jar=DummyCookieJar()) as session:
        found = await identify(session, gateway.address)
        link = Link(session, found.base, await digest_of(session, found, ""))
        link.pacer.gap = 0
        envoy = Envoy(local_of(found, link), serial=found.serial, clock=lambda: seconds[0], now=lambda: NOON)
        for _ in range(400):
            await envoy.update(set(envoy.blocks))
            seconds[0] += 5
            days = [detail.energy_today for detail in envoy.parts(InverterDetail)]
            assert days
            assert None not in days or seconds[0] <= 15


async def test_an_inverter_that_tells_no_power_has_no_day() -> None:
    """The others have theirs."""
    path = OWN / "5.0.62/api_v1_production_inverters"
    reports = json.loads(path.read_text(encoding="utf-8"))
    del reports[0]["lastReportWatts"]
    overrides = {"/api/v1/production/inverters": Canned(json.dumps(reports).encode())}
    async with captured(OWN / "5.0.62", overrides=overrides) as rig:
        await rig.poll(3, every=5.0)
        days = {detail.item: detail.energy_today for detail in rig.envoy.parts(InverterDetail)}
        assert days.pop(reports[0]["serialNumber"], None) is None
        assert days
        assert None not in days.values()
