"""What the programs could do that these integrations take the place of: a frozen list, in our own words.

Each feature has the id of the brief that found it, and what gives it here: keys of entities, actions, events, fields of
forms, or a passage of the docs. ``test_readme.py`` looks each up in the tables of the README, and in the code.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Feature:
    """One feature, and what gives it."""

    id: str
    words: str
    gives: tuple[str, ...]


def _each(prefix: str, domain: str, names: str) -> tuple[Feature, ...]:
    """Return a feature for each of ``names``, which kept their names here."""
    lead = f"{domain}." if domain else ""
    return tuple(Feature(f"{prefix}{index:02}", name, (f"{lead}{name}",)) for index, name in enumerate(names.split(), 1))


TITAN: Final = (
    *_each("TF", "", "host port scan_interval model transport unit_id"),
    *_each(
        *("TV", ""),
        "dc_input_power_1 dc_input_power_2 dc_input_power_3 dc_input_power_4 dc_input_power ac_output_power ac_input_power "
        "battery_power meter_power daily_production cumulative_production battery_daily_charging_energy "
        "battery_daily_discharging_energy battery_total_charging_energy battery_total_discharging_energy battery_soc "
        "battery_state working_mode meter_connection",
    ),
    *_each("TA", "titan_izypower", "set_realtime_mode charge discharge stop"),
    Feature("TX01", "settings can be changed", ("backup_soc", "output_limit", "feed_in_limit", "charge_limit", "energy_mode")),
    Feature("TX02", "more settings as switches", ("grid_charging", "bypass", "led")),
    Feature("TX03", "each battery pack", ("pack_soc", "pack_soh", "pack_cycles", "pack_temperature")),
    Feature("TX04", "alarms", ("alarm", "problem", "happening")),
    Feature("TX05", "remaining times", ("remaining_charge_time", "remaining_discharge_time")),
    Feature("TX06", "a power that an automation can slide", ("power_setpoint",)),
)

_SOLAR: Final = "docs/solar_charging.md"
_SESSIONS: Final = "docs/v2c.md#sessions-statistics-and-calendar"
_BUDGET: Final = "docs/v2c.md#from-the-cloud"
_PROFILES: Final = tuple(f"v2c_cloud.{verb}" for verb in ("create_power_profile", "list_power_profiles", "delete_power_profile"))
_LAST: Final = ("start", "end", "duration", "energy", "cost", "badge", "message")

V2C: Final = (
    Feature("J01", "live state out of the cloud", ("charge_state", "data_source")),
    Feature("J02", "whether the cloud reaches the charger", ("connected_status", "v2c_cloud.get_connected_status")),
    Feature("J03", "card reader on and off", ("rfid_reader",)),
    Feature("J04", "version of the firmware", ("firmware_version", "firmware")),
    Feature("J05", "start a charge", ("start_charge", "v2c_cloud.start_charge")),
    Feature("J06", "pause and resume", ("charging_pause", "pause_charge", "v2c_cloud.pause_charge")),
    Feature("J07", "stop, which is a pause", ("operating_mode", "pause_charge")),
    Feature("J08", "lock and unlock", ("lock", "locked", "v2c_cloud.set_locked")),
    Feature("J09", "current from 6 to 32 A", ("intensity_number", "v2c_cloud.set_charge_intensity")),
    Feature("J10", "dynamic mode on and off", ("dynamic", "v2c_cloud.set_dynamic")),
    Feature("J11", "solar mode", ("dynamic_power_mode", "v2c_cloud.set_fv_mode")),
    Feature("J12", "stop, charge, dynamic, solar in one choice", ("operating_mode", "v2c_cloud.set_operating_mode")),
    Feature("J13", "power profiles: create, list, delete", _PROFILES),
    Feature("J14", "apply a profile: no key can do it, and the docs say so", ("docs/v2c.md#known-limitations",)),
    Feature("J15", "energy and number of all sessions", ("total_energy", "total_sessions")),
    Feature(
        "J16", "list of sessions", (*(f"last_session_{each}" for each in _LAST), "sessions", "v2c_cloud.get_device_statistics")
    ),
    Feature("J17", "costs", ("last_session_cost", _SESSIONS)),
    Feature("J18", "values that follow the charger", ("local_update_interval",)),
    Feature("J19", "voltage of the mains", ("mains_voltage", "grid_voltage")),
    Feature("J20", "power of car, house and sun", ("charge_power", "house_power", "fv_power")),
    Feature("J21", "what the charger does, in detail", ("charge_state", "charging", "plugged", "fault")),
    Feature("J22", "time and energy of the session", ("session_time", "session_energy", "charge_time", "charge_energy")),
    Feature("J23", "firmware on display", ("firmware_version",)),
    Feature("J24", "history, scenarios, notifications", ("happening", "fault", _SESSIONS)),
    Feature("J25", "how often values come", ("local_update_interval", "budget_share")),
    Feature("J26", "ask now", ("refresh",)),
    Feature("J27", "set-up by token and charger", ("api_key", "host")),
    Feature("J28", "charging by the sun, cards, consumption", (_SOLAR, "docs/blueprints.md", "rfid_cards", "session_energy")),
    Feature("C01", "set-up by an API key alone", ("api_key",)),
    Feature("C02", "another address of the cloud", ("base_url",)),
    Feature("C03", "local network first, cloud for the rest", ("data_source", _BUDGET)),
    Feature("C04", "fewer calls than the account allows", ("calls_left", "calls_limit", _BUDGET)),
    Feature("C05", "commands on the local network", ("dynamic", "locked", "intensity_number", "charging_pause")),
    Feature("C06", "actions that fire an event", ("v2c_cloud.scan_wifi_networks", "v2c_cloud_wifi_scan")),
    Feature("C07", "what is left of the calls", ("calls_left", "calls_limit")),
    Feature("C08", "a device for each charger", ("device_identifier",)),
    Feature("C09", "cards, firmware and chargers seldom", (_BUDGET,)),
    Feature("C10", "no state that jumps back after a command", ("data_source", _BUDGET)),
    *_each(
        *("C11-", ""),
        "device_identifier firmware_version charge_state ready_state timer_state locked_state paused_state dynamic_state",
    ),
    *_each("C12-", "", "charge_power charge_energy charge_time house_power fv_power battery_power contracted_power"),
    *_each("C13-", "", "intensity_value min_intensity max_intensity pause_dynamic dynamic_power_mode"),
    *_each("C14-", "", "grid_voltage wifi_ssid wifi_ip signal_status slave_error"),
    *_each("C15-", "", "connected_status"),
    *_each("C16-", "", "dynamic locked charging_pause logo_led rfid_reader ocpp_enabled"),
    *_each("C17-", "", "installation_type slave_type language dynamic_power_mode"),
    *_each("C18-", "", "intensity_number min_intensity_number max_intensity_number contracted_power_number max_power_number"),
    *_each("C19-", "", "reboot trigger_update"),
    *_each(
        *("C20-", "v2c_cloud"),
        "set_wifi_credentials program_timer set_ocpp_enabled set_ocpp_id set_ocpp_address set_inverter_ip "
        "set_installation_voltage trigger_update register_rfid add_rfid_card update_rfid_tag delete_rfid "
        "set_charge_stop_energy set_charge_stop_minutes start_charge_for_energy start_charge_for_minutes "
        "create_power_profile update_power_profile get_power_profile delete_power_profile list_power_profiles "
        "get_device_statistics get_global_statistics scan_wifi_networks",
    ),
    *_each(
        *("C20-P", "v2c_cloud"),
        "start_charge pause_charge set_charge_intensity set_locked set_dynamic set_fv_mode set_max_car_intensity "
        "set_min_car_intensity set_denka_max_power get_connected_status",
    ),
    *_each(
        *("C21-", ""),
        "v2c_cloud_wifi_scan v2c_cloud_device_statistics v2c_cloud_global_statistics v2c_cloud_power_profiles",
    ),
    Feature("C22", "diagnostics to download", ("docs/v2c.md#diagnostics-and-privacy",)),
    Feature("C23", "a log of its own", ("docs/v2c.md#troubleshooting",)),
)

_METER: Final = ("power", "energy_delivered", "energy_received", "voltage", "current", "frequency", "powerfactor")
_STATES: Final = ("metering_status", "status_flags")
_METERS: Final = ("production", "total_consumption", "backfeed", "load", "evse", "pv3p")

ENVOY: Final = (
    Feature("A01", "production now, today, in the week, ever", ("production", "daily_production", "seven_days_production")),
    Feature("A02", "export of the day", ("daily_export",)),
    Feature("A03", "consumption now, today, in the week, ever", ("consumption", "daily_consumption", "seven_days_consumption")),
    Feature(
        *("A04", "net now, today, in the week, ever"),
        ("net_consumption", "daily_net_consumption", "seven_days_net_consumption", "lifetime_balanced_net_consumption"),
    ),
    Feature("A05", "import of the day", ("daily_import",)),
    Feature("A06", "import and export now", ("import_power", "export_power")),
    Feature("A07", "each phase of a three-phase site", ("_l1", "_l2", "_l3", "phases")),
    Feature("A08", "power and level of the storage", ("battery_power", "battery_level", "acb_power", "acb_soc")),
    Feature("A09", "each inverter: power, maximum, energy of the day", ("{inv}", "max_reported", "energy_today")),
    Feature("A10", "start and stop by the surplus, with thresholds", ("docs/surplus_levels.md",)),
    Feature("A11", "an interval down to a second", ("scan_interval", "docs/envoy.md#options")),
    Feature("A12", "account or token, renewed by itself", ("username", "password", "token", "renew_token", "token_expires")),
    Feature("A13", "address of the gateway", ("host",)),
    Feature("A14", "reactive and apparent power, current, power factor", ("net_ct_apparent_power", "net_ct_reactive_power")),
    Feature("A15", "energies of the storage", ("available_energy", "max_capacity", "reserve_energy")),
    Feature("B01", "number of inverters and batteries", ("inverter_count", "battery_count")),
    Feature("B02", "state, level and power of the battery", ("battery_state", "battery_level", "battery_power")),
    Feature("B03", "each inverter: provisioned, communicating, producing", ("provisioned", "communicating", "producing")),
    Feature(
        "B04",
        "each battery: level, power, highest power, temperature",
        ("soc", "real_power_mw", "max_power", "max_cell_temperature"),
    ),
    Feature("B05", "firmware before 7: a password", ("password",)),
    Feature("B06", "find all devices", ("rescan",)),
    # Home Assistant's own integration: its keys are the contract.
    *_each(
        *("H1-", ""),
        "production daily_production seven_days_production lifetime_production consumption daily_consumption "
        "seven_days_consumption lifetime_consumption balanced_net_consumption lifetime_balanced_net_consumption "
        "lifetime_net_consumption lifetime_net_production net_consumption",
    ),
    *_each("H2-", "", "voltage frequency net_ct_current net_ct_powerfactor net_consumption_ct_metering_status"),
    *_each("H3-", "", " ".join(f"{meter}_ct_{each}" for meter in _METERS for each in (*_METER, *_STATES))),
    *_each(
        *("H4-", ""),
        "lifetime_battery_discharged lifetime_battery_charged battery_discharge storage_voltage storage_ct_current "
        "storage_ct_frequency storage_ct_powerfactor storage_ct_metering_status storage_ct_status_flags",
    ),
    *_each(
        *("H5-", ""),
        "max_reported last_reported dc_voltage dc_current ac_voltage ac_current ac_frequency temperature lifetime_energy "
        "energy_today energy_produced last_report_duration",
    ),
    *_each("H6-", "", "battery_level reserve_soc available_energy reserve_energy max_capacity"),
    *_each("H7-", "", "soc real_power_mw apparent_power_mva temperature last_reported communicating dc_switch"),
    *_each(
        *("H8-", ""),
        "acb_power acb_soc acb_battery_state acb_available_energy acb_aggregate_sleep_state acb_sleep acb_wake acb_sleep_soc "
        "acb_battery_soc acb_battery_temperature acb_battery_charge_status acb_battery_sleep_state "
        "acb_battery_sleep_soc_target acb_battery_power acb_battery_last_reported "
        "aggregated_soc aggregated_available_energy aggregated_max_battery_capacity",
    ),
    *_each("H9-", "", "mains_oper_state mains_admin_state grid_state admin_state_str mid_state"),
    *_each(
        *("H10-", ""),
        "storage_mode charge_from_grid relay_status mode soc_low soc_high grid_action microgrid_action generator_action",
    ),
    Feature("H11", "raw answers in the diagnostics", ("diagnostics_include_fixtures",)),
)

FEATURES: Final = {"titan_izypower": TITAN, "v2c_cloud": V2C, "enphase_envoy": ENVOY}
