"""The Energy dashboard in one action: what is proposed, what stays, and that Home Assistant likes what it got."""

from collections.abc import AsyncGenerator
from typing import Any

from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockModule, MockUser, mock_integration

from demo.energy import set_up_energy
from tests.suite.home import SERIAL, Home, devices
from tests.virtual_time import VirtualTime

ACTION = "set_up_energy_dashboard"
TITAN, V2C, ENVOY = "titan_izypower", "v2c_cloud", "enphase_envoy"
THEIRS: dict[str, Any] = {"type": "solar", "stat_energy_from": "sensor.roof", "config_entry_solar_forecast": None, "name": "Roof"}
TARIFF = {"entity_energy_price": "sensor.price", "number_energy_price": None, "stat_cost": None}
BACK = {"stat_compensation": None, "entity_energy_price_export": None, "number_energy_price_export": None}
UTILITY: dict[str, Any] = {
    "type": "grid",
    "stat_energy_from": "sensor.utility_in",
    "stat_energy_to": "sensor.utility_out",
    "cost_adjustment_day": 1.5,
    **TARIFF,
    **BACK,
}


@pytest.fixture
async def bare(hass: HomeAssistant, virtual_time: VirtualTime) -> AsyncGenerator[Home]:
    """All three devices, and no Energy dashboard."""
    async with devices(1, hour=10, soc=35) as there:
        there.house.driver = None
        there.house.load_w, there.house.pv_w = 400, 3000
        home = Home(hass, there)
        await home.move_in()
        yield home
        await home.move_out()


@pytest.fixture
async def home(bare: Home) -> Home:
    """All three devices, and an Energy dashboard that nobody has set up; what records is not needed for choosing."""
    for name in ("recorder", "history"):
        mock_integration(bare.hass, MockModule(name))
    assert await async_setup_component(bare.hass, "energy", {})
    return bare


async def call(hass: HomeAssistant, domain: str, **data: Any) -> dict[str, Any]:
    answer = await hass.services.async_call(domain, ACTION, data, blocking=True, return_response=True)
    assert isinstance(answer, dict)
    return answer


async def kept(hass: HomeAssistant) -> dict[str, Any]:
    """Return the preferences as Home Assistant keeps them."""
    return dict((await async_get_manager(hass)).data or {})


async def choose(hass: HomeAssistant, *sources: dict[str, Any], consumers: tuple[dict[str, Any], ...] = ()) -> None:
    """Let the user choose."""
    await (await async_get_manager(hass)).async_update(
        {"energy_sources": [*sources], "device_consumption": [*consumers]}  # type: ignore[typeddict-item,list-item]
    )


def kinds(sources: list[dict[str, Any]]) -> list[str]:
    return [each.get("type", "device") for each in sources]


async def test_nothing_happens_unless_asked_for(home: Home) -> None:
    """A proposal in entities and in words; the preferences stay as they are."""
    answer = await call(home.hass, ENVOY)
    assert answer["applied"] is False
    assert kinds(answer["proposed"]) == ["grid", "solar"]
    grid, solar = answer["proposed"]
    assert grid["stat_energy_from"] == home.entity(f"{SERIAL}_lifetime_net_consumption")
    assert grid["stat_energy_to"] == home.entity(f"{SERIAL}_lifetime_net_production")
    assert grid["stat_rate"] == home.entity(f"{SERIAL}_net_consumption")
    assert solar["words"].startswith("Solar panels: ")
    assert home.hass.states.get(solar["stat_energy_from"]).name in solar["words"]  # type: ignore[union-attr]
    assert (answer["kept"], answer["left_out"]) == ([], [])
    assert await kept(home.hass) == {}


async def test_twice_is_once(home: Home) -> None:
    """The second call finds everything there."""
    for domain in (ENVOY, TITAN, V2C):
        await call(home.hass, domain, apply=True)
    before = await kept(home.hass)
    for domain in (ENVOY, TITAN, V2C):
        answer = await call(home.hass, domain, apply=True)
        assert (answer["applied"], answer["proposed"]) == (False, [])
        assert len(answer["kept"]) == 4
    assert await kept(home.hass) == before


async def test_what_the_user_has_stays_as_it_is(home: Home) -> None:
    """Prices, names and meters of others: to the letter, and in their place."""
    water = {"stat_consumption": "sensor.tap"}
    await (await async_get_manager(home.hass)).async_update({"device_consumption_water": [water]})  # type: ignore[typeddict-item,list-item]
    await choose(home.hass, UTILITY, THEIRS, consumers=({"stat_consumption": "sensor.oven"},))
    for domain in (ENVOY, TITAN, V2C):
        await call(home.hass, domain, apply=True, beside_others=True)
    chosen = await kept(home.hass)
    assert chosen["energy_sources"][:2] == [UTILITY, THEIRS]
    assert chosen["device_consumption"][0] == {"stat_consumption": "sensor.oven"}
    assert chosen["device_consumption_water"] == [water]


async def test_the_grid_of_another_meter_is_the_only_one(home: Home) -> None:
    """Neither the gateway nor the Titan adds a second one, whatever the user allows."""
    await choose(home.hass, UTILITY)
    for domain in (ENVOY, TITAN):
        answer = await call(home.hass, domain, apply=True, beside_others=True)
        assert "grid" not in kinds(answer["proposed"])
        assert [each["reason"] for each in answer["left_out"] if each["type"] == "grid"] == [
            "A grid connection is configured already, and a house has one."
        ]


async def test_panels_of_another_meter_may_be_the_same(home: Home) -> None:
    """They are left out, and said to be, until the user says that they are others."""
    await choose(home.hass, THEIRS)
    answer = await call(home.hass, ENVOY, apply=True)
    assert kinds(answer["proposed"]) == ["grid"]
    assert kinds(answer["left_out"]) == ["solar"]
    assert "may measure the same" in answer["left_out"][0]["reason"]
    assert kinds((await call(home.hass, ENVOY, apply=True, beside_others=True))["proposed"]) == ["solar"]
    assert kinds((await kept(home.hass))["energy_sources"]) == ["solar", "grid", "solar"]


async def test_a_meter_that_counts_is_added_beside_one_that_does_not(home: Home) -> None:
    """The Titan's shows power only: whoever is asked first, the gateway's energy is there, and no power twice."""
    assert kinds((await call(home.hass, TITAN, apply=True))["proposed"]) == ["solar", "battery", "grid"]
    answer = await call(home.hass, ENVOY, apply=True)
    assert kinds(answer["proposed"]) == ["grid"]
    assert "stat_rate" not in answer["proposed"][0]
    grids = [each for each in (await kept(home.hass))["energy_sources"] if each["type"] == "grid"]
    assert [each["stat_energy_from"] for each in grids] == [None, home.entity(f"{SERIAL}_lifetime_net_consumption")]
    assert (await call(home.hass, TITAN))["proposed"] == []


async def test_an_inverter_of_the_gateway_is_the_gateway(home: Home) -> None:
    """Whoever has chosen parts of it has its panels already."""
    entities = er.async_get(home.hass)
    inverter = next(
        each for each in entities.entities.values() if each.platform == ENVOY and each.unique_id.endswith("_lifetime_energy")
    )
    await choose(home.hass, {**THEIRS, "stat_energy_from": inverter.entity_id})
    answer = await call(home.hass, ENVOY)
    assert kinds(answer["proposed"]) == ["grid"]
    assert answer["left_out"] == []


async def test_the_sessions_as_a_statistic_are_the_charger(home: Home) -> None:
    """They are the same energy, hours later."""
    await choose(home.hass, consumers=({"stat_consumption": "v2c_cloud:simv2c_session_energy"},))
    answer = await call(home.hass, V2C, apply=True)
    assert (answer["proposed"], answer["applied"]) == ([], False)


async def test_a_name_of_the_user_is_the_consumers(home: Home) -> None:
    """In the list of devices the charger has the name that it has everywhere."""
    from homeassistant.helpers import device_registry as dr

    entity = er.async_get(home.hass).async_get(home.entity("SIMV2C_session_energy"))
    assert entity is not None
    assert entity.device_id is not None
    dr.async_get(home.hass).async_update_device(entity.device_id, name_by_user="Car port")
    assert (await call(home.hass, V2C))["proposed"][0]["name"] == "Car port"


async def test_what_is_disabled_is_said_to_be(home: Home) -> None:
    """Without the power a source is proposed; without its energy it is not."""
    entities = er.async_get(home.hass)
    for key in ("production", "lifetime_net_production"):
        entities.async_update_entity(home.entity(f"{SERIAL}_{key}"), disabled_by=er.RegistryEntryDisabler.USER)
    await home.hass.async_block_till_done()
    answer = await call(home.hass, ENVOY)
    assert kinds(answer["proposed"]) == ["solar"]
    assert "stat_rate" not in answer["proposed"][0]
    assert kinds(answer["left_out"]) == ["grid"]
    assert "disabled" in answer["left_out"][0]["reason"]


async def test_a_battery_without_panels_adds_none(home: Home) -> None:
    """It counts their energy all the same."""
    home.hass.states.async_set(home.entity("TITAN-0001_cumulative_production"), "0.0")
    answer = await call(home.hass, TITAN)
    assert kinds(answer["proposed"]) == ["battery", "grid"]
    assert kinds(answer["left_out"]) == ["solar"]


class Client:
    """Calls actions as the demo's connection does, without a server between."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Call those of ``hass``."""
        self.hass = hass

    async def action(self, name: str, *, response: bool = False, **data: object) -> Any:
        """Call one."""
        return await self.hass.services.async_call(*name.split("."), data, blocking=True, return_response=response)


async def test_the_demo_counts_its_sun_once(home: Home) -> None:
    """The gateway and the Titan of the demo look at the same panels and the same grid."""
    await set_up_energy(Client(home.hass))  # type: ignore[arg-type]
    chosen = await kept(home.hass)
    assert kinds(chosen["energy_sources"]) == ["grid", "solar", "battery"]
    assert chosen["energy_sources"][1]["stat_energy_from"] == home.entity(f"{SERIAL}_lifetime_production")
    assert len(chosen["device_consumption"]) == 1


@pytest.mark.parametrize(("language", "word"), [("fr", "Panneaux solaires"), ("de", "Solarmodule"), ("xx", "Solar panels")])
async def test_words_are_in_the_language_of_the_house(home: Home, language: str, word: str) -> None:
    """English where there is no other."""
    home.hass.config.language = language
    assert any(word in each["words"] for each in (await call(home.hass, ENVOY))["proposed"])


@pytest.mark.parametrize("domain", [TITAN, V2C, ENVOY])
async def test_without_an_energy_dashboard_it_says_so(bare: Home, domain: str) -> None:
    """In words, not with a stack trace."""
    with pytest.raises(ServiceValidationError) as caught:
        await call(bare.hass, domain)
    assert caught.value.translation_key == "energy_not_loaded"


@pytest.mark.parametrize("domain", [TITAN, V2C, ENVOY])
async def test_without_a_device_it_says_so(hass: HomeAssistant, domain: str) -> None:
    """The action is there before any entry is."""
    for name in ("recorder", "history"):
        mock_integration(hass, MockModule(name))
    assert await async_setup_component(hass, "energy", {})
    assert await async_setup_component(hass, domain, {})
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, domain)
    assert caught.value.translation_key == "not_loaded"


@pytest.mark.parametrize("domain", [TITAN, V2C, ENVOY])
async def test_only_an_administrator_may(hass: HomeAssistant, hass_read_only_user: MockUser, domain: str) -> None:
    """The preferences are everybody's."""
    assert await async_setup_component(hass, domain, {})
    guest = Context(user_id=hass_read_only_user.id)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(domain, ACTION, {"apply": True}, blocking=True, return_response=True, context=guest)
