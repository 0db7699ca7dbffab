"""One gateway and everything behind it: which parts there are, how fresh each is kept, what is shown."""

from collections.abc import Collection, Mapping
from datetime import datetime, time
from typing import Any, Final, override

from ...energy_core.counters import Counter, CounterPolicy
from ...energy_core.device import Device, Wire
from ...energy_core.errors import WrongDeviceError
from ...energy_core.ledger import Ledger
from ...energy_core.points import Block, Point
from ...energy_core.report import UpdateReport
from . import site, units
from .families import FAMILIES, Entry
from .firmware import STALE_SUM_SINCE, version
from .local import Local
from .points import (
    WIRE,
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
    InverterDetail,
    Inverters,
    Meter,
    Meters,
    Part,
    Production,
    Site,
    Storage,
    StorageSettings,
    Token,
)

# Reports in which a part must be missing before it is taken to be gone.
GONE_AFTER: Final = 3
# One slower endpoint in each stretch of so many seconds: what is due together is read one by one.
SLOT: Final = 5.0
# The bulk of the day's polls; it may not make others wait.
FAST: Final = 0.0
DAILY_SLOT: Final = ".energy_today"
# Blocks that are read to find parts.
FINDERS: Final = ("info", "meters", "report", "inverters", "ensemble", "contacts", "production")
# Around this hour of its day the gateway is busy with itself, and device data hangs (trap 9).
QUIET: Final = (time(22, 59), time(23, 4))
TROUBLED: Final = "device_data"


class Envoy(Device):
    """One gateway; its values live in its blocks, what they add up to in ``Site``."""

    max_power = 100_000
    settle = (1.0, 3.0, 6.0, 12.0, 20.0)
    # The seconds between two polls, set by who polls.
    pace: float = SLOT

    def __init__(self, local: Local, *, serial: str, phases: int | None = None, **more: Any) -> None:
        """Own what every gateway may have; ``phases`` is what the user says, None to see for ourselves."""
        super().__init__(local, **more)
        self.local = local
        self.serial = serial
        self.asked_phases = phases
        self.ledger = Ledger()
        self.origins: dict[tuple[str, str], frozenset[str]] = {}
        self.failing: set[str] = set()
        self.trusts_sum = True
        self._decided = False
        # Whether everything has been read once: from then on the slower endpoints take turns.
        self._settled = False
        self._misses: dict[str, int] = {}
        self.info = self.add(Info("info"))
        self.production = self.add(Production("production"))
        self.settings = self.add(StorageSettings("storage_settings"))
        self.batteries = self.add(Batteries("batteries"))
        self.acbs = self.add(AcbGroup("acbs"))
        self.token = self.add(Token("token"))
        self.storage = self.add(Storage("storage"))
        self.report = self.add(Eim("report", item="inverters"))
        for block in (Meters("meters"), Inverters("inverters"), Ensemble("ensemble"), Inventory("inventory")):
            self.add(block)
        for other in (Contacts("contacts"), Generator("generator"), ExportLimit("export_limit"), Home("home")):
            self.add(other)
        self.add(Site("site", prefix=serial))

    # -- parts ----------------------------------------------------------------------------------------------------

    def part[P: Part](self, make: type[P], kind: str, phase: int = 0) -> P | None:
        """Return the only part of a kind, or one of its phases."""
        block = self.blocks.get(Entry(make=make, item="", kind=kind, phase=phase).name)
        return block if isinstance(block, make) else None

    def parts[P: Part](self, make: type[P]) -> list[P]:
        """Return all parts of a class."""
        return [block for block in self.blocks.values() if isinstance(block, make)]

    def site(self, phase: int) -> Site | None:
        """Return the site, or one of its phases."""
        block = self.blocks.get(f"site_l{phase}" if phase else "site")
        return block if isinstance(block, Site) else None

    @property
    def phases(self) -> int:
        """How many phases are shown by themselves: none when there is but one."""
        if self.asked_phases is not None:
            return self.asked_phases if self.asked_phases > 1 else 0
        return max((block.phase for block in self.blocks.values() if isinstance(block, Meter | Eim)), default=0)

    @property
    def firmware(self) -> tuple[int, ...]:
        """The firmware as numbers."""
        return version(self.info.firmware or "")

    def good(self, block: Block) -> bool:
        """Tell whether what a block says can be used: it answers, and its segment is active (trap 12)."""
        return block.name not in self.failing and not (isinstance(block, Eim) and block.active == 0)

    # -- reading --------------------------------------------------------------------------------------------------

    @override
    async def update(self, wanted: Collection[str] = (), *, only: bool = False, wire: Wire | None = None) -> UpdateReport:
        """Read what is due; the first time look first which parts there are."""
        if not self._begun and not only:
            first = await super().update(FINDERS, only=True, wire=wire)
            return (await super().update(wanted, wire=wire)).after(first)
        report = await super().update(wanted, only=only, wire=wire)
        self._settled = self._settled or not only
        return report

    @override
    def due(self, wanted: Collection[str]) -> list[Block]:
        """Return the fast blocks, and a few of the slower endpoints that are due, the most overdue first."""
        needed = {name for (block, _), names in self.origins.items() if block in wanted for name in names}
        blocks = super().due({*wanted, *needed})
        quiet = QUIET[0] <= self._now().time() < QUIET[1]
        fast: list[Block] = []
        slow: dict[str, list[Block]] = {}
        for block in sorted(blocks, key=self._deadline):
            name = endpoint(block)
            if block.every == FAST or name is None:
                fast.append(block)
            elif not (quiet and name == TROUBLED) and (not self._begun or self.local.health.waits(name) is None):
                slow.setdefault(name, []).append(block)
        room = max(1, round(self.pace / SLOT)) if self._settled else len(slow)
        return fast + [block for group in list(slow.values())[:room] for block in group]

    def _deadline(self, block: Block) -> float:
        return self._read_at.get(block.name, -1e12) + block.every

    @override
    def _count(self, report: UpdateReport) -> None:
        units.heal_storage(self)
        super()._count(report)

    @override
    def digest(self, report: UpdateReport) -> None:
        """Find parts, and derive what no endpoint says."""
        self.failing = (self.failing | report.failed.keys()) - report.updated
        if "info" in report.updated:
            self._recognise()
        self._decide()
        for name, family in FAMILIES.items():
            if name in self.local.answered:
                self._sync(name, family(self.local.seen[name]))
        self._phases()
        self.settings.prefix = self.enpower.item if self.enpower is not None else self.serial
        units.derive(self)
        if self._begun:
            # Not while parts are only being found: days are counted from the best register on.
            site.derive(self, self._now())

    def _recognise(self) -> None:
        if self.info.serial is not None and self.info.serial != self.serial:
            raise WrongDeviceError("another serial number")

    def _sync(self, family: str, entries: list[Entry]) -> None:
        """Own a block for each part that was seen; let go of those that have been missing for a while."""
        names = {entry.name for entry in entries}
        for entry in entries:
            self._misses.pop(entry.name, None)
            known = self.blocks.get(entry.name)
            if not isinstance(known, Part) or known.item != entry.item:
                self._adopt(family, entry)
        if not entries and family == "inverters":
            # Some firmware empties the list every four hours; nothing has gone.
            return
        for name, block in list(self.blocks.items()):
            if isinstance(block, Part) and block.family == family and name not in names:
                self._misses[name] = self._misses.get(name, 0) + 1
                if self._misses[name] >= GONE_AFTER:
                    self.forget(name)

    def _adopt(self, family: str, entry: Entry) -> None:
        block = entry.make(entry.name, item=entry.item, kind=entry.kind, phase=entry.phase, family=family)
        prefix = units.prefix(self, block)
        if prefix is None:
            return
        block.prefix = prefix
        self.add(block)
        if isinstance(block, InverterDetail):
            # Firmware before 8.2.4345 has none of it; the next one may, and then the entities are there.
            block.values.update(dict.fromkeys(block.points))
        name = endpoint(block)
        if name in self.local.answered:
            block.decode(WIRE, self.local.seen[name])
            self._read_at[block.name] = self._clock()
            self._shown.add(block.name)

    def _phases(self) -> None:
        for phase in range(1, 4):
            name = f"site_l{phase}"
            if phase <= self.phases and name not in self.blocks:
                self.add(Site(name, phase=phase, prefix=self.serial))

    def _decide(self) -> None:
        """Choose, once, where a gateway without production CTs keeps its sum (research brief, section 2.1)."""
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
        return super().saved() | {"ledger": self.ledger.as_dict()}

    @override
    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what an earlier life saved; parts that have not been found yet, too, find their registers."""
        super().restore(saved)
        self.ledger.restore(saved.get("ledger"))
        kept = saved.get("counters")
        for slot, state in (kept if isinstance(kept, dict) else {}).items():
            if isinstance(state, dict) and slot not in self.counters:
                daily = slot.endswith(DAILY_SLOT)
                policy = CounterPolicy.DAILY if daily else CounterPolicy.LIFETIME
                self.counters[slot] = Counter.restored(policy, self.max_power, state)


def endpoint(block: Block) -> str | None:
    """Return the endpoint that a block is read from, None for one that is derived."""
    for source in block.sources(WIRE).values():
        return source.key[0] if isinstance(source.key, tuple) else None
    return None
