"""Set-up by hand: every firmware, every way in, and everything that goes wrong, each time with a way on."""

from collections.abc import Callable
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import UnknownFlow
import pytest

from custom_components.enphase_envoy import access, connect
from custom_components.enphase_envoy.envoy import link
from custom_components.enphase_envoy.envoy.cloud import EnphaseCloud
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.enphase_jwt import make_token, new_key
from simulators.envoy import EnvoySimulator
from tests.enphase_envoy.ha.house import (
    ACCOUNT,
    OTHER,
    SERIAL,
    add,
    begin,
    by_account,
    by_token,
    choose,
    data_of,
    go_on,
    known,
    meet,
    settle,
)

YEAR = 31_536_000.0


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nobody."""
    monkeypatch.setattr(connect, "LOOK_DEADLINE", 0.3)
    monkeypatch.setattr(link, "CHECK_DEADLINE", 0.3)
    monkeypatch.setitem(EnphaseCloud.__init__.__kwdefaults__, "deadline", 0.3)


# Ways in


@pytest.mark.parametrize("profile", ["7.6", "8.3"])
async def test_an_account(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, profile: str) -> None:
    """One login, one token; the entry is as Home Assistant's own integration makes it."""
    sim.change(profile=profile)
    entry = await add(hass, await by_account(hass, sim, username=f" {ACCOUNT['username']} "))
    assert (entry.version, entry.minor_version) == (1, 1)
    assert (entry.title, entry.unique_id) == (f"Envoy {SERIAL}", SERIAL)
    assert entry.data == {
        **data_of(sim),
        **ACCOUNT,
        "token": cloud.issued[-1],
        "use_manual_token": False,
    }
    assert cloud.logins == len(cloud.issued) == 1
    assert not sim.violations


@pytest.mark.parametrize("profile", ["7.6", "8.3"])
@pytest.mark.parametrize(
    "paste", ["{}", "  {}\n", "Bearer {}", '"{}"', '{{"token": "{}", "expires_at": 1}}', "Authorization: Bearer {}"]
)
async def test_a_token(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, profile: str, paste: str) -> None:
    """A token that was made in a browser, with whatever came along; the cloud is never asked."""
    sim.change(profile=profile)
    token = cloud.token()
    result = await by_token(hass, sim, paste.format(token))
    assert result["type"] == "create_entry", result
    assert result["data"] == {**data_of(sim), "token": token, "use_manual_token": True}
    assert not cloud.calls
    await settle(hass)


@pytest.mark.parametrize(("profile", "user"), [("3.9", "envoy"), ("3.18", "installer"), ("4.10", "envoy"), ("5.0", "installer")])
async def test_old_firmware_needs_only_its_address(hass: HomeAssistant, profile: str, user: str) -> None:
    """The passwords that a gateway comes with are tried before anybody is asked."""
    async with EnvoySimulator(serial=SERIAL, profile=profile, drop_after_401=profile == "3.18") as sim:
        entry = await add(hass, await meet(hass, f"http://{sim.address}/"))
        assert entry.data == {**data_of(sim), "username": user, "token": "", "use_manual_token": False}
        assert entry.unique_id == SERIAL
        assert entry.runtime_data.keeper is None


async def test_old_firmware_with_a_password_of_its_own(hass: HomeAssistant) -> None:
    """It is asked for once; a wrong one is told from an unreachable gateway."""
    own = {"envoy_password": "secret one", "installer_password": "other"}
    async with EnvoySimulator(serial=SERIAL, profile="4.10", **own) as sim:
        form = await meet(hass, sim.address)
        assert (form["step_id"], form["errors"]) == ("digest", {})
        form = await go_on(hass, form["flow_id"], password="wrong")
        assert (form["step_id"], form["errors"]) == ("digest", {"base": "wrong_password"})
        await sim.stop()
        form = await go_on(hass, form["flow_id"], password="secret one")
        assert form["errors"] == {"base": "cannot_connect"}
        await sim.start()
        entry = await add(hass, await go_on(hass, form["flow_id"], password="secret one"))
        assert {**entry.data} == {
            **data_of(sim, username="envoy", password="secret one"),
            "token": "",
            "use_manual_token": False,
        }


async def test_a_challenge_that_nobody_understands(hass: HomeAssistant) -> None:
    """No password would help: such a gateway is used as far as it is open."""
    async with EnvoySimulator(serial=SERIAL, profile="3.9", malformed_challenge=True) as sim:
        entry = await add(hass, await meet(hass, sim.address))
        assert (entry.data["username"], entry.data["password"]) == ("", "")


async def test_old_firmware_that_has_no_list_of_inverters(hass: HomeAssistant) -> None:
    """There is nothing to try a password on, and nothing that needs one."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0", inverters=2) as sim:
        sim.fail("/api/v1/production/inverters", "404")
        entry = await add(hass, await meet(hass, sim.address))
        assert (entry.data["username"], entry.data["password"]) == ("", "")


async def test_old_firmware_that_breaks_off(hass: HomeAssistant) -> None:
    """It says who it is, and then nothing more: the address is asked for again."""
    async with EnvoySimulator(serial=SERIAL, profile="5.0", inverters=2) as sim:
        sim.fail("/api/v1/production/inverters", "reset")
        form = await meet(hass, sim.address)
        assert (form["step_id"], form["errors"]) == ("user", {"base": "cannot_connect"})
        sim.heal()
        await add(hass, await go_on(hass, form["flow_id"], host=sim.address))


async def test_the_menu_waits(hass: HomeAssistant, sim: EnvoySimulator) -> None:
    """A browser that is closed and opened again finds it as it was."""
    menu = await meet(hass, sim.address)
    again = await hass.config_entries.flow.async_configure(menu["flow_id"])
    assert (again["type"], again["step_id"], again["menu_options"]) == ("menu", "access", ["account", "token"])
    assert again["description_placeholders"]["serial"] == SERIAL


async def test_one_entry_for_each_gateway(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The second one is turned away before it asks for anything, and changes nothing."""
    entry = known(hass, data_of(sim, token=cloud.token(), host="127.0.0.1:1"))
    before = dict(entry.data)
    result = await meet(hass, sim.address)
    assert (result["type"], result["reason"]) == ("abort", "already_configured")
    assert dict(entry.data) == before
    assert not cloud.calls


async def test_an_entry_without_serial_number_gets_one(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator
) -> None:
    """Very old entries have none; they are told by their address."""
    entry = known(hass, data_of(sim, token=cloud.token()), unique_id=None, title="Envoy")
    result = await meet(hass, sim.address)
    assert (result["type"], result["reason"]) == ("abort", "already_configured")
    await settle(hass)
    assert (entry.unique_id, entry.title) == (SERIAL, f"Envoy {SERIAL}")


async def test_two_forms_at_once(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The one that comes second makes no second entry."""
    first = await choose(hass, await meet(hass, sim.address), "token")
    second = await choose(hass, await meet(hass, sim.address), "account")
    await add(hass, await go_on(hass, first, token=cloud.token()))
    with pytest.raises(UnknownFlow):
        await go_on(hass, second, **ACCOUNT)
    assert len(hass.config_entries.async_entries("enphase_envoy")) == 1


# The address


@pytest.mark.parametrize("host", ["with space", "host/path", "user@host", "host:abc", "[::1", "?"])
async def test_what_is_no_address(hass: HomeAssistant, host: str) -> None:
    """Nothing is asked before the address makes sense."""
    form = await meet(hass, host)
    assert (form["step_id"], form["errors"]) == ("user", {"base": "invalid_host"})


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("html", "not_envoy"),
        ("empty", "not_envoy"),
        ("null", "not_envoy"),
        ("object", "not_envoy"),
        ("list", "not_envoy"),
        ("garbage", "not_envoy"),
        ("huge:3", "not_envoy"),
        ("redirect", "not_envoy"),
        ("401", "not_envoy"),
        ("403", "not_envoy"),
        ("404", "not_envoy"),
        ("429", "rate_limited"),
        ("500", "gateway_busy"),
        ("503", "gateway_busy"),
        ("reset", "cannot_connect"),
    ],
)
@pytest.mark.parametrize("profile", ["5.0", "8.3"])
async def test_who_else_answers_there(hass: HomeAssistant, sim: EnvoySimulator, kind: str, error: str, profile: str) -> None:
    """A web server that is no gateway, or one that is not itself; the form goes on when it is."""
    sim.change(profile=profile)
    sim.fail("*", kind)
    # From firmware 7 on there is HTTPS, and only there it counts where a gateway sends us.
    error = "cannot_connect" if (profile, kind) == ("5.0", "redirect") else error
    form = await meet(hass, sim.address)
    assert (form["step_id"], form["errors"]) == ("user", {"base": error})
    sim.heal()
    assert (await go_on(hass, form["flow_id"], host=sim.address))["type"] in ("menu", "create_entry")
    await settle(hass)


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        (" envoy.local ", "envoy.local"),
        ("https://192.0.2.5/", "192.0.2.5"),
        ("http://192.0.2.5:8080", "192.0.2.5:8080"),
        ("2001:db8::5", "[2001:db8::5]"),
        ("[2001:db8::5]:8443", "[2001:db8::5]:8443"),
    ],
)
def test_every_kind_of_address(typed: str, used: str) -> None:
    """A name, both kinds of IP address, a port, or the whole line of a browser."""
    assert connect.valid_host(typed) == used


async def test_nobody_answers(hass: HomeAssistant, sim: EnvoySimulator) -> None:
    """The gateway is off; the form goes on when it is back."""
    await sim.stop()
    form = await meet(hass, sim.address)
    assert form["errors"] == {"base": "cannot_connect"}
    await sim.start()
    await choose(hass, await go_on(hass, form["flow_id"], host=sim.address), "account")


@pytest.mark.usefixtures("_impatient")
async def test_somebody_listens_and_says_nothing(hass: HomeAssistant, sim: EnvoySimulator) -> None:
    """An address that swallows everything."""
    sim.fail("*", "hang")
    assert (await meet(hass, sim.address))["errors"] == {"base": "timeout"}


async def test_a_gateway_that_starts(hass: HomeAssistant, sim: EnvoySimulator) -> None:
    """It answers 503 by HTTPS, and by HTTP sends everybody there: it is busy, and no stranger."""
    sim.reboot(3600)
    assert (await meet(hass, sim.address))["errors"] == {"base": "gateway_busy"}


async def test_a_redirect_to_localhost_is_not_followed(hass: HomeAssistant, sim: EnvoySimulator) -> None:
    """Some gateways send everybody to themselves by the name localhost; HTTPS at the given address is what counts."""
    sim.change(redirect_localhost=True)
    menu = await meet(hass, sim.address)
    assert menu["type"] == "menu"
    sim.fail("/info", "redirect:https://localhost/info")
    assert (await meet(hass, sim.address))["errors"] == {"base": "not_envoy"}


async def test_our_own_mistake_is_no_dead_end(hass: HomeAssistant, sim: EnvoySimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong inside, the form stays."""
    monkeypatch.setattr(connect, "valid_host", lambda _host: 1 / 0)
    assert (await meet(hass, sim.address))["errors"] == {"base": "unknown"}


# The account


def _blocked(cloud: EnphaseCloudSimulator) -> None:
    cloud.options.blocked = True


def _no_right(cloud: EnphaseCloudSimulator) -> None:
    cloud.options.serials = (OTHER,)


def _uncommissioned(cloud: EnphaseCloudSimulator) -> None:
    cloud.options.serials, cloud.options.uncommissioned = (), (SERIAL,)


def _outage(kind: Any) -> Callable[[EnphaseCloudSimulator], None]:
    def begin_outage(cloud: EnphaseCloudSimulator) -> None:
        cloud.outage = kind

    return begin_outage


def _shape(shape: Any) -> Callable[[EnphaseCloudSimulator], None]:
    def change(cloud: EnphaseCloudSimulator) -> None:
        cloud.options.tokens_shape = cloud.options.web_shape = shape

    return change


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (_blocked, "account_blocked"),
        (_no_right, "no_right"),
        (_uncommissioned, "gateway_uncommissioned"),
        (_outage("refuse"), "cloud_unreachable"),
        (_outage("hang"), "cloud_timeout"),
        (_outage("html"), "cloud_answer"),
        (_outage(404), "cloud_changed"),
        (_outage(429), "rate_limited"),
        (_outage(500), "cloud_unavailable"),
        (_shape("foreign"), "cloud_answer"),
        (_shape("cut"), "cloud_answer"),
    ],
)
async def test_an_account_that_gives_no_token(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, trouble: Callable[[Any], None], error: str
) -> None:
    """Each trouble has its text, and the same form goes on when it is over."""
    usual = cloud.options.serials
    trouble(cloud)
    form = await by_account(hass, sim)
    assert (form["step_id"], form["errors"]) == ("account", {"base": error})
    assert "sunny day" not in str(form["data_schema"].schema)
    cloud.outage = None
    cloud.options.blocked, cloud.options.serials, cloud.options.uncommissioned = False, usual, ()
    cloud.options.tokens_shape = "text"
    await add(hass, await go_on(hass, form["flow_id"], **ACCOUNT))


async def test_a_wrong_password(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """The e-mail address stays in the form; the password has to be typed again."""
    form = await by_account(hass, sim, password="rainy day")
    assert form["errors"] == {"base": "invalid_auth"}
    (name,) = [each for each in form["data_schema"].schema if each.schema == "username"]
    assert name.default() == ACCOUNT["username"]
    assert cloud.logins == 1
    await add(hass, await go_on(hass, form["flow_id"], **ACCOUNT))


async def test_an_account_with_two_factors(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """No password helps: the form for a token opens, and says so."""
    cloud.options.mfa = True
    form = await by_account(hass, sim)
    assert (form["step_id"], form["errors"]) == ("token", {"base": "mfa_required"})
    entry = await add(hass, await go_on(hass, form["flow_id"], token=cloud.token()))
    assert entry.data["use_manual_token"] is True
    assert (entry.data["username"], entry.data["password"]) == ("", "")
    assert cloud.logins == 1


async def test_another_way_to_a_token(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Where one part of the cloud no longer gives tokens, the other does."""
    cloud.path_outage["/tokens"] = 404
    await add(hass, await by_account(hass, sim))


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("kind", ["500", "503", "reset", "hang", "404"])
async def test_a_gateway_too_busy_to_look_at_a_token(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, kind: str
) -> None:
    """That says nothing about the account; the cloud is not asked again for the same token."""
    sim.fail("/auth/check_jwt", kind)
    form = await by_account(hass, sim)
    assert form["errors"] == {"base": "gateway_busy"}
    sim.heal()
    await add(hass, await go_on(hass, form["flow_id"], **ACCOUNT))
    assert cloud.logins == len(cloud.issued) == 1


# The token


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (lambda _: "nonsense", "token_malformed"),
        (lambda _: "<html>" + "x" * 9000, "token_malformed"),
        (lambda cloud: cloud.token()[:-30], "token_truncated"),
        (lambda cloud: cloud.token().rpartition(".")[0], "token_truncated"),
        (lambda cloud: cloud.token(OTHER), "token_foreign"),
        (lambda cloud: cloud.token("un-commissioned"), "gateway_uncommissioned"),
        (lambda cloud: cloud.token(issued=time.time() - 2 * YEAR), "token_expired"),
        (lambda _: make_token(new_key(), serial=SERIAL), "token_refused"),
    ],
)
async def test_a_token_that_does_not_fit(
    hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator, text: Callable[[Any], str], error: str
) -> None:
    """Its reader says why; only a token that looks right is shown to the gateway at all."""
    menu = await meet(hass, sim.address)
    flow = await choose(hass, menu, "token")
    asked = len(sim.requests)
    form = await go_on(hass, flow, token=text(cloud))
    assert (form["step_id"], form["errors"]) == ("token", {"base": error})
    assert (len(sim.requests) > asked) == (error == "token_refused")
    assert "eyJ" not in str(form["data_schema"].schema)
    await add(hass, await go_on(hass, flow, token=cloud.token()))


async def test_a_gateway_whose_clock_is_behind(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """It takes a fresh token for one from the future; the text speaks of its clock."""
    sim.change(clock_offset=-3600.0, refuse_future_tokens=True)
    assert (await by_token(hass, sim, cloud.token()))["errors"] == {"base": "token_refused"}


async def test_the_gateway_is_replaced_meanwhile(hass: HomeAssistant, sim: EnvoySimulator, cloud: EnphaseCloudSimulator) -> None:
    """Another one refuses the token that was made for the first."""
    flow = await choose(hass, await meet(hass, sim.address), "account")
    sim.replace_serial(OTHER)
    assert (await go_on(hass, flow, **ACCOUNT))["errors"] == {"base": "token_refused"}


async def test_what_is_stored_has_the_keys_of_core(hass: HomeAssistant) -> None:
    """A user can go back: Home Assistant's own integration reads these, and its entries are at 1."""
    flow = await begin(hass)
    assert flow
    assert {"host", "name", *access.NOTHING} == {"host", "name", "username", "password", "token", "use_manual_token"}
