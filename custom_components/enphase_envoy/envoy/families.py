"""Which parts a gateway can have, and by what their entries are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...energy_core.points import number
from .parse import Flat
from .points import (
    Acb,
    AcbPower,
    AcbStore,
    AcbSum,
    Collar,
    Combiner,
    Contact,
    ContactSettings,
    Eim,
    Encharge,
    EnchargePower,
    Enpower,
    Inverter,
    InverterDetail,
    InverterState,
    Meter,
    MeterDetail,
    MeterState,
    MeterTotal,
    Part,
    QRelay,
)

PHASES: Final = (1, 2, 3)
# Segments of the production report that are about the whole site.
SEGMENTS: Final = ("production", "total-consumption", "net-consumption")
METER_KINDS: Final = (
    *("production", "net-consumption", "total-consumption", "storage"),
    *("backfeed", "load", "evse", "pv3p"),
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A part that an answer shows: the class of its block, its item, and what kind of it."""

    make: type[Part]
    item: str
    kind: str = ""
    phase: int = 0

    @property
    def name(self) -> str:
        """The name of its block."""
        return name_of(self.make, self.kind or self.item, self.phase)


def name_of(make: type[Part], which: str, phase: int = 0) -> str:
    """Return the name of the block for a part of a class: by its kind, or by its item where there are several."""
    return f"{make.__name__.lower()}_{which}{f'_l{phase}' if phase else ''}"


def items(flat: Flat) -> dict[str, dict[str, Any]]:
    """Return the fields of each item in an answer."""
    found: dict[str, dict[str, Any]] = {}
    for key, raw in flat.items():
        if isinstance(key, tuple) and len(key) == 3:
            found.setdefault(str(key[1]), {})[str(key[2])] = raw
    return found


def meters(flat: Flat) -> list[Entry]:
    """Return each enabled CT with its phases; ``phaseCount`` counts, not the mode (research brief, section 2.1)."""
    entries: list[Entry] = []
    for eid, fields in items(flat).items():
        kind = str(fields.get("measurementType"))
        if kind not in METER_KINDS or fields.get("state") != "enabled":
            continue
        count = int(number(fields.get("phaseCount")) or 1)
        kind = kind.replace("-", "_")
        for phase in (0, *PHASES[: count if count > 1 else 0]):
            entries.append(Entry(make=MeterState, item=eid, kind=kind, phase=phase))
            measured = f"{eid}.{phase}" if phase else eid
            entries += [Entry(make=make, item=measured, kind=kind, phase=phase) for make in (Meter, MeterDetail, MeterTotal)]
    return entries


def segments(flat: Flat) -> list[Entry]:
    """Return the segments of the production report that mean something: without meters they hold garbage (trap 12)."""
    found = {key[1] for key in flat if isinstance(key, tuple)}
    entries: list[Entry] = []
    for name in SEGMENTS:
        if not number(flat.get(("production", name, "activeCount"))):
            continue
        kind = name.replace("-", "_")
        entries.append(Entry(make=Eim, item=name, kind=kind))
        lines = [
            Entry(make=Eim, item=f"{name}.{phase}", kind=kind, phase=phase) for phase in PHASES if f"{name}.{phase}" in found
        ]
        # A single line is the whole again.
        entries += lines if len(lines) > 1 else []
    if number(flat.get(("production", "acb", "activeCount"))) and ("production", "acb", "percentFull") in flat:
        entries += [Entry(make=make, item="acb") for make in (AcbSum, AcbStore)]
    return entries


def _by_kind(kinds: Mapping[str, tuple[type[Part], ...]]) -> Callable[[Flat], list[Entry]]:
    def entries(flat: Flat) -> list[Entry]:
        found = items(flat).items()
        return [Entry(make=make, item=item) for item, fields in found for make in kinds.get(str(fields.get("kind")), ())]

    return entries


def inverters(flat: Flat) -> list[Entry]:
    """Return each inverter with everything that is said of it elsewhere, and the AC batteries among them (trap 16)."""
    entries: list[Entry] = []
    for item, fields in items(flat).items():
        makes = (AcbPower,) if "acb_serialNumber" in fields else (Inverter, InverterDetail, InverterState)
        entries += [Entry(make=make, item=item) for make in makes]
    return entries


def contacts(flat: Flat) -> list[Entry]:
    """Return each dry contact: whether it is closed, and what it does by itself."""
    return [Entry(make=make, item=item) for item in items(flat) for make in (ContactSettings, Contact)]


FAMILIES: Final[Mapping[str, Callable[[Flat], list[Entry]]]] = {
    "meters": meters,
    "production": segments,
    "inverters": inverters,
    "inventory": _by_kind({"ACB": (Acb,), "NSRB": (QRelay,)}),
    "ensemble": _by_kind(
        {
            "ENCHARGE": (Encharge, EnchargePower),
            "ENPOWER": (Enpower,),
            "COLLAR": (Collar,),
            "C6 COMBINER CONTROLLER": (Combiner,),
        }
    ),
    "contact_settings": contacts,
}
