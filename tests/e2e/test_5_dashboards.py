"""The dashboards: the house's own, added with one click, and Home Assistant's Energy dashboard with its sources."""

import pytest

from demo.dashboard import BATTERY_PATH, CHARGER_PATH, CONTROL_PATH, HOUSE_PATH, SOLAR_PATH
from demo.flow import API_KEY
from tests.e2e import past

WIDE = (1600, 1100)
ADDED = ("test_titan_is_added", "test_charger_gets_its_address", "test_gateway_is_added", "test_zero_export_is_added")


@pytest.mark.after(*ADDED)
def test_house_has_a_past(stage):
    stage.house(car={"connected": True, "soc": 40})
    past.give(stage)
    known = {one["statistic_id"] for one in stage.command("recorder/list_statistic_ids")}
    assert len([one for one in known if one.startswith("sensor.")]) > 10
    assert API_KEY not in str(known)


@pytest.mark.after(*ADDED)
def test_dashboard_is_added(user, stage):
    # A browser that was open before the integrations came knows of their dashboards once it is loaded anew.
    user.visit("/config/lovelace/dashboards")
    user.press("Add dashboard")
    user.reads("Energy Core: House")
    user.picture("new-dashboard")
    user.page.get_by_text("Energy Core: House").last.click()
    user.press("Create")
    stage.until(lambda: bool(stage.command("lovelace/dashboards/list")))
    # Who goes to a page that the browser has not heard of yet is sent home.
    path = stage.command("lovelace/dashboards/list")[-1]["url_path"]
    user.page.locator(f"ha-sidebar [href='/{path}']").first.wait_for()


@pytest.mark.after("test_dashboard_is_added")
@pytest.mark.parametrize(
    ("view", "picture", "heading"),
    [
        (HOUSE_PATH, "house-dashboard", "Energy today"),
        (BATTERY_PATH, "dashboard", "Battery packs"),
        (CHARGER_PATH, "v2c-dashboard", "Sessions"),
        (SOLAR_PATH, "envoy-dashboard", "Inverters"),
        (CONTROL_PATH, "control-dashboard", "Last hour"),
    ],
)
def test_dashboard_has_a_page(user, stage, view, picture, heading):
    path = stage.command("lovelace/dashboards/list")[-1]["url_path"]
    # After the trouble of before every part is back.
    stage.until(lambda: not _silent_packs(stage))
    user.go(f"/{path}/{view}")
    user.reads(heading)
    assert user.page.get_by_text("Configuration error").count() == 0
    user.picture(picture, WIDE)


def _silent_packs(stage):
    states = stage.command("get_states")
    return [each["entity_id"] for each in states if "pack_" in each["entity_id"] and each["state"] == "unavailable"]


@pytest.mark.after("test_energy_dashboard_is_set_up[enphase_envoy-solar]")
def test_energy_dashboard_shows_a_day(user):
    user.go("/energy")
    user.page.locator("hui-energy-solar-graph-card canvas, hui-energy-usage-graph-card canvas, canvas").first.wait_for()
    user.picture("energy")
