"""Who may do what: an action asks for the right to control what it acts on, and some ask for an administrator."""

from collections.abc import AsyncGenerator
from typing import Any

from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.energy_core.device import Device
from custom_components.titan_izypower import services as titan_services
from custom_components.titan_izypower.titan import control, device
from custom_components.v2c_cloud.actions import ACCOUNT_ACTIONS, ACTIONS
from custom_components.v2c_cloud.v2c import lan
from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.titan_izypower.ha import house as titan_house
from tests.v2c_cloud.ha import house as v2c_house
from tests.v2c_cloud.ha.test_actions import CASES, PROFILE, STAMP

TITAN, V2C = "titan_izypower", "v2c_cloud"
ORDERS: dict[str, dict[str, Any]] = {
    "charge": {"power": 500}, "discharge": {"power": 500}, "stop": {}, "set_realtime_mode": {},
}  # fmt: skip
REST: dict[str, dict[str, Any]] = {
    "wake_car": {},
    "update_rfid_tag": {"code": "aa23b601", "tag": "Anna"},
    "delete_rfid": {"code": "aa23b601"},
    "update_power_profile": PROFILE,
    "get_power_profile": {"timestamp": STAMP},
    "delete_power_profile": {"name": "Night", "updated_at": STAMP},
    "get_global_statistics": {},
}
CHARGER: dict[str, dict[str, Any]] = {name: data for name, data, _ in CASES} | REST
# Who the box talks to, and who may charge: no entity can set these.
ADMINS_ONLY = {
    "set_wifi_credentials", "scan_wifi_networks", "set_inverter_ip", "set_ocpp_id", "set_ocpp_address",
    "register_rfid", "add_rfid_card", "update_rfid_tag", "delete_rfid",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the waiting out of pacing, whose tests stand elsewhere."""
    monkeypatch.setattr(device, "REQUEST_GAP", 0.0)
    monkeypatch.setattr(control, "ORDER_GAP", dict.fromkeys(control.ORDER_GAP, 0.0))
    monkeypatch.setattr(control, "QUIET", 0.0)
    monkeypatch.setattr(lan, "GAP", 0.0)
    monkeypatch.setattr(Device, "settle", (0.0, 0.01, 0.02, 0.05, 0.1))


@pytest.fixture
async def titan(hass: HomeAssistant) -> AsyncGenerator[TitanSimulator]:
    """A unit that is set up."""
    async with TitanSimulator() as sim:
        await titan_house.add(hass, sim)
        sim.writes.clear()
        yield sim


@pytest.fixture
async def cloud(hass: HomeAssistant) -> AsyncGenerator[V2CCloudSimulator]:
    """A charger that is set up, on both its ways."""
    async with TrydanSimulator(device_id=v2c_house.DEVICE) as sim, V2CCloudSimulator([sim]) as simulated:
        await v2c_house.add_both(hass, simulated, sim)
        simulated.calls.clear()
        yield simulated


async def act(hass: HomeAssistant, domain: str, name: str, data: dict[str, Any], user_id: str | None) -> Any:
    """Run an action as a user."""
    return await hass.services.async_call(domain, name, data, blocking=True, context=Context(user_id=user_id))


async def resident(hass: HomeAssistant, policy: dict[str, Any] | None = None) -> MockUser:
    """Return somebody who lives there and is no administrator, with the rights of such people or with ``policy``."""
    user = MockUser(groups=[await hass.auth.async_get_group(GROUP_ID_USER)]).add_to_hass(hass)
    if policy is not None:
        user.mock_policy(policy)
    return user


async def test_every_action_is_looked_at(hass: HomeAssistant, titan: TitanSimulator, cloud: V2CCloudSimulator) -> None:
    """A new one has to say who may call it; the dashboard's has a test of its own."""
    assert set(ORDERS) == set(titan_services.VERBS)
    assert set(CHARGER) == {*ACTIONS, *ACCOUNT_ACTIONS}
    known = {domain: set(hass.services.async_services_for_domain(domain)) for domain in (TITAN, V2C)}
    assert known[TITAN] - set(ORDERS) == known[V2C] - set(CHARGER) == {"set_up_energy_dashboard"}


@pytest.mark.parametrize("named", [False, True])
async def test_a_guest_gives_the_battery_no_orders(
    hass: HomeAssistant, titan: TitanSimulator, hass_read_only_user: MockUser, named: bool
) -> None:
    """Neither by naming the unit nor without; and nothing is sent."""
    more = {"entity_id": titan_house.entity(hass, "battery_soc")} if named else {}
    for name, data in ORDERS.items():
        with pytest.raises(Unauthorized):
            await act(hass, TITAN, name, data | more, hass_read_only_user.id)
    assert titan.writes == []


async def test_a_guest_tells_the_charger_nothing(
    hass: HomeAssistant, cloud: V2CCloudSimulator, hass_read_only_user: MockUser
) -> None:
    """Nor does a guest spend a call of the account, or see its books."""
    for name, data in CHARGER.items():
        with pytest.raises(Unauthorized):
            await act(hass, V2C, name, data, hass_read_only_user.id)
    assert cloud.calls == []


async def test_what_reconfigures_a_charger_is_for_administrators(hass: HomeAssistant, cloud: V2CCloudSimulator) -> None:
    """Its network, its masters and its cards; all else anybody may who may use its switches."""
    user = await resident(hass)
    refused = set()
    for name, data in CHARGER.items():
        try:
            await act(hass, V2C, name, data, user.id)
        except Unauthorized:
            refused.add(name)
        except HomeAssistantError:
            continue
    assert refused == ADMINS_ONLY
    assert not {each.path for each in cloud.calls} & {"/device/wifi", "/device/wifilist", "/device/rfid/tag", "/device/ocpp_id"}


@pytest.mark.parametrize("who", ["administrator", "automation", "resident"])
async def test_the_others_may(hass: HomeAssistant, titan: TitanSimulator, hass_admin_user: MockUser, who: str) -> None:
    """Administrators, people who live there, and automations, which nobody's name is on."""
    users = {"administrator": hass_admin_user.id, "automation": None, "resident": (await resident(hass)).id}
    await act(hass, TITAN, "charge", {"power": 500}, users[who])
    assert titan_house.orders(titan)


async def test_each_unit_is_asked_for(hass: HomeAssistant, cloud: V2CCloudSimulator) -> None:
    """Who may control the lamp, may not for that control the charger; one entity of it is enough."""
    lamp = await resident(hass, {"entities": {"entity_ids": {"light.lamp": True}}})
    owner = await resident(hass, {"entities": {"entity_ids": {v2c_house.entity(hass, "charge_power"): {POLICY_CONTROL: True}}}})
    with pytest.raises(Unauthorized):
        await act(hass, V2C, "get_connected_status", {}, lamp.id)
    await act(hass, V2C, "get_connected_status", {}, owner.id)
    await act(hass, V2C, "get_global_statistics", {}, owner.id)
    assert len(cloud.calls) == 2


async def test_an_administrator_needs_no_entity(hass: HomeAssistant, cloud: V2CCloudSimulator, hass_admin_user: MockUser) -> None:
    """All of a charger's entities may be gone."""
    registry = er.async_get(hass)
    for entry in list(registry.entities.values()):
        registry.async_remove(entry.entity_id)
    await act(hass, V2C, "get_global_statistics", {}, hass_admin_user.id)
    assert len(cloud.calls) == 1


async def test_who_is_gone_may_nothing(hass: HomeAssistant, titan: TitanSimulator) -> None:
    """A token may outlive its user by a moment."""
    with pytest.raises(UnknownUser):
        await act(hass, TITAN, "stop", {}, "nobody")
    assert titan.writes == []
