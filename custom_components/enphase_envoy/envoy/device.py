"""One gateway and everything behind it: which parts there are, how fresh each is kept, what is shown."""

from collections import Counter as Counts
from collections.abc import Collection, Mapping
from datetime import datetime
import math
from typing import Any, Final, override

from ...energy_core.counters import Counter, CounterPolicy
from ...energy_core.device import Wire
from ...energy_core.errors import WrongDeviceError
from ...energy_core.ledger import Ledger
from ...energy_core.memory import section
from ...energy_core.points import Block, Point
from ...energy_core.report import UpdateReport
from . import site, units
from .estimates import Estimates
from .families import FAMILIES
from .firmware import STALE_SUM_SINCE, version
from .local import Local
from .owner import endpoint
from .points import (
    AcbGroup,
    Batteries,
    Contacts,
    Eim,
    Enpower,
    Ensemble,
    ExportLimit,
    Generator,
    Home,
    Info,
    Inventory,
    Inverters,
    Meter,
    Meters,
    Production,
    Site,
    Storage,
    StorageSettings,
    Token,
)
from .turns import FAST, TurnTaker

# How often registers are added up while only the meters are read (s).
ENERGIES_EVERY: Final = 30.0
# So many readings too late, and what nobody has needed so far is of another time.
OLD: Final = 4.0
DAILY_SLOT: Final = ".energy_today"
# So many silences in a row a block is believed in what it said before, as its own entities are; then others stand in.
BORNE: Final = 1
# What follows from a command to one of the parts behind the gateway shows here, too.
FOLLOWING: Final = frozenset({"ensemble", "secctrl", "contacts"})
# Blocks that are read to find parts.
FINDERS: Final = ("info", "meters", "report", "inverters", "ensemble", "contacts", "production")


class Envoy(TurnTaker):
    """One gateway; its values live in its blocks, what they add up to in ``Site``."""

    finders = FINDERS
    max_power = 100_000
    settle = (1.0, 3.0, 6.0, 12.0, 20.0)

    def __init__(self, local: Local, *, serial: str, phases: int | None = None, **more: Any) -> None:
        """Own what every gateway may have; ``phases`` is what the user says, None to see for ourselves."""
        super().__init__(local, serial=serial, **more)
        self.asked_phases = phases
        self.ledger = Ledger()
        self.estimates = Estimates()
        self._slips: Counts[str] = Counts()
        # By which reports, and for which day, the production of each inverter was estimated.
        self.estimated_by: tuple[object, object] = (None, None)
        self.trusts_sum = True
        self._summed_at = -math.inf
        self._absent = 0
        self._decided = False
        self._chosen: object = None
        self.info = self.add(Info("info"))
        self.production = self.add(Production("production"))
        self.settings = self.add(StorageSettings("storage_settings"))
        self.batteries = self.add(Batteries("batteries"))
        self.acbs = self.add(AcbGroup("acbs"))
        self.token = self.add(Token("token"))
        self.storage = self.add(Storage("storage"))
        self.report = self.add(Eim("report", item="inverters"))
        for block in (Meters("meters"), Inverters("inverters"), Ensemble("ensemble")):
            self.add(block)
        self.inventory = self.add(Inventory("inventory"))
        self.generator = self.add(Generator("generator"))
        for other in (Contacts("contacts"), ExportLimit("export_limit"), Home("home")):
            self.add(other)
        self.add(Site("site", prefix=serial))

    # -- what there is --------------------------------------------------------------------------------------------

    def site(self, phase: int) -> Site | None:
        """Return the site, or one of its phases."""
        block = self.blocks.get(f"site_l{phase}" if phase else "site")
        return block if isinstance(block, Site) else None

    @property
    def firmware(self) -> tuple[int, ...]:
        """The firmware as numbers."""
        return version(self.info.firmware or "")

    def good(self, block: Block) -> bool:
        """Tell whether what a block says can be used: it answers, and its segment is active (trap 12)."""
        return block.name not in self.failing and not (isinstance(block, Eim) and block.active == 0)

    def recent(self, block: Block) -> bool:
        """Tell whether a block was read lately, as one that nobody has needed so far was not."""
        heard = max(times.get(block.name, -math.inf) for times in (self._heard_at, self._read_at))
        return block.every == FAST or self._clock() - heard < OLD * max(self.period(block), self.pace)

    # -- reading --------------------------------------------------------------------------------------------------

    @override
    async def update(self, wanted: Collection[str] = (), *, only: bool = False, wire: Wire | None = None) -> UpdateReport:
        """Read what is due; the first time look first which parts there are."""
        if not self._begun and not only:
            first = await super().update(FINDERS, only=True, wire=wire)
            return (await super().update(wanted, wire=wire)).after(first)
        if only:
            return await super().update(wanted, only=True, wire=wire)
        blocks = self.due(wanted)
        self._settled = True
        if all(endpoint(block) is None for block in blocks):
            # Nothing is asked, so nothing is new.
            return UpdateReport()
        return await super().update([block.name for block in blocks], only=True, wire=wire)

    @override
    def touched(self, *names: str) -> None:
        """Distrust what was read of the named blocks, which were written since, and have read what may follow from it."""
        following = {block.name for block in self.blocks.values() if endpoint(block) in FOLLOWING}
        super().touched(*names, *following)
        self.expire(*following)

    @override
    def replaced(self, before: Block | None) -> None:
        """Count on from what another CT reads: its registers began elsewhere."""
        if isinstance(before, Meter):
            for name in before.counted:
                self.counters.pop(f"{before.name}.{name}", None)
            self.ledger.swap(self.ledger.accounts)

    def heeds(self, block: Block) -> bool:
        """Tell whether anybody looks at a block, or could not so far because it has never shown anything."""
        return block.name in self._wanted or not block.values

    @override
    def _count(self, report: UpdateReport) -> None:
        units.heal_storage(self)
        super()._count(report)

    @override
    def digest(self, report: UpdateReport) -> None:
        """Find parts, and derive what no endpoint says."""
        self._note_failures(report)
        if "info" in report.updated:
            self._recognise()
        self._decide()
        for name, family in FAMILIES.items():
            if name in self.local.answered:
                self.find(name, family)
        self._phases()
        self.settings.prefix = self.enpower.item if self.enpower is not None else self.serial
        now = self._now()
        absent = len(self.local.health.absent)
        if self.local.answered - site.SOURCES or absent != self._absent:
            self._absent = absent
            units.derive(self, now)
        if self._begun:
            # Not while parts are only being found: days are counted from the best register on.
            site.derive(self, now, energies=self._turn())

    def _note_failures(self, report: UpdateReport) -> None:
        if not report.failed and not self._slips:
            return
        self._slips = Counts({name: slips for name, slips in self._slips.items() if name not in report.updated})
        self._slips.update(report.failed.keys())
        self.failing = {name for name, slips in self._slips.items() if slips > BORNE}

    def _turn(self) -> bool:
        """Tell whether it is time for the energies: they move slowly, and each change is a row in a database."""
        now = self._clock()
        due = now - self._summed_at >= ENERGIES_EVERY or not self.local.answered.isdisjoint(site.TOTALS)
        self._summed_at = now if due else self._summed_at
        return due

    def _recognise(self) -> None:
        if self.info.serial is not None and self.info.serial != self.serial:
            raise WrongDeviceError("another serial number")

    def _phases(self) -> None:
        for phase in range(1, 4):
            name = f"site_l{phase}"
            if phase <= self.phases and name not in self.blocks:
                self.add(Site(name, phase=phase, prefix=self.serial))

    def _decide(self) -> None:
        """Choose, once, where a gateway without production CTs keeps its sum (research brief, section 2.1)."""
        if not self._decided and self._chosen in ([self.info.firmware, True], [self.info.firmware, False]):
            # As before, whatever is missing today: a register that is changed for another looks like a day of ten years.
            self._decided, self.trusts_sum = True, self._chosen == [self.info.firmware, True]
        if self._decided or not {"production", "report"} <= self._shown:
            return
        self._decided = True
        stale = bool(self.info.metered) and self.firmware >= STALE_SUM_SINCE
        self.trusts_sum = self.report.lifetime is None or (self.production.lifetime is not None and not stale)

    # -- what is shown --------------------------------------------------------------------------------------------

    @override
    def serves(self, block: Block, point: Point[Any]) -> bool:
        """A derived value is there as long as one of the blocks that it comes from answers, or all where it needs all."""
        names = self.origins.get((block.name, point.name), frozenset())
        return not names & self.failing

    @override
    def label(self, name: str) -> str:
        """Return the endpoint: many blocks share one, and a block's name may be a serial number."""
        block = self.blocks.get(name)
        source = endpoint(block) if block is not None else None
        return self.local.endpoints[source].path if source is not None else "what follows from the others"

    def total_is_net(self, phase: int) -> bool:
        """Tell whether the gateway gives net consumption out as total consumption (trap 13)."""
        total, net = self.part(Eim, "total_consumption", phase), self.part(Eim, "net_consumption", phase)
        if total is None or net is None or self.part(Meter, "production", phase) is None:
            return False
        return total.lifetime == net.lifetime and total.power == net.power and bool(total.lifetime)

    def counted(self, slot: str, level: float, now: datetime, modulus: float | None = None) -> float:
        """Hold a register that no single block has to the policy of lifetime counters."""
        counter = self.counters.setdefault(slot, Counter(CounterPolicy.LIFETIME, self.max_power))
        counter.modulus = modulus
        return counter.accept(level, now)

    @override
    def can_write(self, block: Block, point: Point[Any]) -> bool:
        """A control exists where the gateway shows what it would change."""
        if isinstance(block, StorageSettings) and not self.batteries_there():
            return False
        return super().can_write(block, point) and block.has(point)

    def batteries_there(self) -> bool:
        """Tell whether there is a battery at all: a group of none counts for nothing (trap 17)."""
        return bool(self.blocks["ensemble"].values.get("battery_count"))

    @property
    def enpower(self) -> Enpower | None:
        """The system controller, where there is one."""
        return next(iter(self.parts(Enpower)), None)

    @override
    def saved(self) -> dict[str, Any]:
        """Return what must survive a restart: registers, and the levels at which days began."""
        chosen = [self.info.firmware, self.trusts_sum] if self._decided else None
        return super().saved() | {"ledger": self.ledger.as_dict(), "estimates": self.estimates.as_dict(), "sum": chosen}

    @override
    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what an earlier life saved; parts that have not been found yet, too, find their registers."""
        super().restore(saved)
        self.ledger.restore(saved.get("ledger"))
        self.estimates.restore(saved.get("estimates"))
        self._chosen = saved.get("sum")
        for slot, state in section(saved.get("counters")).items():
            if isinstance(state, dict) and slot not in self.counters:
                daily = slot.endswith(DAILY_SLOT)
                policy = CounterPolicy.DAILY if daily else CounterPolicy.LIFETIME
                self.counters[slot] = Counter.restored(policy, self.max_power, state)
