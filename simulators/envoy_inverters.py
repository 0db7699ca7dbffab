"""The microinverters and AC batteries of a gateway: who they are, and what each one last reported."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .envoy_meters import Meters
    from .envoy_model import EnvoyModel

type Json = dict[str, Any]

PCU, ACB, NSRB = 1, 11, 12
FIRST_PCU: Final = 482000000001
FIRST_ACB: Final = 482000001001
FIRST_DELETED: Final = 482000003001
QRELAY: Final = "482000002001"
FIRST_EID: Final = 553648384
FIRST_CHANNEL: Final = 1627390225
EID_STEP: Final = 256
JOULES: Final = 3600
OVERFLOW: Final = 1 << 32
ACB_WH: Final = 1200
ACB_POWER: Final = 260
# How much better or worse than the mean some inverters are, in percent.
SPREAD: Final = (0, 2, -2, 1, -1)


@dataclass(frozen=True, slots=True)
class Unit:
    """One inverter: its share of the whole, and whether anybody hears of it."""

    index: int
    serial: str
    share: float
    active: bool

    @property
    def eid(self) -> int:
        """Number of the device."""
        return FIRST_EID + EID_STEP * self.index

    @property
    def channel(self) -> int:
        """Number of its channel."""
        return FIRST_CHANNEL + EID_STEP * self.index


class Inverters:
    """Answers for everything below the gateway that talks over the power line."""

    def __init__(self, model: EnvoyModel, meters: Meters) -> None:
        """Share what this model measures."""
        self.model = model
        self.meters = meters
        self.options = model.options
        self.sleeping: dict[str, tuple[int, int]] = {}
        self._stalled: Json = {}

    @property
    def units(self) -> list[Unit]:
        """Every inverter; the last ones are the inactive ones."""
        options = self.options
        active = max(0, options.inverters - options.inactive_inverters)
        weights = [1.0 + SPREAD[index % len(SPREAD)] / 100.0 for index in range(active)]
        names = [options.inverter_serials.get(index, str(FIRST_PCU + index)) for index in range(options.inverters)]
        return [
            Unit(index, name, weights[index] / sum(weights) if index < active else 0.0, index < active)
            for index, name in enumerate(names)
        ]

    @property
    def working(self) -> list[Unit]:
        """The inverters that report."""
        return [unit for unit in self.units if unit.active]

    @property
    def acb_serials(self) -> list[str]:
        """Serials of the AC batteries."""
        return [str(FIRST_ACB + index) for index in range(self.options.acbs)]

    @property
    def acb_watts(self) -> float:
        """Power of all AC batteries, + = discharging; where there is an Encharge, that does the work."""
        return self.model.powers.battery if self.options.acbs and not self.options.encharges else 0.0

    @property
    def joules(self) -> dict[str, int]:
        """Lifetime of each inverter in J."""
        lifetime = self.model.reported[1]
        return {unit.serial: round(lifetime * unit.share * JOULES) for unit in self.working}

    @property
    def lifetime_wh(self) -> int:
        """Lifetime of all inverters as the gateway adds it up, in 32 bits of joules or not."""
        if self.options.wraps == "inverter":
            return sum(joules % OVERFLOW for joules in self.joules.values()) // JOULES
        whole = int(self.model.reported[1] * JOULES)
        return (whole % OVERFLOW if self.options.wraps == "site" else whole) // JOULES

    def reported_at(self, unit: Unit) -> int:
        """When an inverter last reported, by the gateway's clock: one after the other, none in the future."""
        return int(self.model.epoch - self.model.age) - unit.index * 3 % 120

    # -- /production.json and /api/v1 ------------------------------------------------------------------------------

    def summary(self) -> Json:
        """Give the entry of all inverters in /production.json."""
        return {
            "type": "inverters",
            "activeCount": len(self.working),
            "readingTime": int(self.model.epoch - self.model.age),
            "wNow": round(self.model.reported[0]),
            "whLifetime": self.lifetime_wh,
        }

    def storage(self) -> Json:
        """Give the entry of the AC batteries in /production.json; Encharge is not in it."""
        count, watts = self.options.acbs, self.acb_watts
        if not count:
            return {"type": "acb", "activeCount": 0, "readingTime": 0, "wNow": 0, "whNow": 0, "state": "idle"}
        soc = self.model.house.soc
        return {
            "type": "acb",
            "activeCount": count,
            "readingTime": int(self.model.epoch - self.model.age),
            "wNow": round(watts),
            "whNow": round(soc / 100.0 * ACB_WH * count),
            "state": "discharging" if watts > 1 else "charging" if watts < -1 else "full" if soc >= 100 else "idle",
            "percentFull": round(soc),
        }

    def production(self) -> Json:
        """Give /api/v1/production, as wrong as this firmware gives it."""
        options, model = self.options, self.model
        names = ("wattHoursToday", "wattHoursSevenDays", "wattHoursLifetime", "wattsNow")
        if options.is_metered and not options.production_ct:
            return self._blind(names)
        if not options.is_metered and options.firmware.since(8, 3, 5422):
            return dict.fromkeys(names, 0)
        lifetime = model.registers.pv
        if not options.is_metered and options.wraps == "inverter":
            lifetime = self.lifetime_wh
        values = (model.today.pv, model.week.pv, lifetime, model.powers.pv)
        return {name: whole(value) for name, value in zip(names, values, strict=True)}

    def _blind(self, names: tuple[str, ...]) -> Json:
        """Give zeros without a CT, or from firmware 8.2.4264 on what once was, for ever."""
        if not self.options.firmware.since(8, 2, 4264):
            return dict.fromkeys(names, 0)
        model = self.model
        values = (model.today.pv, model.week.pv, model.registers.pv, model.powers.pv)
        self._stalled = self._stalled or {name: whole(value) for name, value in zip(names, values, strict=True)}
        return self._stalled

    def rows(self) -> list[Json]:
        """Give /api/v1/production/inverters; AC batteries are among them."""
        if self.options.inverters_empty:
            return []
        watts, best = self.model.reported[0], self.model.best
        found = [self._row(unit, PCU, watts * unit.share, best * unit.share) for unit in self.working]
        share = abs(self.acb_watts) / max(1, self.options.acbs)
        for index, serial in enumerate(self.acb_serials):
            found.append(self._row(Unit(index, serial, 0.0, active=True), ACB, share, ACB_POWER))
        return found

    def _row(self, unit: Unit, kind: int, watts: float, best: float) -> Json:
        row: Json = {"serialNumber": unit.serial, "lastReportDate": self.reported_at(unit)}
        if self.options.firmware.since(4, 3):
            row["devType"] = kind
        return row | {"lastReportWatts": round(watts), "maxReportWatts": round(max(best, watts))}

    def energy(self) -> Json:
        """Give /ivp/pdm/energy."""
        model, metered = self.model, self.options.is_metered
        names = ("wattHoursToday", "wattHoursSevenDays", "wattHoursLifetime", "wattsNow")

        def block(name: str, watts: float, *, shown: bool = True) -> Json:
            books = (model.today, model.week, model.registers)
            values = (*(getattr(book, name) for book in books), watts)
            return {key: whole(value) if shown else 0 for key, value in zip(names, values, strict=True)}

        eim = block("pv", model.powers.pv, shown=metered and self.options.production_ct)
        return {
            "production": {"pcu": block("pv", model.reported[0]), "rgm": block("pv", 0.0, shown=False), "eim": eim},
            "consumption": {"eim": block("total", model.powers.total, shown=metered and self.options.consumption_ct)},
        }

    # -- /inventory.json -------------------------------------------------------------------------------------------

    def inventory(self, *, deleted: bool) -> list[Json]:
        """Give the devices by group; those that were removed only when asked for."""
        pcus = [self._pcu(unit) for unit in self.units]
        if deleted:
            for index in range(self.options.deleted_inverters):
                gone = self._pcu(Unit(index, str(FIRST_DELETED + index), 0.0, active=False))
                pcus.append(gone | {"admin_state": 0, "provisioned": False})
        acbs = [self._acb(index, serial) for index, serial in enumerate(self.acb_serials)]
        relays = [self._device(QRELAY, NSRB, active=True) | self._relay()] if self.options.qrelay else []
        return [
            {"type": "PCU", "devices": pcus},
            {"type": "ACB", "devices": acbs},
            {"type": "NSRB", "devices": relays},
        ]

    def _device(self, serial: str, kind: int, *, active: bool) -> Json:
        stamp = str(int(self.model.epoch) - 86400 * 30)
        return {
            "part_num": "800-00631-r02",
            "installed": stamp,
            "serial_num": serial,
            "device_status": ["envoy.global.ok"] if active else ["envoy.cond_flags.pcu_ctrl.commfail"],
            "last_rpt_date": str(int(self.model.epoch - self.model.age)) if active else stamp,
            "admin_state": 1,
            "dev_type": kind,
            "created_date": stamp,
            "img_load_date": stamp,
            "img_pnum_running": "520-00082-r01-v04.27.04",
            "ptpn": "540-00169-r01-v04.27.09",
            "chaneid": FIRST_CHANNEL,
            "device_control": [{"gficlearset": False}],
            "producing": active and self.model.reported[0] > 0,
            "communicating": active,
            "provisioned": True,
            "operating": active,
        }

    def _pcu(self, unit: Unit) -> Json:
        phase = f"L{unit.index % self.options.phases + 1}"
        return self._device(unit.serial, PCU, active=unit.active) | {"chaneid": unit.channel, "phase": phase}

    def _acb(self, index: int, serial: str) -> Json:
        watts = self.acb_watts
        low, high = self.sleeping.get(serial, (0, 0))
        return self._device(serial, ACB, active=True) | {
            "part_num": "800-00560-r02",
            "chaneid": FIRST_CHANNEL + (1000 + index) * EID_STEP,
            "producing": watts > 0,
            "sleep_enabled": serial in self.sleeping,
            "percentFull": round(self.model.house.soc),
            "maxCellTemp": 21 + index,
            "sleep_min_soc": low,
            "sleep_max_soc": high,
            "charge_status": "discharging" if watts > 1 else "charging" if watts < -1 else "idle",
        }

    def _relay(self) -> Json:
        lines = {f"line{number}-connected": number <= self.options.phases for number in (1, 2, 3)}
        return {"relay": "closed", "reason_code": 0, "reason": "ok", "line-count": self.options.phases} | lines


def whole(value: float) -> int:
    """Cut a number off, but not one that only rounding made too small."""
    return int(value + 1e-4)
