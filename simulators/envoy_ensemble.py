"""Encharge batteries, Enpower, collar and combiner: the paths below /ivp/ensemble, and the live data."""

from typing import TYPE_CHECKING, Any, Final

from .envoy_inverters import ACB_WH

if TYPE_CHECKING:
    from .envoy_inverters import Inverters
    from .envoy_settings import Settings

type Json = dict[str, Any]

FIRST_ENCHARGE: Final = 122000000101
ENPOWER: Final = "122000000201"
COLLAR: Final = "122000000202"
COMBINER: Final = "122000000203"
RGM: Final = "122000000204"
LED_CHARGING, LED_DISCHARGING, LED_FULL, LED_LOW = 12, 13, 14, 17
ISLAND: Final[Json] = dict.fromkeys(("F", "V", "Vd_neg", "Vq_neg", "Vd_zero", "Vq_zero"), 0.0) | {"is_system_balanced": True}
QUIET: Final = 1.0
MILLI: Final = 1000.0
BIASES: Final = ("freq_bias_hz", "voltage_bias_v", "freq_bias_hz_q8", "voltage_bias_v_q5")


class Ensemble:
    """Answers for the batteries and for what stands between house and grid."""

    def __init__(self, inverters: Inverters, settings: Settings) -> None:
        """Show the house's battery as so many Encharges."""
        self.inverters = inverters
        self.settings = settings
        self.model = inverters.model
        self.options = inverters.options

    # -- what the batteries are ------------------------------------------------------------------------------------

    @property
    def serials(self) -> list[str]:
        """Serials of the Encharges."""
        return [str(FIRST_ENCHARGE + index) for index in range(self.options.encharges)]

    @property
    def capacity(self) -> int:
        """Energy of one Encharge, Wh."""
        known = self.options.encharge_capacity
        whole = self.model.house.battery.total_wh
        return known if known is not None else round(whole / max(1, self.options.encharges))

    @property
    def watts(self) -> float:
        """Power of all Encharges, + = discharging."""
        return self.model.powers.battery if self.options.encharges else 0.0

    @property
    def _soc(self) -> int:
        return round(self.model.house.soc) if self.options.encharges else 0

    def _led(self) -> int:
        if self.watts > QUIET:
            return LED_DISCHARGING
        if self.watts < -QUIET:
            return LED_CHARGING
        return LED_FULL if self.model.house.soc >= self.settings.reserved_soc else LED_LOW

    # -- /ivp/ensemble/inventory -----------------------------------------------------------------------------------

    def inventory(self) -> list[Json]:
        """Give the groups; a group may be there with no device in it."""
        options, found = self.options, []
        if options.encharges or options.phantom_encharge:
            found.append({"type": "ENCHARGE", "devices": [self._encharge(*pair) for pair in enumerate(self.serials)]})
        if options.enpower:
            found.append({"type": "ENPOWER", "devices": [self._enpower()]})
        if options.collar:
            found.append({"type": "COLLAR", "devices": [self._collar()]})
        if options.c6_combiner:
            found.append({"type": "C6 COMBINER CONTROLLER", "devices": [self._combiner()]})
            rgm = self._common("800-02403-r08", RGM)
            rgm = {name: rgm[name] for name in ("part_num", "serial_num", "installed")}
            found.append({"type": "C6 RGM", "devices": [rgm | {"FW Version": "2.2.1-D4119", "Device State": 80}]})
        return found

    def _common(self, part: str, serial: str) -> Json:
        now = int(self.model.epoch)
        installed = now - 30 * 86400
        return {
            "part_num": part,
            "serial_num": serial,
            "installed": installed,
            "device_status": ["envoy.global.ok", "prop.done"],
            "last_rpt_date": now - 30,
            "created_date": installed,
            "img_load_date": installed,
        }

    def _encharge(self, index: int, serial: str) -> Json:
        firmware, now = self.options.firmware, self.model.house.now
        young = firmware.since(8)
        degrees = 24 + index + now.hour // 12
        device = self._common("836-00750-r32", serial) | {
            "admin_state": 6,
            "admin_state_str": "ENCHG_STATE_READY",
            "img_pnum_running": "2.0.6727_rel/22.15",
            "bmu_fw_version": "2.1.34",
            "communicating": True,
            "sleep_enabled": False,
            "percentFull": self._soc,
            "temperature": degrees,
            "maxCellTemp": degrees + 1,
            "comm_level_sub_ghz": 5,
            "comm_level_2_4_ghz": 5,
            "led_status": self._led(),
            "dc_switch_off": False,
            "encharge_rev": 2,
            "encharge_capacity": self.capacity,
        }
        if not young:
            return device | {"zigbee_dongle_fw_version": "100F", "operating": True}
        phase = f"ph-{'abc'[index % self.options.phases]}"
        return device | {"reported_enc_grid_state": self._grid_state(), "phase": phase, "der_index": index + 1}

    def _grid_state(self) -> str:
        return "off-grid" if self.settings.off_grid else "grid-tied"

    def _enpower(self) -> Json:
        away = self.settings.off_grid
        mode = "multimode-offgrid" if away else "multimode-ongrid"
        device = self._common("860-00376-r37", ENPOWER) | {
            "admin_state": 24,
            "admin_state_str": "ENPWR_STATE_OPER_OPEN" if away else "ENPWR_STATE_OPER_CLOSED",
            "img_pnum_running": "2.0.5729_rel/22.15",
            "communicating": True,
            # This one is in Fahrenheit.
            "temperature": 88,
            "comm_level_sub_ghz": 5,
            "comm_level_2_4_ghz": 5,
            "mains_admin_state": self.settings.mains_wanted,
            "mains_oper_state": "open" if away else "closed",
            "Enpwr_grid_mode": mode,
            "Enchg_grid_mode": mode,
            "Enpwr_relay_state_bm": 496 if away else 975,
            "Enpwr_curr_state_id": 19 if away else 16,
        }
        return device if self.options.firmware.since(8) else device | {"zigbee_dongle_fw_version": "100B", "operating": True}

    def _collar(self) -> Json:
        away = self.settings.off_grid
        return self._common("865-00400-r22", COLLAR) | {
            "admin_state": 89 if away else 88,
            "admin_state_str": "ENCMN_MDE_OFF_GRID" if away else "ENCMN_MDE_ON_GRID",
            "img_pnum_running": "3.0.6-D0",
            "communicating": True,
            "temperature": 42,
            "mid_state": "open" if away else "close",
            # It says so also while it is off the grid.
            "grid_state": "on_grid",
            "control_error": 0,
            "collar_state": "Installed",
        }

    def _combiner(self) -> Json:
        device = self._common("800-02403-r08", COMBINER)
        del device["device_status"]
        return device | {
            "admin_state": 82,
            "admin_state_str": "ENCMN_C6_CC_READY",
            "fw_version": "0.1.20-D1",
            "dmir_version": "0.1.20-D1",
            "communicating": True,
        }

    # -- powers and sums -------------------------------------------------------------------------------------------

    def power(self) -> Json:
        """Give the power of each Encharge in mW; the key has a colon in it."""
        serials, whole = self.serials, round(self.watts * MILLI)
        devices, left = [], whole
        for index, serial in enumerate(serials):
            part = left if index == len(serials) - 1 else whole // len(serials)
            left -= part
            devices.append({"serial_num": serial, "real_power_mw": part, "apparent_power_mva": part, "soc": self._soc})
        return {"devices:": devices}

    def secctrl(self) -> Json:
        """Give the sums over all batteries; zeros where there are none."""
        options, soc = self.options, self.model.house.soc
        whole = self.capacity * options.encharges
        acb = ACB_WH * options.acbs
        reserve = round(self.settings.reserved_soc) if whole else 0
        any_battery = whole + acb > 0
        biases: Json = {name + phase: 0 if "_q" in name else 0.0 for phase in ("", "_phaseb", "_phasec") for name in BIASES}
        island = {"offgrid_secctrl": ISLAND | {"is_active": self.settings.off_grid}} if options.firmware.since(8, 3) else {}
        found: Json = (
            {"shutdown": False}
            | biases
            | island
            | {
                "configured_backup_soc": reserve,
                "adjusted_backup_soc": reserve,
                "agg_soc": round(soc) if any_battery else 0,
                "Max_energy": whole + acb,
                "ENC_agg_soc": self._soc,
                "ENC_agg_soh": 100 if whole else 0,
                "ENC_agg_backup_energy": round(whole * reserve / 100.0),
                "ENC_agg_avail_energy": round(whole * soc / 100.0),
                "Enc_commissioned_capacity": whole,
                "Enc_max_available_capacity": whole,
                "ACB_agg_soc": round(soc) if acb else 0,
                "ACB_agg_energy": round(acb * soc / 100.0),
            }
        )
        if not options.firmware.since(7, 6):
            del found["ENC_agg_soh"]
        if not options.firmware.since(8):
            return found
        recovery = {"VLS_Limit": 5, "soc_rec_enabled": True, "soc_recovery_entry": 0, "soc_recovery_exit": 10}
        return found | recovery | {"Commission_in_progress": False, "ESS_in_progress": False}

    def relay(self) -> Json:
        """Give the state of the grid relay."""
        mode = "multimode-offgrid" if self.settings.off_grid else "multimode-ongrid"
        found: Json = {
            "mains_admin_state": self.settings.mains_wanted,
            "mains_oper_state": "open" if self.settings.off_grid else "closed",
        }
        if self.options.firmware.since(8, 2, 4300):
            found |= {"srt12_state": "open", "srt13_state": "open"}
        found |= {"der1_state": 1, "der2_state": 1}
        if self.options.firmware.since(8):
            found["der3_state"] = 0
        return found | {"Enchg_grid_mode": mode, "Solar_grid_mode": mode}

    def status(self) -> Json:
        """Give inventory, sums and relay in one document."""
        serials: Json = {}
        for index, serial in enumerate(self.serials):
            serials[serial] = {
                "device_type": 13,
                "com_interface_str": "ZigBee",
                "device_id": serial,
                "admin_state": 6,
                "admin_state_str": "ENCHG_STATE_READY",
                "reported_grid_mode": "multimode-ongrid",
                "phase": f"ph-{'abc'[index % self.options.phases]}",
                "der_index": index + 1,
                "encharge_revision": 2,
                "encharge_capacity": self.capacity,
                "encharge_rated_power": 1280,
                "part_number": "836-00750-r32",
                "app_fw_version": "2.0.6727_rel/22.15",
                "submodule_count": 0,
                "submodules": {},
            }
        if self.options.enpower:
            state = {"admin_state": 24, "admin_state_str": "ENPWR_STATE_OPER_CLOSED", "part_number": "860-00376-r37"}
            serials[ENPOWER] = {"device_type": 17, "com_interface_str": "ZigBee", "device_id": ENPOWER} | state
        return {"inventory": {"serial_nums": serials}, "secctrl": self.secctrl(), "relay": self.relay()}

    # -- live data -------------------------------------------------------------------------------------------------

    def livedata(self) -> Json:
        """Give the live data as they are now."""
        powers, soc = self.model.powers, round(self.model.house.soc)
        flows = {"pv": powers.pv, "storage": powers.battery, "grid": powers.net, "load": powers.load, "generator": 0.0}
        sums = self.secctrl()
        return {
            "last_update": int(self.model.epoch),
            "soc": sums["agg_soc"],
            "main_relay_state": 0 if self.settings.off_grid else 1,
            "gen_relay_state": 5,
            "backup_bat_mode": 2 if self.settings.storage_mode == "backup" else 1,
            "backup_soc": sums["configured_backup_soc"],
            "is_split_phase": int(self.options.phases == 2),
            "phase_count": self.options.phases,
            "enc_agg_soc": sums["ENC_agg_soc"],
            "enc_agg_energy": sums["ENC_agg_avail_energy"],
            "acb_agg_soc": soc if self.options.acbs else 0,
            "acb_agg_energy": sums["ACB_agg_energy"],
        } | {name: self._flow(watts) for name, watts in flows.items()}

    def _flow(self, watts: float) -> Json:
        parts = [*self.inverters.meters.shared(watts), 0.0, 0.0][:3]
        real = [round(part * MILLI) for part in parts]
        found = {"agg_p_mw": sum(real), "agg_s_mva": sum(real)}
        found |= {f"agg_p_ph_{letter}_mw": part for letter, part in zip("abc", real, strict=True)}
        return found | {f"agg_s_ph_{letter}_mva": part for letter, part in zip("abc", real, strict=True)}
