"""Points and blocks: a device's datasheet as code, one line for each value.

A ``Point`` says what a value means (type, unit, bounds); its ``Source`` says where one wire keeps
it and in which dress (key, scale, sign, codes, sentinels). A ``Block`` is the points that are read
together; its instances hold the values: ``Battery.soc`` is the point, ``battery.soc`` the value.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
import math
from typing import Any, ClassVar, Literal, Self, cast, overload

from .counters import CounterPolicy
from .errors import DeviceRefusedError

type Key = Hashable
type Raw = Any
type Value = float | str | bool

# A vendor's text is cut here: names and serial numbers are shorter, hostile text is not.
TEXT_LIMIT = 64
# No house has so much of anything, in any unit: what is beyond is no value.
ABSURD = 1e15
# A point that this many good answers lacked is one that the unit does not have.
MISSES_UNTIL_UNSUPPORTED = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """Where one wire keeps a point, and how its raw value reads."""

    key: Key
    scale: float = 1.0
    sign: Literal[1, -1] = 1
    missing: frozenset[float] = frozenset()
    codes: Mapping[int | str, Value] | None = None
    write_key: Key | None = None
    write_codes: Mapping[Value, int | str] | None = None
    rw: bool = False

    @property
    def writable(self) -> bool:
        """Tell whether anything may ever be written here."""
        return self.rw or self.write_key is not None or self.write_codes is not None

    @property
    def target(self) -> Key:
        """The key that a write goes to."""
        return self.key if self.write_key is None else self.write_key


def number(raw: Raw) -> float | None:
    """Return a finite number from a number or a plain numeric text, else None."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    if isinstance(raw, str) and not (raw.isascii() and "_" not in raw and len(raw) <= TEXT_LIMIT):
        return None
    try:
        value = float(raw)
    except ValueError, OverflowError:
        return None
    return value if math.isfinite(value) else None


def text(raw: Raw) -> str | None:
    """Return printable text of at most ``TEXT_LIMIT`` characters, or None when nothing is left."""
    if not isinstance(raw, str) and number(raw) is None:
        return None
    shown = str(raw)
    if not shown.isprintable():
        shown = "".join(char for char in shown if char.isprintable())
    return shown.strip()[:TEXT_LIMIT] or None


def _code(raw: Raw) -> int | str:
    """Return a raw code as tables have it: a whole number where it is one, else text."""
    code = number(raw)
    return int(code) if code is not None and code.is_integer() else str(raw)


def tidy(value: float) -> float:
    """Remove the dust of binary scaling: 28997 x 0.01 is 289.97, and 5.0 is 5."""
    rounded = round(value, 6)
    return int(rounded) if rounded.is_integer() else rounded


class Point[T: float | str | bool]:
    """One line of a datasheet.

    ``low``/``high`` bound what is believed when read; ``write_low``/``write_high``/``step`` bound
    what may be written, where a source is writable at all; ``digits`` is how many decimals mean something.
    A derived point has no sources: its device computes it.
    """

    name: str
    block: type[Block]

    def __init__(
        self,
        kind: type[T],
        unit: str | None = None,
        *,
        low: float | None = None,
        high: float | None = None,
        write_low: float = 0,
        write_high: float | None = None,
        step: float = 1,
        counter: CounterPolicy | None = None,
        secret: bool = False,
        names: tuple[str, ...] = (),
        digits: int | None = None,
        **sources: Source | tuple[Source | None, ...],
    ) -> None:
        """Declare the point; each keyword beyond the named ones is a wire and its source."""
        self.kind, self.unit = kind, unit
        self.low, self.high = low, high
        self.write_low, self.write_high, self.step = write_low, write_high, step
        self.counter = counter
        self.secret = secret
        self.names = names
        self.digits = digits
        self.sources = sources

    def __set_name__(self, owner: type[Block], name: str) -> None:
        """Learn the name and the block from the class body."""
        self.name = name
        self.block = owner

    @overload
    def __get__(self, instance: None, owner: type[Block]) -> Self: ...
    @overload
    def __get__(self, instance: Block, owner: type[Block]) -> T | None: ...
    def __get__(self, instance: Block | None, owner: type[Block]) -> Self | T | None:
        """Return the point on the class, the value on an instance."""
        return self if instance is None else cast("T | None", instance.values.get(self.name))

    def __repr__(self) -> str:
        """Name the point as code does."""
        return f"{self.block.__name__}.{self.name}"

    def source(self, wire: str, index: int = 0) -> Source | None:
        """Return where ``wire`` keeps this point of the ``index``-th block, if it does."""
        found = self.sources.get(wire)
        if isinstance(found, tuple):
            return found[index] if index < len(found) else None
        return found

    @property
    def options(self) -> list[str]:
        """Every text that this point can read as, in the vendor's order; ``names`` for a derived one."""
        codes = (each.codes or {} for each in self._all_sources())
        texts = (value for known in codes for value in known.values() if isinstance(value, str))
        return list(dict.fromkeys((*self.names, *texts)))

    def _all_sources(self) -> Iterator[Source]:
        for found in self.sources.values():
            yield from filter(None, found if isinstance(found, tuple) else (found,))

    def decode(self, source: Source, raw: Raw) -> T | None:
        """Turn a raw value into ours; whatever is absent, absurd or unknown becomes None."""
        if source.codes is not None:
            return cast("T | None", source.codes.get(_code(raw)))
        if self.kind is str:
            return cast("T | None", text(raw))
        if self.kind is bool:
            return cast("T | None", raw if isinstance(raw, bool) else None)
        # Mostly it is a plain number: nothing about it needs to be looked into.
        value = raw if type(raw) in (int, float) and -ABSURD < raw < ABSURD else number(raw)
        if value is None or value in source.missing:
            return None
        value *= source.scale * source.sign
        if not -ABSURD < value < ABSURD or not self._believable(value):
            return None
        # Whole numbers are many, and tidy as they are.
        return cast("T", round(value) if self.digits == 0 else tidy(value if self.digits is None else round(value, self.digits)))

    def _believable(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def validate(self, value: Value, *, high: float | None = None) -> T:
        """Return ``value`` as this point writes it; raise ``DeviceRefusedError`` when it may not.

        ``high`` is this unit's own bound, where it is lower than the datasheet's.
        """
        high = self.write_high if high is None else high
        if self.kind is not float and isinstance(value, self.kind):
            return value
        checked = number(value) if self.kind is float else None
        if checked is None:
            raise DeviceRefusedError(key="invalid_value", value=text(value) or "-")
        if high is None or not self.write_low <= checked <= high:
            raise DeviceRefusedError(key="out_of_range", value=tidy(checked), low=tidy(self.write_low), high=tidy(high or 0))
        rounded = round(checked / self.step) * self.step
        return cast("T", tidy(min(max(rounded, self.write_low), high)))

    def encode(self, source: Source, value: T) -> Raw:
        """Turn a validated value into what the wire is sent."""
        if source.codes is not None:
            codes = source.write_codes or {known: code for code, known in reversed(list(source.codes.items()))}
            if value not in codes:
                raise DeviceRefusedError(key="unsupported_value", value=value)
            return codes[value]
        return tidy(cast("float", value) / source.scale * source.sign) if self.kind is float else value


@dataclass
class Block:
    """Points that are read together, and unavailable together.

    ``every`` is the time between two readings in seconds, 0 for each poll. An ``essential`` block is
    read whether or not anybody listens, because its device decides by it; a ``late`` one is not
    needed to start and waits for the second reading. A ``repeated`` block stands for one of several
    equal parts, which people count from ``counts_from``; a ``named`` one for a part with a name of its own.
    ``kind`` tells unlike parts of one class apart; ``variants`` are endings of the texts that name the entities
    of some of them, each with what fills it.
    """

    points: ClassVar[dict[str, Point[Any]]] = {}
    counted: ClassVar[dict[str, CounterPolicy]] = {}
    every: ClassVar[float] = 0
    essential: ClassVar[bool] = False
    late: ClassVar[bool] = False
    repeated: ClassVar[bool] = False
    named: ClassVar[bool] = False
    variants: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    counts_from: ClassVar[int] = 1

    name: str
    index: int = 0
    kind: str = ""
    values: dict[str, Value | None] = field(default_factory=dict)
    unknown: dict[str, Raw] = field(default_factory=dict)
    _misses: dict[str, int] = field(default_factory=dict, repr=False)
    _sources: dict[str, dict[str, Source]] = field(default_factory=dict, repr=False)
    # What was answered last, and what it means: most answers repeat themselves.
    _known: dict[str, tuple[Source, Raw, Value | None]] = field(default_factory=dict, repr=False)

    def __init_subclass__(cls) -> None:
        """Collect the points of the class body, in its order."""
        super().__init_subclass__()
        own = {name: found for name, found in vars(cls).items() if isinstance(found, Point)}
        cls.points = {**cls.points, **own}
        cls.counted = {name: point.counter for name, point in cls.points.items() if point.counter is not None}
        cls.repeated = any(isinstance(found, tuple) for point in cls.points.values() for found in point.sources.values())

    @property
    def number(self) -> int:
        """Return the number that people give this part."""
        return self.index + self.counts_from

    def sources(self, wire: str) -> Mapping[str, Source]:
        """Return where ``wire`` keeps each point that it has."""
        if wire not in self._sources:
            found = ((name, point.source(wire, self.index)) for name, point in self.points.items())
            self._sources[wire] = {name: source for name, source in found if source is not None}
        return self._sources[wire]

    def decode(self, wire: str, raw: Mapping[Key, Raw]) -> None:
        """Take over what the wire answered.

        A value that was not answered stays until it has been missing three times; a code that
        nobody knows is kept aside in ``unknown`` for diagnostics.
        """
        points, values, misses, known = self.points, self.values, self._misses, self._known
        for name, source in self.sources(wire).items():
            if source.key not in raw:
                misses[name] = misses.get(name, 0) + 1
                if name in values and misses[name] >= MISSES_UNTIL_UNSUPPORTED:
                    values[name] = None
                continue
            if misses:
                misses.pop(name, None)
            answer = raw[source.key]
            if (last := known.get(name)) and last[0] is source and last[1] == answer and type(last[1]) is type(answer):
                values[name] = last[2]
                continue
            value = values[name] = points[name].decode(source, answer)
            known[name] = source, answer, value
            if source.codes is None:
                continue
            if value is None and answer is not None:
                self.unknown[name] = answer
            else:
                self.unknown.pop(name, None)

    def lacks(self, name: str) -> bool:
        """Tell whether the last answer was without this point."""
        return name in self._misses

    def has[T: float | str | bool](self, point: Point[T]) -> bool:
        """Tell whether the unit has shown this point at least once."""
        return point.name in self.values

    def get[T: float | str | bool](self, point: Point[T]) -> T | None:
        """Return the value of ``point``."""
        return cast("T | None", self.values.get(point.name))

    def set[T: float | str | bool](self, point: Point[T], value: T | None) -> None:
        """Store a value that was derived, or read back after a write."""
        self.values[point.name] = value
