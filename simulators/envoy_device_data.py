"""What /ivp/pdm/device_data shows: the last report of each device, in milli units and joules."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from .envoy_inverters import ACB_WH, EID_STEP, FIRST_CHANNEL, FIRST_EID, JOULES, OVERFLOW, QRELAY, whole
from .envoy_meters import CHANNEL, CHANNELS, NET, PRODUCTION, TOTAL

if TYPE_CHECKING:
    from datetime import datetime

    from .envoy_inverters import Inverters, Unit
    from .envoy_meters import Meter

type Json = dict[str, Any]

FIRST_ACB_EID: Final = FIRST_EID + 1000 * EID_STEP
QRELAY_EID: Final = 1627389952
# What a production CT shows at night where its watts may not be negative.
STANDBY: Final = -4
IDLE: Final = {"created": 0} | {
    "wattHours": {"today": 0, "yesterday": 0, "week": 0},
    "watts": {"now": 0, "nowUsed": 0, "max": 0},
    "lastReading": {},
    "lifetime": {},
}


class DeviceData:
    """Gives every device, or as many as the gateway is willing to list."""

    def __init__(self, inverters: Inverters) -> None:
        """Tell about these inverters and the meters beside them."""
        self.inverters = inverters
        self.model = inverters.model
        self.options = inverters.options

    def all(self) -> Json:
        """Give the answer; what is beyond the limit is silently left out."""
        entries: Json = {}
        for unit in self.inverters.units:
            entries[str(unit.eid)] = self._pcu(unit)
        for index, serial in enumerate(self.inverters.acb_serials):
            entries[str(FIRST_ACB_EID + index * EID_STEP)] = self._acb(index, serial)
        if self.options.qrelay:
            entries[str(QRELAY_EID)] = self._qrelay()
        for number, meter in enumerate(self.inverters.meters.all, start=1):
            if meter.kind in (PRODUCTION, NET, TOTAL):
                entries[str(meter.eid)] = self._eim(meter, number)
        limit = self.options.device_data_limit
        listed = dict(list(entries.items())[:limit])
        return listed | {"deviceCount": len(listed), "deviceDataLimit": limit}

    def _pcu(self, unit: Unit) -> Json:
        # Healthy inverters are "gone" too, at night.
        gone = not unit.active or self.model.powers.pv <= 0
        channel = self._channel(unit) if unit.active else {"chanEid": unit.channel} | IDLE
        return {"devName": "pcu", "sn": unit.serial, "active": unit.active, "modGone": gone, "channels": [channel]}

    def _channel(self, unit: Unit) -> Json:
        model, share = self.model, unit.share
        watts, best = model.reported[0] * share, model.best * share
        joules, end = self.inverters.joules[unit.serial], self.inverters.reported_at(unit)
        reading = self._reading(unit.channel, end) | {
            "joulesProduced": round(watts * self.options.report_period),
            "dcVoltageINmV": 32000 if watts > 0 else 0,
            "dcCurrentINmA": round(watts / 32 * 1000),
            "acCurrentInmA": round(watts / self.options.voltage * 1000),
        }
        return {
            "chanEid": unit.channel,
            "created": end,
            "wattHours": self._hours("pv", share),
            "watts": {"now": round(watts), "nowUsed": 0, "max": round(best)},
            "lastReading": reading,
            "lifetime": {"createdTime": end - 90 * 86400, "duration": 90 * 86400, "joulesProduced": joules},
        }

    def _hours(self, name: str, share: float, *, week: bool = True) -> Json:
        model = self.model
        return {
            "today": whole(getattr(model.today, name) * share),
            "yesterday": whole(getattr(model.yesterday, name) * share),
            "week": whole(getattr(model.week, name) * share) if week else 0,
        }

    def _reading(self, eid: int, end: int) -> Json:
        return {
            "eid": eid,
            "interval_type": 0,
            "endDate": end,
            "duration": self.options.report_period,
            "flags": 0,
            "flags_hex": "0x0000000000000000",
            "joulesProduced": 0,
            "acVoltageINmV": round(self.options.voltage * 1000),
            "acFrequencyINmHz": round(self.options.frequency * 1000),
            "dcVoltageINmV": 0,
            "dcCurrentINmA": 0,
            "channelTemp": 31,
            "pwrConvErrSecs": 0,
            "pwrConvMaxErrCycles": 0,
            "joulesUsed": 0,
            "leadingVArs": 0,
            "laggingVArs": 38,
            "acCurrentInmA": 0,
            "l1NAcVoltageInmV": 0,
            "l2NAcVoltageInmV": 0,
            "l3NAcVoltageInmV": 0,
            "rssi": 110,
            "issi": 68,
        }

    def _acb(self, index: int, serial: str) -> Json:
        model, count = self.model, self.options.acbs
        watts = self.inverters.acb_watts / count
        end, now = int(model.epoch - model.age), model.registers
        eid = FIRST_CHANNEL + (1000 + index) * EID_STEP
        used, made = max(0.0, -watts), max(0.0, watts)
        battery = {
            "SOC": round(model.house.soc),
            "SOH": 97,
            "minCellTemp": 19 + index,
            "maxCellTemp": 21 + index,
            "totVoltage": 51200,
            "joulesProduced": round(made * self.options.report_period),
            "joulesUsed": round(used * self.options.report_period),
        }
        works = 1.0 if not self.options.encharges else 0.0
        channel = {
            "chanEid": eid,
            "created": end,
            "wattHours": self._hours("discharged", works / count),
            "watts": {"now": round(made), "nowUsed": round(used), "max": ACB_WH // 4},
            "lastReading": self._reading(eid, end) | battery,
            "lifetime": {
                "createdTime": end - 90 * 86400,
                "duration": 90 * 86400,
                "joulesProduced": int(now.discharged * works / count * JOULES),
                "joulesUsed": int(now.charged * works / count * JOULES),
            },
        }
        return {"devName": "acb", "sn": serial, "active": True, "modGone": False, "channels": [channel]}

    def _qrelay(self) -> Json:
        end, volts = int(self.model.epoch - self.model.age), round(self.options.voltage * 1000)
        reading: Json = {
            "eid": QRELAY_EID,
            "interval_type": 0,
            "endDate": end,
            "duration": self.options.report_period,
            "flags": 16,
            "flags_hex": "0x0000000000000010",
            "temperature": 28,
            "acCurrOffset": -19,
        }
        reading |= {f"VrmsL{number}N": volts if number <= self.options.phases else 0 for number in (1, 2, 3)}
        reading |= {"freqInmHz": round(self.options.frequency * 1000), "stateChngCnt": 3}
        reading |= dict.fromkeys(("vrmsB1L12_or_L12", "vrmsB2L12_or_L23", "vrmsL31"), 0)
        channel = {"chanEid": QRELAY_EID} | IDLE | {"created": end, "lastReading": reading}
        return {"devName": "nsrb", "sn": QRELAY, "active": True, "modGone": False, "channels": [channel]}

    def _eim(self, meter: Meter, number: int) -> Json:
        """Give a meter as it stood at the end of the last quarter of an hour, or nearly so."""
        name = {PRODUCTION: "pv", NET: "net"}.get(meter.kind, "total")
        shares = self.inverters.meters.shared(1.0)
        channels: list[Json] = []
        for index in range(CHANNELS):
            eid = meter.eid + CHANNEL + index
            if index < len(shares) and meter.enabled:
                channels.append(self._eim_channel(meter, eid, name, shares[index]))
            else:
                channels.append({"chanEid": eid} | IDLE)
        serial = f"{self.options.serial}EIM{number}"
        return {"devName": "eim", "sn": serial, "active": meter.enabled, "modGone": True, "channels": channels}

    def _eim_channel(self, meter: Meter, eid: int, name: str, share: float) -> Json:
        end = int(self.model.epoch) // 900 * 900
        watts = self._unsigned(meter, meter.watts * share)
        totals = {
            "wh_dlvd_cum": int(meter.dlvd * share),
            "varh_lead_cum": 0,
            "varh_lag_cum": 0,
            "vah_cum": int(meter.dlvd * share),
        }
        reading = {"eid": eid, "interval_type": 0, "endDate": end, "duration": 900, "curr_w": watts} | totals
        more = {
            "rms_mvolt": round(self.options.voltage * 1000),
            "rms_mamp": round(abs(meter.watts) * share / self.options.voltage * 1000),
            "freq_mhz": round(self.options.frequency * 1000),
            "wh_pos": totals["wh_dlvd_cum"],
            "wh_neg": int(meter.rcvd * share),
        }
        return {
            "chanEid": eid,
            "created": end,
            "wattHours": self._hours(name, share, week=meter.kind == PRODUCTION),
            "watts": {"now": watts, "nowUsed": 0, "max": max(watts, 5171) if watts < OVERFLOW // 2 else 5171},
            "lastReading": reading | more,
            "lifetime": {"createdTime": end - 90 * 86400, "duration": 90 * 86400} | totals,
        }

    def _unsigned(self, meter: Meter, watts: float) -> int:
        if not self.options.underflows:
            return round(watts)
        if meter.kind == PRODUCTION and self.model.powers.pv <= 0:
            return STANDBY % OVERFLOW
        return round(watts) % OVERFLOW


def in_outage(wall: datetime) -> bool:
    """Whether it is the minute or two after 23:01 in which this path does not answer."""
    start = wall.replace(hour=23, minute=1, second=0, microsecond=0)
    return start <= wall < start + timedelta(minutes=2)
