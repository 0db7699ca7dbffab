"""What follows from all of it for the house: powers, today, seven days, lifetime; whole and per phase.

The gateway's own figures are wrong in known ways; each correction names its trap in the research brief:
net today and 7 days are 0 (1), 7 days are implausible (2), consumption holds the battery's charging (3),
the lifetime of net changed its meaning (4), total is net (13), registers start again at 2^32 J (25).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ...energy_core.ledger import Ledger
from ...energy_core.points import Block, Point
from .flows import Pick, add, combine, exported, first, imported, minus
from .points import AcbSum, Batteries, Eim, EnchargePower, Meter, MeterTotal, Production, Site

if TYPE_CHECKING:
    from .device import Envoy

# 2^32 J in Wh: where an inverter's own register, or the sum of them, starts again (trap 25).
WRAP_WH: Final = 2**32 / 3600
DAYS: Final = 7
# The endpoints that the site alone is made of.
SOURCES: Final = frozenset({"readings", "production", "v1", "meters", "info"})
# Those that bring sums of their own.
TOTALS: Final = frozenset({"production", "v1"})
# A battery that moves less is at rest: its electronics take as much.
REST_W: Final = 15
# A week that is within this share of everything ever counted is no week (trap 2).
LIKE_LIFETIME: Final = 0.01


def derive(envoy: Envoy, now: datetime, *, energies: bool = True) -> None:
    """Bring the site, each of its phases and the batteries up to date; ``energies`` may wait."""
    battery = _batteries(envoy, now)
    if energies:
        _totals(envoy)
    for phase in range(envoy.phases + 1):
        block = envoy.site(phase)
        # A phase costs as much as the whole, and most people never look at it.
        if block is not None and (not phase or envoy.heeds(block)):
            _Derivation(envoy, block, phase, now).run(battery if phase == 0 else None, energies=energies)


class _Derivation:
    """One pass over one site block."""

    def __init__(self, envoy: Envoy, block: Site, phase: int, now: datetime) -> None:
        self.envoy, self.block, self.phase, self.now = envoy, block, phase, now
        self.ledger: Ledger = envoy.ledger

    def run(self, battery: Pick | None, *, energies: bool) -> None:
        """Put every value in its place."""
        production, net = self.production(), self.net()
        consumption = self.consumption(production, net)
        self.put(Site.production, production)
        self.put(Site.net, net)
        self.put(Site.consumption, consumption)
        self.put(Site.importing, imported(net))
        self.put(Site.exporting, exported(net))
        self.put(Site.reported_net, self.at((self.eim("net_consumption"), Eim.power)))
        if battery is not None and battery.names:
            # At night inverters take a little, and two places are read at two moments: no house feeds its own load.
            self.put(Site.house, combine(lambda *flows: max(0, round(sum(flows))), production, net, battery))
        if energies or not self.block.has(Site.production_lifetime):
            self.energies()

    # -- places ---------------------------------------------------------------------------------------------------

    def meter(self, kind: str) -> Meter | None:
        """Return a CT, or this phase of it."""
        return self.envoy.part(Meter, kind, self.phase)

    def eim(self, kind: str) -> Eim | None:
        """Return a segment of the production report, or this phase of it."""
        return self.envoy.part(Eim, kind, self.phase)

    def at(self, *places: tuple[Block | None, Point[float]]) -> Pick:
        """Return the value of the best of several places."""
        return first(places, self.envoy.good, self.envoy.recent)

    def trusted(self, told: Eim | Production) -> bool:
        """Tell whether what the gateway says of its day is of now."""
        return self.envoy.good(told) and self.envoy.recent(told)

    def metered(self) -> bool:
        """Tell whether a CT measures production: then nothing else ever stands in for it, not even for a moment."""
        return self.meter("production") is not None or self.eim("production") is not None

    def production(self) -> Pick:
        """Return what is produced now."""
        if self.metered():
            return self.at((self.meter("production"), Meter.power), (self.eim("production"), Eim.power))
        return Pick() if self.phase else self.at(self.summed(Production.power, Eim.power))

    def summed(self, of_report: Point[float], of_inverters: Point[float]) -> tuple[Block | None, Point[float]]:
        """Return where a gateway without a production CT keeps the sum of its inverters."""
        if self.envoy.trusts_sum:
            return self.envoy.production, of_report
        return self.envoy.report, of_inverters

    def net(self) -> Pick:
        """Return what comes from the grid now, negative when it goes there."""
        return self.at((self.meter("net_consumption"), Meter.power), (self.eim("net_consumption"), Eim.power))

    def consumption(self, production: Pick, net: Pick) -> Pick:
        """Return total consumption as the gateway means it: all that is behind the grid meter, batteries too (3)."""
        if self.meter("net_consumption") is not None and self.metered():
            return add(production, net)
        if self.envoy.total_is_net(self.phase):
            return add(production, self.at((self.eim("net_consumption"), Eim.power)))
        return self.at((self.eim("total_consumption"), Eim.power))

    # -- energies -------------------------------------------------------------------------------------------------

    def energies(self) -> None:
        """Put every register and what follows from it in its place."""
        made = self.lifetime()
        used = self.used()
        bought = self.at((self.meter("net_consumption"), Meter.delivered))
        sold = self.at((self.meter("net_consumption"), Meter.received))
        self.put(Site.production_lifetime, made)
        self.put(Site.consumption_lifetime, used)
        self.put(Site.net_lifetime, self.balance(bought, sold))
        report = self.envoy.production if not self.metered() and self.envoy.trusts_sum and not self.phase else None
        self.days("production", made, self.eim("production") or report)
        self.days("consumption", used, self.eim("total_consumption"))
        self.days("import", bought)
        self.days("export", sold)
        # Never one for the other from poll to poll: the two differ by what the gateway integrates by itself.
        net = minus(bought, sold) if self.meter("net_consumption") is not None else minus(used, made)
        self.days("net", net, falls=True)

    def lifetime(self) -> Pick:
        """Return the register of production; one that sums up inverters starts again at 2^32 J (25)."""
        if self.metered():
            return self.at((self.meter("production"), Meter.delivered), (self.eim("production"), Eim.lifetime))
        if self.phase:
            return Pick()
        pick = self.at(self.summed(Production.lifetime, Eim.lifetime))
        return combine(lambda value: round(self.envoy.counted("site.production_lifetime", value, self.now, WRAP_WH)), pick)

    def used(self) -> Pick:
        """Return the register of total consumption as the gateway keeps it; repaired where it holds another (13)."""
        total = self.at((self.eim("total_consumption"), Eim.lifetime))
        if self.envoy.total_is_net(self.phase):
            total = add(self.at((self.eim("production"), Eim.lifetime)), total)
        slot = f"{self.block.name}.consumption_lifetime"
        return combine(lambda value: round(self.envoy.counted(slot, value, self.now)), total)

    def balance(self, bought: Pick, sold: Pick) -> Pick:
        """Return import minus export: the gateway's register, unless that is the import alone, as on old firmware (4)."""
        told = self.at((self.eim("net_consumption"), Eim.lifetime))
        if self.meter("net_consumption") is None:
            return told
        if bought.value is None or sold.value is None or told.value is None:
            # Which of the two it is cannot be told now.
            return Pick(names=bought.names | told.names)
        own = bought.value - sold.value
        return Pick(own, bought.names | told.names) if abs(told.value - bought.value) < abs(told.value - own) else told

    def days(self, name: str, pick: Pick, told: Eim | Production | None = None, *, falls: bool = False) -> None:
        """Count a register by the day; ``told`` is what the gateway itself says of today and the week."""
        today, week = DAY_POINTS[name]
        slot = f"{self.block.name}.{name}"
        if pick.value is None:
            self.put(today, Pick(names=pick.names))
            self.put(week, Pick(names=pick.names))
            return
        self.ledger.observe(slot, pick.value, self.now, falls=falls)
        if self.ledger.partial(slot, self.now):
            self.begin(slot, name, pick.value, told)
        counted = self.ledger.days(slot, 1, self.now)
        self.put(today, Pick(None if counted is None else round(counted), pick.names))
        own = self.ledger.days(slot, DAYS, self.now)
        if own is not None or told is None:
            self.put(week, Pick(None if own is None else round(own), pick.names))
        else:
            # Who looks at the week has the report read as well, until our own count is that old.
            self.put(week, Pick(self.week(pick.value, counted, told), pick.names | {told.name}))

    def begin(self, slot: str, name: str, level: float, told: Eim | Production | None) -> None:
        """Start an account with what the gateway has counted since midnight, so that the first day is whole."""
        if name == "net":
            parts = [self.ledger.days(f"{self.block.name}.{each}", 1, self.now) for each in ("consumption", "production")]
            today = None if None in parts else parts[0] - parts[1]  # type: ignore[operator]
        else:
            today = told.get(type(told).today) if told is not None and self.trusted(told) else None
            if today is not None and not 0 <= today <= min(level, self.envoy.max_power * 24):
                today = None
        if today is not None:
            self.ledger.seed(slot, self.now.date(), level - today)

    def week(self, level: float, today: float | None, told: Eim | Production) -> float | None:
        """Return the gateway's seven days where they can be true (2)."""
        week = told.get(type(told).week) if self.trusted(told) else None
        if week is None or today is None:
            return None
        near = abs(week - level) <= LIKE_LIFETIME * level or abs(week - (level - today)) <= LIKE_LIFETIME * level
        return None if near or not today <= week <= level else week

    def put(self, point: Point[float], pick: Pick) -> None:
        """Show a value, and remember what it depends on; one that there was never a place for is not shown at all."""
        if not pick.names and not self.block.has(point):
            return
        self.block.set(point, pick.value)
        self.envoy.depends(self.block, point.name, pick.names)


DAY_POINTS: Final[Mapping[str, tuple[Point[float], Point[float]]]] = {
    "production": (Site.production_today, Site.production_week),
    "consumption": (Site.consumption_today, Site.consumption_week),
    "import": (Site.import_today, Site.import_week),
    "export": (Site.export_today, Site.export_week),
    "net": (Site.net_today, Site.net_week),
}


def _totals(envoy: Envoy) -> None:
    """Bring the registers of the CTs up to date, as far as somebody looks at them."""
    for total in envoy.parts(MeterTotal):
        meter = envoy.part(Meter, total.kind, total.phase)
        if meter is None or not envoy.heeds(total):
            continue
        for shown, register in ((MeterTotal.delivered, Meter.delivered), (MeterTotal.received, Meter.received)):
            _put(envoy, total, shown, Pick(meter.get(register), frozenset((meter.name,))))


def _batteries(envoy: Envoy, now: datetime) -> Pick:
    """Bring the batteries as one up to date and return their power; + = discharging."""
    meter, block = envoy.part(Meter, "storage"), envoy.batteries
    power = first(((meter, Meter.power),), envoy.good)
    units = envoy.parts(EnchargePower)
    acb = envoy.part(AcbSum, "acb")
    if meter is None and (units or acb):
        flows = [first(((unit, EnchargePower.real_power),), envoy.good) for unit in units]
        flows += [first(((acb, AcbSum.power),), envoy.good)] if acb else []
        power = combine(lambda *values: round(sum(values)), *flows)
    if not power.names:
        return power
    _put(envoy, block, Batteries.power, power)
    state = None if power.value is None else _state(power.value)
    block.set(Batteries.state, state)
    envoy.depends(block, "state", power.names)
    if meter is not None:
        for name, point, shown in (
            ("charged", Meter.received, Batteries.charged_today),
            ("discharged", Meter.delivered, Batteries.discharged_today),
        ):
            pick = first(((meter, point),), envoy.good)
            if pick.value is not None:
                envoy.ledger.observe(f"battery.{name}", pick.value, now)
            counted = envoy.ledger.days(f"battery.{name}", 1, now)
            _put(envoy, block, shown, Pick(None if pick.value is None or counted is None else round(counted), pick.names))
    return power


def _put(envoy: Envoy, block: Block, point: Point[float], pick: Pick) -> None:
    block.set(point, pick.value)
    envoy.depends(block, point.name, pick.names)


def _state(power: float) -> str:
    if abs(power) < REST_W:
        return "idle"
    return "discharging" if power > 0 else "charging"
