"""The meters of a gateway: /ivp/meters and what hangs below, and the eim entries of /production.json."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .envoy_model import EnvoyModel, Registers

type Json = dict[str, Any]

PRODUCTION: Final = "production"
NET: Final = "net-consumption"
TOTAL: Final = "total-consumption"
STORAGE: Final = "storage"
BACKFEED: Final = "backfeed"
EIDS: Final = {PRODUCTION: 704643328, NET: 704643584, TOTAL: 704643584, STORAGE: 704643840}
# More meters of a combiner; only the first of them is enabled.
COMBINER_EIDS: Final = {BACKFEED: 704644352, "load": 704644608, "evse": 704644864, "pv3p": 704645120}
CHANNEL: Final = 1073741841
EMPTY: Final = (1023410688, 2097152513)
CHANNELS: Final = 3
APPARENT: Final = 1.02
REACTIVE: Final = 0.1
# What an unused input of three-phase hardware picks up, V.
STRAY: Final = 2.194
ENERGIES: Final = ("actEnergyDlvd", "actEnergyRcvd", "apparentEnergy", "reactEnergyLagg", "reactEnergyLead")
POWERS: Final = ("instantaneousDemand", "activePower", "apparentPower", "reactivePower")
DAILY: Final = ("vahToday", "varhLeadToday", "varhLagToday")


@dataclass(frozen=True, slots=True)
class Meter:
    """One CT, whether it is enabled or not, and what it reads: W and Wh."""

    kind: str
    enabled: bool
    watts: float = 0.0
    dlvd: float = 0.0
    rcvd: float = 0.0

    @property
    def eid(self) -> int:
        """Number of the meter."""
        return (EIDS | COMBINER_EIDS)[self.kind]


class Meters:
    """Answers for everything that is measured by CTs."""

    def __init__(self, model: EnvoyModel) -> None:
        """Show what this model measures."""
        self.model = model
        self.options = model.options
        self._reads = 0

    # -- the CTs ---------------------------------------------------------------------------------------------------

    @property
    def all(self) -> list[Meter]:
        """Every CT of this gateway, disabled ones too."""
        options, powers, now = self.options, self.model.powers, self.model.registers
        if not options.is_metered:
            return []
        watts = powers.pv if powers.pv > 0 else -options.night_watts
        found = [Meter(PRODUCTION, options.production_ct, watts, now.pv, now.night)]
        if options.total_ct:
            found.append(Meter(TOTAL, options.consumption_ct, powers.total, now.total, 0.0))
        else:
            found.append(Meter(NET, options.consumption_ct, powers.net, now.imported, now.exported))
        if options.storage_ct:
            found.append(Meter(STORAGE, enabled=True, watts=powers.battery, dlvd=now.discharged, rcvd=now.charged))
        if options.c6_combiner:
            fed, dlvd = powers.pv + powers.battery, now.pv + now.discharged
            found.append(Meter(BACKFEED, enabled=True, watts=fed, dlvd=dlvd, rcvd=now.charged))
            found += [Meter(kind, enabled=False) for kind in COMBINER_EIDS if kind != BACKFEED]
        return found

    def enabled(self, *kinds: str) -> bool:
        """Whether a CT of one of these kinds measures."""
        return any(meter.enabled for meter in self.all if meter.kind in kinds)

    def shared(self, value: float) -> list[float]:
        """Share a value out to the phases so that the rounded parts make up the rounded whole."""
        shares = self.options.phase_shares[: self.options.phases] if self.options.phases > 1 else (1.0,)
        parts = [round(value * share / sum(shares), 3) for share in shares[:-1]]
        return [*parts, round(round(value, 3) - sum(parts), 3)]

    # -- /ivp/meters -----------------------------------------------------------------------------------------------

    def meters(self) -> list[Json]:
        """Give the list of the CTs."""
        phases = self.options.phases
        three = phases == 3 or self.options.firmware.tokens
        mode = "split" if phases == 2 else "three" if three else "single"
        found = []
        for meter in self.all:
            entry: Json = {
                "eid": meter.eid,
                "state": "enabled" if meter.enabled else "disabled",
                "measurementType": meter.kind,
                "phaseMode": mode,
                "phaseCount": phases,
                "meteringStatus": "normal",
                "statusFlags": [],
            }
            if not self.options.firmware.since(4, 3):
                del entry["statusFlags"]
            found.append(entry)
        return found

    def readings(self) -> list[Json]:
        """Give what each CT reads."""
        found = [self._reading(meter) for meter in self.all]
        if self.options.empty_reading and found:
            found.append(self._empty())
        return found[::-1] if self.options.reversed_readings else found

    def reading(self, kind: str) -> list[Json]:
        """Give the channels of one CT in the short form of firmware 8.3."""
        names = ("activePower", "reactivePower", "voltage", "current", "freq")
        for meter in self.all:
            if meter.kind == kind:
                channels = self._reading(meter)["channels"][: self.options.phases]
                return [
                    {"phase": f"ph-{letter}", **{name: channel[name] for name in names}}
                    for letter, channel in zip("abc", channels, strict=False)
                ]
        return []

    def _reading(self, meter: Meter) -> Json:
        watts, dlvd, rcvd = (self.shared(value) for value in (meter.watts, meter.dlvd, meter.rcvd))
        first = meter.eid + CHANNEL
        channels = [
            self._channel(first + index, watts[index], dlvd[index], rcvd[index], self.options.voltage)
            if index < len(watts)
            else self._channel(first + index, 0.0, 0.0, 0.0, STRAY if self.options.phases == 1 else 0.0)
            for index in range(CHANNELS)
        ]
        used = channels[: self.options.phases]
        whole = self._channel(meter.eid, meter.watts, meter.dlvd, meter.rcvd, self.options.voltage * len(used))
        for name in (*ENERGIES, *POWERS, "current"):
            whole[name] = round(sum(channel[name] for channel in used), 3)
        return whole | {"channels": channels}

    def _channel(self, eid: int, watts: float, dlvd: float, rcvd: float, voltage: float) -> Json:
        apparent = abs(watts) * APPARENT
        lagging, leading, both = dlvd * 0.5, rcvd * 0.3, dlvd + rcvd
        return {
            "eid": eid,
            "timestamp": int(self.model.epoch),
            "actEnergyDlvd": round(dlvd, 3),
            "actEnergyRcvd": round(rcvd, 3),
            "apparentEnergy": round(both * APPARENT, 3),
            "reactEnergyLagg": round(lagging, 3),
            "reactEnergyLead": round(leading, 3),
            "instantaneousDemand": round(watts, 3),
            "activePower": round(watts, 3),
            "apparentPower": round(apparent, 3),
            "reactivePower": round(watts * REACTIVE, 3),
            "pwrFactor": round(watts / apparent, 3) if apparent else 0.0,
            "voltage": round(voltage, 3),
            "current": round(apparent / voltage, 3) if voltage else 0.0,
            "freq": self.options.frequency,
        }

    def _empty(self) -> Json:
        eid, first = EMPTY
        zero = {name: 0.0 for name in self._channel(0, 0.0, 0.0, 0.0, 0.0) if name not in ("eid", "timestamp")}
        stamp = {"timestamp": int(self.model.epoch)}
        channels = [{"eid": first + index} | stamp | zero for index in range(CHANNELS)]
        return {"eid": eid} | stamp | zero | {"channels": channels}

    # -- /production.json ------------------------------------------------------------------------------------------

    def production(self, *, lines: bool) -> list[Json]:
        """Give the eim entry of the production, if the hardware can measure."""
        if not self.options.is_metered:
            return []
        self._reads += 1
        powers, enabled = self.model.powers, self.enabled(PRODUCTION)
        watts = powers.pv if powers.pv > 0 else -self.options.night_watts
        return [self._eim(PRODUCTION, watts, "pv", enabled=enabled, lines=lines)]

    def consumption(self, *, lines: bool) -> list[Json]:
        """Give the eim entries of the consumption: total first, then net."""
        if not self.options.is_metered:
            return []
        powers, enabled = self.model.powers, self.enabled(NET, TOTAL)
        wrong = self.options.shows_net_as_total
        total, name = (powers.net, "net") if wrong else (powers.total, "total")
        return [
            self._eim(TOTAL, total, name, enabled=enabled, lines=lines),
            self._eim(NET, powers.net, "net", enabled=enabled, lines=lines),
        ]

    def _eim(self, kind: str, watts: float, name: str, *, enabled: bool, lines: bool) -> Json:
        flaps = self.options.flapping and self._reads % 2 == 0
        head: Json = {"type": "eim", "activeCount": int(enabled and not flaps), "measurementType": kind}
        if not self.options.firmware.since(4, 3):
            del head["measurementType"]
        numbers = (watts, *self._energies(kind, name, enabled=enabled))
        parts = [self.shared(value) for value in numbers]
        volts = self.options.voltage
        phases = [self._block(kind, values, volts) for values in zip(*parts, strict=True)]
        whole = self._block(kind, numbers, volts * len(phases))
        whole["rmsCurrent"] = round(sum(phase["rmsCurrent"] for phase in phases), 3)
        entry = head | {"readingTime": int(self.model.epoch)} | whole
        if lines:
            spare = CHANNELS - len(phases) if self.options.firmware.since(8, 3) and len(phases) > 1 else 0
            entry["lines"] = phases + [dict.fromkeys(phases[0], 0.0) for _ in range(spare)]
        return entry

    def _energies(self, kind: str, name: str, *, enabled: bool) -> tuple[float, float, float]:
        """Give lifetime, day and week; only net after 7.3.466 is a balance, before it was the import."""
        if kind == NET and not self.options.firmware.since(7, 3, 466):
            name = "imported"
        books: tuple[Registers, ...] = (self.model.registers, self.model.today, self.model.week)
        lifetime, today, week = (float(getattr(book, name)) for book in books)
        if not enabled:
            today = week = lifetime
        elif self.options.seven_days_garbage:
            week = lifetime - today if kind == PRODUCTION else today * 0.01
        if kind == NET and self.options.hides_net_today:
            today = week = 0.0
        return lifetime, today, week

    def _block(self, kind: str, numbers: tuple[float, ...], volts: float) -> Json:
        watts, lifetime, today, week = numbers
        apparent = abs(watts) * APPARENT
        found = {
            "wNow": watts,
            "whLifetime": lifetime,
            "varhLeadLifetime": lifetime * 0.3,
            "varhLagLifetime": lifetime * 0.5,
            "vahLifetime": abs(lifetime) * APPARENT,
            "rmsCurrent": watts * APPARENT / volts if kind == NET else apparent / volts,
            "rmsVoltage": volts,
            "reactPwr": watts * REACTIVE,
            "apprntPwr": apparent,
            "pwrFactor": (1.0 if watts > 0 else -1.0) / APPARENT if watts else 0.0,
            "whToday": today,
            "whLastSevenDays": week,
            "vahToday": today * APPARENT,
            "varhLeadToday": today * 0.3,
            "varhLagToday": today * 0.5,
        }
        if kind == NET and self.options.hides_net_today:
            found |= dict.fromkeys(("whToday", "whLastSevenDays", *DAILY), 0)
        return {name: round(value, 2 if name == "pwrFactor" else 3) for name, value in found.items()}

    # -- /ivp/meters/reports ---------------------------------------------------------------------------------------

    def reports(self) -> list[Json]:
        """Give the reports of production, total and net consumption."""
        powers, now = self.model.powers, self.model.registers
        found = []
        if self.enabled(PRODUCTION):
            found.append(self._report(PRODUCTION, powers.pv, now.pv, now.night))
        if self.enabled(NET, TOTAL):
            found.append(self._report(TOTAL, powers.total, now.total, 0.0))
            found.append(self._report(NET, powers.net, now.imported, now.exported))
        return found

    def _report(self, kind: str, watts: float, dlvd: float, rcvd: float) -> Json:
        parts = [self.shared(value) for value in (watts, dlvd, rcvd)]
        lines = [self._cumulative(values, self.options.voltage) for values in zip(*parts, strict=True)]
        whole = self._cumulative((watts, dlvd, rcvd), self.options.voltage * len(lines))
        return {"createdAt": int(self.model.epoch), "reportType": kind, "cumulative": whole, "lines": lines}

    def _cumulative(self, numbers: tuple[float, ...], volts: float) -> Json:
        watts, dlvd, rcvd = numbers
        base = self._channel(0, watts, dlvd, rcvd, volts)
        return {
            "currW": base["activePower"],
            "actPower": base["activePower"],
            "apprntPwr": base["apparentPower"],
            "reactPwr": base["reactivePower"],
            "whDlvdCum": base["actEnergyDlvd"],
            "whRcvdCum": base["actEnergyRcvd"],
            "varhLagCum": base["reactEnergyLagg"],
            "varhLeadCum": base["reactEnergyLead"],
            "vahCum": base["apparentEnergy"],
            "rmsVoltage": base["voltage"],
            "rmsCurrent": base["current"],
            "pwrFactor": base["pwrFactor"],
            "freqHz": base["freq"],
        }
