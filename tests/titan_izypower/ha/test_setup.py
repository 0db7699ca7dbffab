"""Adding, changing and removing a Titan in the UI."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from homeassistant.components.modbus.connection import DATA_MODBUS_CONNECTIONS, async_get_unit
from homeassistant.config_entries import SOURCE_DHCP, SOURCE_ZEROCONF, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from modbus_connection import ModbusTlsParams
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.titan_izypower import connect
from custom_components.titan_izypower.const import DOMAIN
from custom_components.titan_izypower.titan import modbus, opendata
from simulators.titan import TitanSimulator
from tests.titan_izypower.ha.house import HOST, SERIAL, act, add, begin, form, poll, settle, state


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modbus, "ANSWER_WITHIN", 0.3)
    monkeypatch.setattr(modbus, "DEADLINE", 0.4)
    monkeypatch.setattr(opendata, "DEADLINE", 0.5)
    monkeypatch.setattr(connect, "PROBE_DEADLINE", 0.5)


@pytest.fixture(autouse=True)
def _usual_ports(monkeypatch: pytest.MonkeyPatch, sim: TitanSimulator) -> None:
    """Let the unit's own ports be the vendor's default ones."""
    monkeypatch.setattr(connect, "MODBUS_PORT", sim.modbus_port)
    monkeypatch.setattr(connect, "OPENDATA_PORT", sim.http_port)


async def submit(hass: HomeAssistant, flow: str, **data: Any) -> dict[str, Any]:
    """Send a form and return the next step."""
    return dict(await hass.config_entries.flow.async_configure(flow, data))


async def test_modbus_on_the_given_port_is_found_first(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """The serial number is the web server's, because Modbus alone may not show it."""
    result = await submit(hass, await begin(hass), **form(sim))
    await settle(hass)
    assert result["type"] == "create_entry"
    assert result["result"].unique_id == SERIAL
    assert result["title"] == "Titan 2400"
    assert result["data"] == {
        "host": HOST,
        "port": sim.modbus_port,
        "model": "titan_2400",
        "transport": "auto",
        "unit_id": 1,
        "wire": "modbus_tcp",
        "serials": result["data"]["serials"],
    }
    assert result["data"]["serials"]["device"] == SERIAL
    assert result["options"] == {"scan_interval": 30}


async def test_an_http_port_typed_into_the_form_works_too(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """The user need not know which wire listens on which port."""
    entry = await add(hass, sim, "opendata")
    assert entry.data["wire"] == "opendata"
    assert entry.unique_id == SERIAL


async def test_closed_modbus_falls_back_and_says_what_to_switch_on(
    hass: HomeAssistant, sim: TitanSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry is made over HTTP, with a hint at the switch in the App."""
    monkeypatch.setattr("custom_components.titan_izypower.config_flow.MODBUS_PORT", sim.modbus_port)
    sim.faults.modbus = "refuse"
    result = await submit(hass, await begin(hass), **form(sim))
    await settle(hass)
    assert result["type"] == "create_entry"
    assert (result["data"]["wire"], result["data"]["port"]) == ("opendata", sim.http_port)
    assert result["description"] == "opendata_only"
    assert result["description_placeholders"]["firmware"]


@pytest.mark.parametrize("transport", ["modbus_tcp", "opendata"])
async def test_a_chosen_wire_is_not_replaced_by_another(hass: HomeAssistant, sim: TitanSimulator, transport: str) -> None:
    """Whoever chooses the transport gets that one or an error."""
    wrong = "opendata" if transport == "modbus_tcp" else "modbus_tcp"
    flow = await begin(hass)
    result = await submit(hass, flow, **form(sim, wrong, transport=transport))
    assert result["type"] == "form"
    assert result["errors"]["base"] in ("not_titan", "timeout", "cannot_connect")
    result = await submit(hass, flow, **form(sim, transport, transport=transport))
    await settle(hass)
    assert result["type"] == "create_entry"
    assert result["data"]["wire"] == transport


@pytest.mark.parametrize(
    ("modbus_fault", "http_fault", "error"),
    [
        ("refuse", "refuse", "cannot_connect"),
        ("half_open", "half_open", "timeout"),
        ("http_server", "refuse", "not_titan"),
        ("solarman", "refuse", "not_titan"),
        ("other_device", "refuse", "not_titan"),
        ("other_device:registers", "refuse", "not_titan"),
        ("refuse", "html", "not_titan"),
        ("refuse", "status:500", "not_titan"),
        ("refuse", "truncated", "not_titan"),
        ("refuse", "unauthorized", None),
    ],
)
async def test_whoever_else_answers_is_recognised_and_the_form_recovers(
    hass: HomeAssistant, sim: TitanSimulator, modbus_fault: str, http_fault: str, error: str | None
) -> None:
    """Each wrong address has its own advice, and the right one works afterwards."""
    sim.faults.modbus, sim.faults.http = modbus_fault, http_fault
    flow = await begin(hass)
    result = await submit(hass, flow, **form(sim))
    assert result["type"] == "form"
    if error is None:
        assert result["step_id"] == "password"
        sim.faults.clear()
        result = await submit(hass, flow, password="12345678")
    else:
        assert result["errors"] == {"base": error}
        sim.faults.clear()
        result = await submit(hass, flow, **form(sim))
    await settle(hass)
    assert result["type"] == "create_entry"


async def test_an_unknown_host_is_told_at_once(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A name that nobody knows is not tried on four ports."""
    result = await submit(hass, await begin(hass), **form(sim, host="no-such-host.invalid"))
    assert result["errors"] == {"base": "cannot_connect"}


async def test_a_wrong_unit_id_finds_no_unit(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A unit that only says no is none of ours."""
    result = await submit(hass, await begin(hass), **form(sim, unit_id=7, transport="modbus_tcp"))
    assert result["type"] == "form"
    assert result["errors"]["base"] in ("not_titan", "cannot_connect")


async def test_the_digest_password_is_asked_for_and_checked(hass: HomeAssistant) -> None:
    """A wrong password is told; the right one is kept."""
    async with TitanSimulator(digest_password="sesame", modbus_enabled=False) as sim:
        flow = await begin(hass)
        result = await submit(hass, flow, **form(sim, "opendata", transport="opendata"))
        assert (result["step_id"], result["errors"]) == ("password", {})
        result = await submit(hass, flow, password="wrong")
        assert result["errors"] == {"base": "invalid_auth"}
        result = await submit(hass, flow, password="sesame")
        await settle(hass)
        assert result["type"] == "create_entry"
        entry = result["result"]
        assert entry.data["password"] == "sesame"
        await hass.config_entries.async_unload(entry.entry_id)


async def test_a_password_that_changes_is_asked_for_again(hass: HomeAssistant) -> None:
    """The reauthentication keeps the entry."""
    async with TitanSimulator(digest_password="sesame", modbus_enabled=False) as sim:
        flow = await begin(hass)
        await submit(hass, flow, **form(sim, "opendata", transport="opendata"))
        entry = (await submit(hass, flow, password="sesame"))["result"]
        await settle(hass)
        sim.options.digest_password = "other"
        await poll(hass, entry)
        (flow_in_progress,) = hass.config_entries.flow.async_progress()
        assert flow_in_progress["context"]["source"] == "reauth"
        assert flow_in_progress["step_id"] == "reauth_confirm"
        result = await submit(hass, flow_in_progress["flow_id"], password="still wrong")
        assert result["errors"] == {"base": "invalid_auth"}
        sim.options.serial = "SOMEBODY-ELSE"
        sim.set("Pack serial main", "OTHERPACK")
        sim.set("9008", "OTHERPACK")
        stranger = await submit(hass, flow_in_progress["flow_id"], password="other")
        assert (stranger["type"], stranger["reason"]) == ("abort", "other_unit")
        sim.options.serial = SERIAL
        sim.clear()
        entry.async_start_reauth(hass)
        await settle(hass)
        (flow_in_progress,) = hass.config_entries.flow.async_progress()
        result = await submit(hass, flow_in_progress["flow_id"], password="other")
        await settle(hass)
        assert result["reason"] == "reauth_successful"
        assert entry.state is ConfigEntryState.LOADED
        await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("wire", ["modbus_tcp", "opendata"])
async def test_the_same_unit_is_not_added_twice(hass: HomeAssistant, sim: TitanSimulator, wire: str) -> None:
    """Neither over the same wire nor over the other."""
    await add(hass, sim)
    result = await submit(hass, await begin(hass), **form(sim, wire))
    assert (result["type"], result["reason"]) == ("abort", "already_configured")


async def test_a_unit_known_by_its_pack_only_is_not_added_twice(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Without the web server Modbus may show the main pack's serial number alone."""
    sim.options.sunspec, sim.faults.http = False, "refuse"
    entry = await add(hass, sim)
    assert (entry.unique_id or "").startswith("pack-")
    sim.faults.clear()
    result = await submit(hass, await begin(hass), **form(sim, "opendata"))
    assert result["reason"] == "already_configured"


async def test_reconfigure_moves_to_the_other_wire_and_refuses_another_unit(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Address and transport change in place; identity does not."""
    entry = await add(hass, sim)
    result = dict(await entry.start_reconfigure_flow(hass)) if hasattr(entry, "start_reconfigure_flow") else {}
    if not result:
        result = dict(
            await hass.config_entries.flow.async_init(DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id})
        )
    async with TitanSimulator(serial="SIM-TITAN-0002", packs=0) as stranger:
        stranger.set("Pack serial main", "OTHERPACK")
        answer = form(stranger)
        del answer["scan_interval"]
        refused = await submit(hass, result["flow_id"], **answer)
        assert (refused["type"], refused["reason"]) == ("abort", "other_unit")
    result = dict(
        await hass.config_entries.flow.async_init(DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id})
    )
    answer = form(sim, "opendata", transport="opendata")
    del answer["scan_interval"]
    done = await submit(hass, result["flow_id"], **answer)
    await settle(hass)
    assert done["reason"] == "reconfigure_successful"
    assert (entry.data["wire"], entry.data["port"], entry.unique_id) == ("opendata", sim.http_port, SERIAL)
    assert entry.state is ConfigEntryState.LOADED


ANNOUNCEMENT = ZeroconfServiceInfo(
    ip_address=ip_address(HOST),
    ip_addresses=[ip_address(HOST)],
    hostname=f"{SERIAL}.local.",
    name="igen_fw123._http._tcp.local.",
    port=80,
    properties={},
    type="_http._tcp.local.",
)


async def test_a_unit_that_announces_itself_is_offered(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """The user only says which model it is."""
    result = dict(await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=ANNOUNCEMENT))
    assert result["step_id"] == "confirm"
    assert result["description_placeholders"]["host"] == HOST
    result = await submit(hass, result["flow_id"], model="titan_pro", scan_interval=60)
    await settle(hass)
    assert result["type"] == "create_entry"
    assert result["result"].unique_id == SERIAL
    assert result["options"] == {"scan_interval": 60}


async def test_what_announces_itself_and_does_not_answer_is_left_alone(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """No form for a unit whose interfaces are off."""
    sim.faults.modbus = sim.faults.http = "refuse"
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=ANNOUNCEMENT)
    assert (result["type"], result["reason"]) == ("abort", "cannot_connect")


async def test_a_known_unit_is_followed_to_its_new_address(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Zeroconf and DHCP update the host of the entry, and nothing else."""
    entry = await add(hass, sim)
    moved = replace(ANNOUNCEMENT, ip_address=ip_address("127.0.0.2"), ip_addresses=[ip_address("127.0.0.2")])
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=moved)
    assert (result["type"], result["reason"]) == ("abort", "already_configured")
    assert entry.data["host"] == "127.0.0.2"
    await settle(hass)
    lease = DhcpServiceInfo(ip=HOST, hostname="titan", macaddress="7c3e82000001")
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_DHCP}, data=lease)
    assert (result["type"], result["reason"]) == ("abort", "already_configured")
    assert entry.data["host"] == HOST
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED


async def test_two_announcements_are_one_form(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """The second is already_in_progress."""
    await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=ANNOUNCEMENT)
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=ANNOUNCEMENT)
    assert (result["type"], result["reason"]) == ("abort", "already_in_progress")


async def test_a_discovered_unit_that_fell_silent_can_be_tried_again(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """The form stays and says why."""
    result = dict(await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_ZEROCONF}, data=ANNOUNCEMENT))
    sim.faults.modbus = sim.faults.http = "refuse"
    result = await submit(hass, result["flow_id"], model="titan_pro", scan_interval=60)
    assert (result["step_id"], result["errors"]) == ("confirm", {"base": "cannot_connect"})
    sim.faults.clear()
    result = await submit(hass, result["flow_id"], model="titan_pro", scan_interval=60)
    await settle(hass)
    assert result["type"] == "create_entry"


async def test_a_lease_of_an_unmoved_unit_changes_nothing(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """No reload for an address that is known."""
    entry = await add(hass, sim)
    runtime = entry.runtime_data
    lease = DhcpServiceInfo(ip=HOST, hostname="titan", macaddress="7c3e82000001")
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_DHCP}, data=lease)
    await settle(hass)
    assert (result["type"], result["reason"]) == ("abort", "already_configured")
    assert entry.runtime_data is runtime


@pytest.mark.parametrize("host", ["a" * 70 + ".local", ".", "x..y"])
async def test_what_cannot_be_a_host_is_told(hass: HomeAssistant, sim: TitanSimulator, host: str) -> None:
    """No traceback for a slip of the keyboard."""
    result = await submit(hass, await begin(hass), **form(sim, host=host))
    assert result["type"] == "form"
    assert result["errors"]["base"] == "cannot_connect"


async def test_a_failed_reconfiguration_keeps_the_form(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """And the entry as it was."""
    entry = await add(hass, sim)
    opened = {"source": "reconfigure", "entry_id": entry.entry_id}
    result = dict(await hass.config_entries.flow.async_init(DOMAIN, context=opened))
    assert result["step_id"] == "reconfigure"
    sim.faults.modbus = sim.faults.http = "refuse"
    answer = form(sim)
    del answer["scan_interval"]
    result = await submit(hass, result["flow_id"], **answer)
    assert (result["step_id"], result["errors"]) == ("reconfigure", {"base": "cannot_connect"})
    sim.faults.clear()
    result = await submit(hass, result["flow_id"], **answer)
    await settle(hass)
    assert result["reason"] == "reconfigure_successful"


async def test_a_link_that_somebody_else_uses_otherwise_is_told(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Two settings for one connection cannot both be honoured: neither in the form nor at set-up."""
    entry = await add(hass, sim)
    await hass.config_entries.async_unload(entry.entry_id)
    holder = MockConfigEntry(domain="modbus")
    holder.add_to_hass(hass)
    params = ModbusTlsParams(host=HOST, port=sim.modbus_port)
    async_get_unit(hass, holder, params, 9)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "link_conflict"
    result = await submit(hass, await begin(hass), **form(sim, transport="modbus_tcp"))
    assert result["errors"] == {"base": "link_conflict"}
    await holder._async_process_on_unload(hass)


async def test_the_older_class_is_recognised_over_http(hass: HomeAssistant) -> None:
    """Other points, other limits, same entities where it has them; the options say what holds."""
    async with TitanSimulator(model_type="BK1600", modbus_enabled=False, packs=0, pv_inputs=2) as sim:
        sim.set("21028", 123)
        entry = await add(hass, sim, "opendata", transport="opendata")
        assert entry.data["wire"] == "opendata_gen1"
        assert state(hass, "meter_power").state == "123"
        result = await hass.config_entries.options.async_init(entry.entry_id)
        usual = {str(key): key.default() for key in result["data_schema"].schema}
        assert (usual["max_charge_power"], usual["max_discharge_power"]) == (1200, 800)
        answer = await act(hass, "charge", power=1200)
        assert answer["applied"] is True
        with pytest.raises(ServiceValidationError):
            await act(hass, "discharge", power=900)
        await hass.config_entries.async_unload(entry.entry_id)
        result = await hass.config_entries.options.async_configure(result["flow_id"], usual)
        assert result["type"] == "create_entry"


async def test_a_bug_of_ours_does_not_end_the_form(
    hass: HomeAssistant, sim: TitanSimulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The user may try again, and the log has the trace."""
    flow = await begin(hass)
    monkeypatch.setattr(connect, "candidates", lambda _: [("telepathy",)])
    result = await submit(hass, flow, **form(sim))
    assert result["errors"] == {"base": "unknown"}
    assert "Unexpected error" in caplog.text
    monkeypatch.undo()


async def test_a_new_unit_in_a_lease_is_offered(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A lease alone says nothing; the unit is asked."""
    lease = DhcpServiceInfo(ip=HOST, hostname="titan", macaddress="7c3e82000001")
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_DHCP}, data=lease)
    assert result["step_id"] == "confirm"


async def test_options_apply_at_once_and_stop_nothing(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """No reload: an order that runs goes on."""
    entry = await add(hass, sim)
    await hass.services.async_call(DOMAIN, "charge", {"power": 600}, blocking=True)
    runtime, orders = entry.runtime_data, len(sim.writes)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    chosen = {
        "scan_interval": 5,
        "max_charge_power": 700,
        "max_discharge_power": 800,
        "fail_safe": "leave",
        "battery_power_sign": "auto",
        "settings_writes_per_day": 9,
    }
    result = await hass.config_entries.options.async_configure(result["flow_id"], chosen)
    await settle(hass)
    assert result["type"] == "create_entry"
    assert entry.options == chosen
    assert entry.runtime_data is runtime
    assert runtime.interval == 5
    assert runtime.device.settings_budget.limit == 9
    assert (runtime.control.limits.charge, runtime.control.limits.discharge) == (700, 800)
    assert len(sim.writes) == orders
    assert sim.house.order[1] == 600


async def test_nothing_is_left_after_unloading_and_removing(
    hass: HomeAssistant, sim: TitanSimulator, hass_storage: dict[str, Any]
) -> None:
    """No socket, no connection in the shared pool, no file."""
    entry = await add(hass, sim)
    store = f"{DOMAIN}.{entry.entry_id}"
    assert await hass.config_entries.async_unload(entry.entry_id)
    await settle(hass)
    assert not hass.data.get(DATA_MODBUS_CONNECTIONS)
    assert store in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    await settle(hass)
    assert store not in hass_storage
    assert er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id) == []


async def test_a_unit_that_is_off_is_tried_again(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Not ready, then ready, and the reason is a text of ours."""
    entry = await add(hass, sim)
    sim.faults.modbus = "refuse"
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "cannot_connect"
    sim.faults.clear()
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED


async def test_another_unit_at_the_old_address_is_refused_with_a_repair(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """Nothing it says is shown; when the right one is back, so is everything."""
    entry = await add(hass, sim)
    before = sim.options.serial
    sim.options.serial = "SOMEBODY-ELSE"
    sim.set("Pack serial main", "OTHERPACK")
    sim.house.load_w = 1234
    sim.faults.modbus = "reset_mid_frame*1"
    await poll(hass, entry)
    await poll(hass, entry)
    assert not entry.runtime_data.last_update_success
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"other_unit_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_key == "other_unit"
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "charge", power=500)
    assert raised.value.translation_key == "other_unit"
    assert sim.writes == []
    sim.options.serial = before
    sim.clear("Pack serial main")
    await poll(hass, entry)
    assert entry.runtime_data.last_update_success
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"other_unit_{entry.entry_id}") is None


async def test_packs_are_parts_of_the_unit_and_come_and_go(hass: HomeAssistant, sim: TitanSimulator) -> None:
    """A pack that is fitted later appears by itself; one that is gone may be removed by the user."""
    entry = await add(hass, sim)
    registry = dr.async_get(hass)

    def packs() -> dict[str, Any]:
        devices = dr.async_entries_for_parent_device(registry, entry.runtime_data.unit_id())
        return {identifier: each for each in devices for _, identifier in each.identifiers if "pack" in identifier}

    assert sorted(packs()) == [f"{SERIAL}_pack_{index}" for index in range(3)]
    sim.house.fit_packs(3)
    entry.runtime_data.device.expire("serials")
    await poll(hass, entry)
    await poll(hass, entry)
    assert f"{SERIAL}_pack_3" in packs()
    sim.house.fit_packs(1)
    entry.runtime_data.device.expire("serials")
    await poll(hass, entry)
    from custom_components.titan_izypower import async_remove_config_entry_device

    assert await async_remove_config_entry_device(hass, entry, packs()[f"{SERIAL}_pack_3"])
    assert not await async_remove_config_entry_device(hass, entry, packs()[f"{SERIAL}_pack_1"])
