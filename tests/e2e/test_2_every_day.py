"""What a user does then: change the connection, set preferences, look at devices, give orders, set up the Energy dashboard."""

import re

import pytest

from demo.charger import read_charger
from demo.envoy import read_envoy
from demo.flow import ENVOY, TITAN, V2C
from demo.registry import read_house

ADDED = ("test_titan_is_added", "test_charger_is_added_with_an_account", "test_gateway_is_added")


@pytest.mark.after("test_titan_is_added")
def test_titan_gets_another_address(user, stage):
    _reconfigure(user, TITAN)
    user.reads("Change the connection")
    user.fill("Host name or IP address", "127.0.0.2")
    user.submit()
    user.warned("Nobody answers at this address")
    user.fill("Host name or IP address", "localhost")
    user.submit()
    user.reads("Reconfiguration was successful")
    user.close()
    stage.until(lambda: stage.loaded(TITAN))


@pytest.mark.after("test_charger_is_added_with_an_account")
def test_charger_gets_its_address(user, stage):
    _configure(user, V2C)
    user.menu("The address of a charger")
    user.fill("Host name or IP address", "127.0.0.2")
    user.submit()
    user.warned("Nobody answers there")
    user.fill("Host name or IP address", f"127.0.0.1:{stage.demo.simulator.trydan_port}")
    user.submit()
    user.reads(re.compile("Options successfully saved"))
    user.press(re.compile("Finish|Close"))


@pytest.mark.after("test_charger_gets_its_address")
def test_charger_is_read_more_often(user):
    _configure(user, V2C)
    user.menu("Preferences")
    user.fill("Update interval on the local network", "5")
    user.submit()
    user.reads(re.compile("Options successfully saved"))
    user.press(re.compile("Finish|Close"))


@pytest.mark.after("test_gateway_is_added")
def test_gateway_refuses_a_bad_token(user):
    _reconfigure(user, ENVOY)
    user.switch()
    user.submit()
    user.menu("With a token made by hand")
    user.fill("Token", "not a token")
    user.submit()
    user.warned("This is no token of Enphase")
    user.close()


@pytest.mark.after("test_gateway_is_added")
def test_gateway_has_preferences(user):
    _configure(user, ENVOY)
    user.reads("Type of site")
    user.fill("Update interval", "400")
    user.submit()
    user.warned(re.compile("."))
    user.fill("Update interval", "10")
    user.submit()
    user.reads(re.compile("Options successfully saved"))
    user.press(re.compile("Finish|Close"))


@pytest.mark.after(*ADDED)
def test_integrations_are_listed(user, stage):
    for domain, name in ((TITAN, "integration"), (V2C, "v2c-integration"), (ENVOY, "envoy-integration")):
        user.open_integration(domain)
        user.picture(name)


@pytest.mark.after(*ADDED)
def test_devices_have_pages(user, stage):
    hass = stage.demo.hass
    titan, envoy = stage.do(read_house(hass, TITAN)), stage.do(read_envoy(hass))
    user.open_device(titan.main["id"])
    user.reads("Sub-devices")
    user.reads("Main battery pack")
    user.picture("device")
    user.open_device(titan.parts[0]["id"])
    user.reads("Sensors")
    user.picture("pack")
    user.open_device(stage.do(read_charger(hass)).main["id"])
    user.reads("Charging power")
    user.picture("v2c-device")
    user.open_device(envoy.main["id"])
    user.reads("Grid power")
    user.picture("envoy-device")
    user.open_device(envoy.parts[0]["id"])
    user.picture("envoy-inverter")


@pytest.mark.after("test_titan_is_added")
def test_charge_from_the_tools(user, stage):
    user.take_action("titan_izypower.charge")
    user.page.get_by_role("spinbutton").first.fill("500")
    user.press("Perform action")
    user.reads(re.compile("applied: true"))
    user.picture("action")
    user.open_device(stage.do(read_house(stage.demo.hass, TITAN)).main["id"])
    user.reads(re.compile(r"^.(49|50)\d W$"), within=40_000)
    assert stage.simulated()["house"]["order_power"] == 500
    stage.do(stage.demo.hass.action("titan_izypower.stop", response=True))


@pytest.mark.after(*ADDED)
@pytest.mark.parametrize(("domain", "kind"), [(ENVOY, "solar"), (TITAN, "battery"), (V2C, "device")])
def test_energy_dashboard_is_set_up(user, stage, domain, kind):
    user.take_action(f"{domain}.set_up_energy_dashboard")
    user.switch(0)
    user.press("Perform action")
    user.reads(re.compile("applied: true"))
    prefs = stage.command("energy/get_prefs")
    assert kind in [one.get("type", "device") for one in (*prefs["energy_sources"], *prefs["device_consumption"])]


@pytest.mark.after("test_energy_dashboard_is_set_up[enphase_envoy-solar]")
def test_energy_dashboard_shows_them(user):
    user.go("/config/energy")
    user.reads(re.compile("Lifetime production"))


def _configure(user, domain):
    """Open the options of an integration's entry."""
    user.open_integration(domain)
    user.press("Configure")


def _reconfigure(user, domain):
    """Open the connection of an integration's entry."""
    user.entry_menu(domain, "Reconfigure")
