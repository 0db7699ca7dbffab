"""What the Energy dashboard is offered where entities are unlike those of our integrations: no device, no name, no state."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_core.ha.energy import DEVICE, IMPORTED, SOLAR, Feed, Plan, Unit

DOMAIN = "sample"
CAR = Unit(lead="SN1_", feeds=(Feed(kind=DEVICE, needed={"stat_consumption": "car"}),))
ROOF = Unit(lead="SN1_", feeds=(Feed(kind=SOLAR, needed={IMPORTED: "roof"}),))


@pytest.fixture
def entry(hass: HomeAssistant) -> ConfigEntry:
    """An entry of ours."""
    made = MockConfigEntry(domain=DOMAIN)
    made.add_to_hass(hass)
    return made


def entity(hass: HomeAssistant, entry: ConfigEntry, key: str, device: str | None = None, state: str | None = "12.5") -> str:
    """Have an entity of ours, and its state if it has one; return its id."""
    made = er.async_get(hass).async_get_or_create(
        "sensor", DOMAIN, f"SN1_{key}", config_entry=entry, device_id=device, original_name=f"The {key}"
    )
    if state is not None:
        hass.states.async_set(made.entity_id, state, {"friendly_name": f"My {key}"})
    return made.entity_id


def plan(hass: HomeAssistant, *kept: dict[str, Any], beside: bool = False) -> Plan:
    """Begin beside what the user has."""
    return Plan(hass, DOMAIN, {"energy_sources": list(kept)}, beside=beside)


@pytest.mark.parametrize(("given", "name"), [({}, "Wallbox"), ({"name_by_user": "My wallbox"}, "My wallbox")])
async def test_a_consumer_is_called_as_its_device(
    hass: HomeAssistant, entry: ConfigEntry, given: dict[str, str], name: str
) -> None:
    """As the user calls it, if the user does."""
    devices = dr.async_get(hass)
    device = devices.async_get_or_create(config_entry_id=entry.entry_id, identifiers={(DOMAIN, "SN1")}, name="Wallbox")
    devices.async_update_device(device.id, **given)
    found = plan(hass)
    entity(hass, entry, "car", device.id)
    found.add([CAR])
    assert [each["name"] for each in found.proposed] == [name]


async def test_a_consumer_without_a_device_has_no_name(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """It is proposed all the same, and Home Assistant shows it by its entity."""
    car = entity(hass, entry, "car")
    found = plan(hass)
    found.add([CAR])
    assert [(each["stat_consumption"], each.get("name")) for each in found.proposed] == [(car, None)]


async def test_what_has_no_state_is_told_by_its_registered_name(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """And what is not even registered by its id; what has a state by the name that users see."""
    shown, hidden = entity(hass, entry, "roof"), entity(hass, entry, "attic", state=None)
    users = [{"type": SOLAR, IMPORTED: each} for each in (shown, hidden, "sensor.gone")]
    words = [each["words"] for each in plan(hass, *users).told()["kept"]]
    assert words == ["energy_solar"] * 3  # this integration has no texts, so the names are not in them
    others: list[dict[str, Any]] = [{"type": "gas", IMPORTED: each} for each in (shown, hidden, "sensor.gone")]
    others.append({"type": "gas", IMPORTED: shown, "inner": {"stat_rate": hidden}})
    assert [each["words"] for each in plan(hass, *others).told()["kept"]] == [
        *("My roof", "The attic", "sensor.gone", "My roof, The attic"),
    ]


async def test_a_roof_without_a_device_is_known_again(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """What feeds the dashboard already is not proposed twice."""
    roof = entity(hass, entry, "roof")
    found = plan(hass, {"type": SOLAR, IMPORTED: roof})
    found.add([ROOF])
    assert (found.proposed, found.left_out) == ([], [])
