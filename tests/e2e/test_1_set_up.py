"""The first five minutes: signing in, and adding each integration by hand, wrong first."""

from datetime import datetime
import re
from zoneinfo import ZoneInfo

from playwright.sync_api import expect
import pytest

from demo.charger import AT_REST, TIME_ZONE, history
from demo.config_dir import PASSWORD, USER
from demo.envoy import SOLAR_ONLY
from demo.flow import API_KEY, CLOUD_PATH, ENVOY, OWNER, TITAN, V2C
from demo.simulator import DAYLIGHT

# Loopback as well, and nobody listens there.
ELSEWHERE, HERE = "127.0.0.2", "127.0.0.1"
USUAL = "192.168.1.50"


def test_house_is_ready(stage):
    past = history(datetime.now(ZoneInfo(TIME_ZONE)))
    stage.house(**DAYLIGHT, **past, trydan=AT_REST, envoy={"options": SOLAR_ONLY})
    assert stage.simulated()["envoy"]["powers"]["pv"] > 1000


@pytest.mark.after("test_house_is_ready")
def test_sign_in(user, stage):
    user.visit("/")
    user.fill("Username", USER)
    user.fill("Password", "not this one")
    user.press("Log in")
    user.warned("Invalid username or password")
    user.fill("Password", PASSWORD)
    user.press("Log in")
    expect(user.page.get_by_role("link", name="Settings")).to_be_visible()
    # The first page leads on to another one: who goes elsewhere before that is called back.
    user.reads("No devices here yet")
    # Of the wrong password, and of parts of Home Assistant that lack their libraries here.
    stage.do(stage.demo.hass.action("persistent_notification.dismiss_all"))


@pytest.mark.after("test_sign_in")
def test_titan_is_added(user, stage):
    user.begin("Titan", "Titan IzyPower")
    user.fill("Host name or IP address", USUAL)
    user.picture("config_flow")
    user.fill("Host name or IP address", ELSEWHERE)
    user.fill("Port", str(stage.demo.simulator.modbus_port))
    user.submit()
    user.warned("Nobody answers at this address")
    user.fill("Host name or IP address", HERE)
    user.fill("Update interval", "5")
    user.submit()
    user.reads("Your Titan is set up")
    _finish(user)
    _loaded(stage, TITAN, "Titan 2400")


@pytest.mark.after("test_sign_in")
def test_charger_is_added_locally_in_vain(user):
    user.begin("V2C", "V2C Cloud")
    user.reads("Connect your Trydan")
    user.picture("v2c-config_flow")
    user.menu("On the local network only")
    user.fill("Host name or IP address", ELSEWHERE)
    user.submit()
    user.warned("Nobody answers there")
    user.close()


@pytest.mark.after("test_sign_in")
def test_charger_is_added_with_an_account(user, stage):
    user.begin("V2C", "V2C Cloud")
    user.menu("With a V2C Cloud account")
    user.fill("API key", "NO-SUCH-KEY")
    user.press("Advanced settings")
    user.fill("Address of the cloud", f"http://{HERE}:{stage.demo.simulator.cloud_port}{CLOUD_PATH}")
    user.submit()
    user.warned("The cloud refuses this key")
    user.fill("API key", API_KEY)
    user.submit()
    user.reads("Your charger is set up")
    _finish(user)
    _loaded(stage, V2C, "V2C Cloud")


@pytest.mark.after("test_sign_in")
def test_gateway_is_added(user, stage):
    port = stage.demo.simulator.envoy_port
    user.begin("Enphase", "Enphase Envoy")
    user.fill("Host name or IP address", USUAL)
    user.picture("envoy-config_flow")
    user.fill("Host name or IP address", f"{ELSEWHERE}:{port}")
    user.submit()
    user.warned("Nobody answers at this address")
    user.fill("Host name or IP address", f"{HERE}:{port}")
    user.submit()
    user.reads("Access to the gateway")
    user.picture("envoy-access")
    user.menu("With my Enphase account")
    user.fill("E-mail address", OWNER["username"])
    user.fill("Password", "rainy day")
    user.submit()
    user.warned("Enphase refuses this e-mail address or password")
    user.fill("Password", OWNER["password"])
    user.submit()
    user.reads(re.compile("device|Success", re.IGNORECASE))
    _finish(user)
    _loaded(stage, ENVOY, "Envoy 122000000001")


def _finish(user):
    """Leave the dialog that offers an area for each new device; it leads to the page of what was added."""
    user.press(re.compile("Finish|Skip and finish"))
    expect(user.button(re.compile("Finish|Skip and finish"))).to_have_count(0)


def _loaded(stage, domain, title):
    """See that the entry works."""
    entry = stage.command("config_entries/get", domain=domain)[0]
    assert (entry["title"], entry["state"]) == (title, "loaded")
