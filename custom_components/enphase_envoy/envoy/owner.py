"""Owns the parts behind a gateway: adopts what an answer shows, lets go of what has been missing for a while."""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any, ClassVar, Final, cast, override

from ...energy_core.device import Device
from ...energy_core.points import Block
from . import units
from .families import Entry, name_of
from .local import Local
from .parse import Flat
from .points import WIRE, Eim, InverterDetail, Meter, Part

# Reports in which a part must be missing before it is taken to be gone.
GONE_AFTER: Final = 3
# Families of which an empty list says nothing: some firmware empties that of the inverters every four hours.
PATIENT: Final = frozenset({"inverters", "contact_settings"})
# What nobody has had so far: it appears with the firmware that has it.
SINCE_LATER: Final = frozenset({"energy_yesterday", "energy_week"})


class PartOwner(Device):
    """A device whose blocks come and go with what its answers list; ``finders`` are the blocks read to find others."""

    finders: ClassVar[Collection[str]] = ()
    asked_phases: int | None = None

    def __init__(self, local: Local, *, serial: str, **more: Any) -> None:
        """Own no part yet; ``serial`` is the gateway's."""
        super().__init__(local, **more)
        self.local = local
        self.serial = serial
        self._misses: dict[str, int] = {}
        self._parts: dict[type[Part], list[Any]] = {}
        self._only: dict[tuple[type[Part], str, int], Any] = {}
        self._phases_found: int | None = None
        # The answer that each block was last read from.
        self._heard_in: dict[str, Flat] = {}
        # The answer in which each family was found complete, and as what.
        self._complete_in: dict[str, Flat] = {}
        self._complete_as: dict[str, list[Entry]] = {}

    def part[P: Part](self, make: type[P], kind: str, phase: int = 0) -> P | None:
        """Return the only part of a kind, or one of its phases."""
        which = (make, kind, phase)
        if which not in self._only:
            block = self.blocks.get(name_of(make, kind, phase))
            self._only[which] = block if isinstance(block, make) else None
        return cast("P | None", self._only[which])

    def parts[P: Part](self, make: type[P]) -> list[P]:
        """Return all parts of a class."""
        if make not in self._parts:
            self._parts[make] = [block for block in self.blocks.values() if isinstance(block, make)]
        return cast("list[P]", self._parts[make])

    @property
    def phases(self) -> int:
        """How many phases are shown by themselves: none when there is but one."""
        if self.asked_phases is not None:
            return self.asked_phases if self.asked_phases > 1 else 0
        if self._phases_found is None:
            self._phases_found = max((block.phase for block in (*self.parts(Meter), *self.parts(Eim))), default=0)
        return self._phases_found

    @override
    def add[B: Block](self, block: B) -> B:
        """Own ``block`` from now on."""
        self._look_up_anew()
        return super().add(block)

    @override
    def forget(self, name: str) -> None:
        """Stop owning a part that is gone."""
        self._look_up_anew()
        self._complete_in.clear()
        self._complete_as.clear()
        super().forget(name)

    def _look_up_anew(self) -> None:
        self._parts.clear()
        self._only.clear()
        self._phases_found = None

    def look_again(self) -> None:
        """Read also what finds parts, and what has shown nothing so far: there may be something now."""
        told = {name for name, block in self.blocks.items() if any(value is not None for value in block.values.values())}
        self._shown &= told - set(self.finders)

    def find(self, family: str, entries: Callable[[Flat], list[Entry]]) -> None:
        """Look for parts in what the endpoint of a family says, unless that is what they were all found in."""
        answer = self.local.seen[family]
        if self._complete_in.get(family) is answer:
            return
        found = entries(answer)
        if found == self._complete_as.get(family) or self.sync(family, found):
            self._complete_in[family], self._complete_as[family] = answer, found

    def sync(self, family: str, entries: list[Entry]) -> bool:
        """Own a block for each part that the ``family`` of parts of an endpoint has; let go of those long missing.

        Tell whether just those are there.
        """
        names, before = {entry.name for entry in entries}, len(self.blocks)
        for entry in entries:
            self._misses.pop(entry.name, None)
            known = self.blocks.get(entry.name)
            if not isinstance(known, Part) or known.item != entry.item:
                self._adopt(family, entry)
                self.replaced(known)
        if self._begun and len(self.blocks) > before:
            self.look_again()
        if not entries and family in PATIENT:
            return False
        complete = names <= self.blocks.keys()
        for name, block in list(self.blocks.items()):
            if isinstance(block, Part) and block.family == family and name not in names:
                self._misses[name] = self._misses.get(name, 0) + 1
                complete = False
                if self._misses[name] >= GONE_AFTER:
                    self.forget(name)
        return complete

    def replaced(self, before: Block | None) -> None:
        """Act on a part that has taken the place of another; ``before`` is None where there was none."""

    def _adopt(self, family: str, entry: Entry) -> None:
        block = entry.make(entry.name, item=entry.item, kind=entry.kind, phase=entry.phase, family=family)
        prefix = units.prefix(self, block)
        if prefix is None:
            return
        block.prefix = prefix
        self.add(block)
        if isinstance(block, InverterDetail):
            # Firmware before 8.2.4345 has none of it; the next one may, and then the entities are there.
            block.values.update(dict.fromkeys(block.points.keys() - SINCE_LATER))
        name = endpoint(block)
        if name in self.local.answered:
            answer = self._heard_in[block.name] = self.local.seen[name]
            block.decode(WIRE, answer)
            self._read_at[block.name] = self._clock()
            self._shown.add(block.name)


def endpoint(block: Block) -> str | None:
    """Return the endpoint that a block is read from, None for one that is derived."""
    return _endpoint_of(type(block))  # type: ignore[arg-type]


@cache
def _endpoint_of(kind: type[Block]) -> str | None:
    for point in kind.points.values():
        if (source := point.source(WIRE)) is not None:
            return source.key[0] if isinstance(source.key, tuple) else None
    return None
