"""The token of a running gateway: renewed in time, once, and never a reason to bother anybody while it lives."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.enphase_envoy.const import DOMAIN
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.enphase_jwt import new_key
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import account_data, data_of, settle, start
from tests.enphase_envoy.ha.rig import Hands, asked, complaints, drive, number, poll, silent, state

HOUR = 3600.0
DAY = 24 * HOUR
YEAR = 365 * DAY


@pytest.fixture
def expected_lingering_tasks() -> bool:
    """No task may be left when a test of this file is over."""
    return False


async def live(hass: HomeAssistant, entry: Any, hands: Hands, seconds: float, times: int = 1) -> None:
    """Let time pass, and read everything after each step."""
    for _ in range(times):
        hands.tick(seconds)
        await poll(hass, entry)


async def test_a_token_of_twelve_hours(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """It is renewed after eight hours, while values go on; for three days."""
    cloud.options.role = "installer"
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    first = entry.data["token"]
    caplog.clear()
    await live(hass, entry, hands, HOUR, 7)
    assert not cloud.calls
    assert entry.data["token"] == first
    await live(hass, entry, hands, HOUR, 2)
    assert cloud.logins == 1
    assert entry.data["token"] == cloud.issued[-1] != first
    for _ in range(72):
        await live(hass, entry, hands, HOUR)
        assert silent(hass) == set()
    assert cloud.logins in (9, 10)
    assert complaints(caplog) == []
    assert asked(hass) == []
    assert state(hass, "token_role").state == "installer"


async def test_the_cloud_is_away_when_a_token_is_due(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """Values go on for as long as the token lives; few attempts, and it mends itself."""
    entry = await start(hass, account_data(timed, cloud, token=cloud.token(issued=hands.wall() - YEAR + 30.5 * DAY)))
    drive(entry, hands)
    cloud.outage = 503
    await live(hass, entry, hands, 6 * HOUR, 40)
    assert 1 <= cloud.logins <= 12
    assert silent(hass) == set()
    assert asked(hass) == []
    cloud.outage = None
    await live(hass, entry, hands, 6 * HOUR, 8)
    assert entry.data["token"] == cloud.issued[-1]
    assert silent(hass) == set()


async def test_it_ends_while_the_cloud_is_away(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """Then values end, with one warning and no question; they are back when the cloud is, by themselves."""
    cloud.outage = "reset"
    entry = await start(hass, account_data(timed, cloud, token=cloud.token(issued=hands.wall() - YEAR + HOUR)))
    drive(entry, hands)
    caplog.clear()
    await live(hass, entry, hands, 600, 60)
    assert state(hass, "production").state == "unavailable"
    assert entry.state is ConfigEntryState.LOADED
    assert asked(hass) == []
    assert cloud.logins < 10
    assert len(complaints(caplog)) == 1, complaints(caplog)
    cloud.outage = None
    await live(hass, entry, hands, HOUR, 8)
    assert silent(hass) == set()
    assert len(cloud.issued) == 1
    assert len(complaints(caplog)) == 1, complaints(caplog)


@pytest.mark.parametrize("reason", ["password", "mfa", "blocked"])
async def test_the_account_is_refused_while_the_token_lives(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, reason: str
) -> None:
    """The user is asked, once; the cloud no more; values go on to the end of the token."""
    entry = await start(hass, account_data(timed, cloud, token=cloud.token(issued=hands.wall() - YEAR + 30.5 * DAY)))
    drive(entry, hands)
    setattr(cloud.options, reason, "another" if reason == "password" else True)
    await live(hass, entry, hands, 5 * HOUR, 20)
    assert cloud.logins == 1
    assert asked(hass) == ["reauth"]
    assert entry.state is ConfigEntryState.LOADED
    assert silent(hass) == set()
    assert number(hass, "production") >= 0


async def test_everything_is_refused(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """The gateway believes another key from now on: one renewal, then the user is asked, once; no storm."""
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    timed.change(token_key=new_key().public_key())
    timed.forget_sessions()
    timed.forget()
    caplog.clear()
    await live(hass, entry, hands, 60, 30)
    assert cloud.logins <= 2
    assert asked(hass) == ["reauth"]
    assert state(hass, "production").state == "unavailable"
    assert len(timed.requests) < 200
    assert len(complaints(caplog)) <= 2, complaints(caplog)


async def test_a_token_is_refused_for_once(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """A gateway that lost its keys in an update takes a new token: one login, no question, nothing unavailable."""
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    old = entry.data["token"]
    cloud.key = new_key()
    timed.change(token_key=cloud.key.public_key())
    timed.forget_sessions()
    caplog.clear()
    await live(hass, entry, hands, 5, 3)
    assert cloud.logins == 1
    assert entry.data["token"] == cloud.issued[-1] != old
    assert asked(hass) == []
    assert silent(hass) == set()
    assert complaints(caplog) == []


async def test_sessions_end(hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands) -> None:
    """The gateway forgets its sessions every ten minutes of silence: the token opens another."""
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    for _ in range(5):
        timed.forget_sessions()
        await live(hass, entry, hands, 900)
    assert silent(hass) == set()
    assert not cloud.calls
    assert {each.status for each in timed.requests} == {200}


async def test_the_role_is_too_low(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    """An endpoint that refuses a good token is left alone for hours; nobody is asked, no token is fetched."""
    timed.change(encharges=1)
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    await poll(hass, entry)
    timed.change(role_too_low={"/ivp/ensemble/secctrl"})
    timed.forget()
    caplog.clear()
    await live(hass, entry, hands, 60, 10)
    assert timed.asked("/ivp/ensemble/secctrl") <= 2
    assert timed.asked("/auth/check_jwt") <= 2
    assert not cloud.calls
    assert asked(hass) == []
    assert number(hass, "production") >= 0
    assert len(complaints(caplog)) <= 1, complaints(caplog)


async def test_by_hand(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands, issue_registry: ir.IssueRegistry
) -> None:
    """Repairs 30, 7 and 1 days before the end, one at a time; then the user is asked; never the cloud."""
    token = cloud.token(issued=hands.wall() - YEAR + 40 * DAY)
    entry = await start(hass, data_of(timed, token=token, use_manual_token=True))
    drive(entry, hands)

    def spoken() -> list[str]:
        ours = [each for each in issue_registry.issues.values() if each.domain == DOMAIN]
        return [each.issue_id.removesuffix(f"_{entry.entry_id}") for each in ours]

    await poll(hass, entry)
    assert spoken() == []
    for days, expected in ((11, 30), (10, 30), (13, 7), (5, 1)):
        await live(hass, entry, hands, days * DAY)
        assert spoken() == [f"token_expiry_{expected}"]
        assert silent(hass) == set()
    await live(hass, entry, hands, 2 * DAY)
    assert state(hass, "production").state == "unavailable"
    assert asked(hass) == ["reauth"]
    assert not cloud.calls


async def test_nobody_is_asked_while_the_gateway_restarts(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands
) -> None:
    """Refusals and 5xx of its own check are no word about the token (trap 7)."""
    entry = await start(hass, account_data(timed, cloud))
    drive(entry, hands)
    for kind in ("503", "500", "reset", "html"):
        timed.fail("/auth/check_jwt", kind)
        timed.fail("/ivp/meters/readings", "401")
        await live(hass, entry, hands, 60, 3)
        timed.heal()
        await live(hass, entry, hands, 400, 2)
        assert silent(hass) == set(), kind
    assert not cloud.calls
    assert asked(hass) == []


async def test_what_was_tried_is_remembered(
    hass: HomeAssistant, timed: EnvoySimulator, cloud: EnphaseCloudSimulator, hands: Hands
) -> None:
    """A restart does not let a refused account be tried again, and again."""
    entry = await start(hass, account_data(timed, cloud, token=cloud.token(issued=hands.wall() - YEAR + 30.5 * DAY)))
    drive(entry, hands)
    cloud.options.password = "another"
    await live(hass, entry, hands, 6 * HOUR, 4)
    assert cloud.logins == 1
    for _ in range(3):
        await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
        drive(entry, hands)
        await live(hass, entry, hands, HOUR)
        assert entry.state is ConfigEntryState.LOADED
    assert cloud.logins == 1
    assert asked(hass) == ["reauth"]
