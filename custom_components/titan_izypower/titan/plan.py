"""Which registers to fetch together: as few requests as the unit's holes allow."""

from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from .sources import WORDS, Kind, Register

READ_FUNCTIONS: Final = (3, 4)
# The protocol's own limit for one answer.
MAX_SPAN: Final = 125
# Words that nobody asked for are cheaper than another request, one second later. A wider gap may end what hangs together.
MAX_GAP: Final = 60
# So many gaps that the unit refused show that it serves none, or none that is wider.
REFUSED_GAPS: Final = 3
# Where serial numbers stand, whether they were asked for or lie between what was: never recorded.
PRIVATE: Final = frozenset(address for first in (52, 6022, 6134, 6246, 6358, 6470, 6745) for address in range(first, first + 16))
# How often in a row registers that have answered are refused before that is believed.
DOUBT: Final = 3
WEEK: Final = 7 * 86400.0
TEXT_LENGTHS: Final = (16, 10, 8)


@dataclass
class Memory:
    """What the unit has taught us about its register space; kept across restarts, per firmware."""

    firmware: str | None = None
    function: int | None = None
    swapped: bool = False
    text_words: int = TEXT_LENGTHS[0]
    absent: set[int] = field(default_factory=set)
    splits: set[int] = field(default_factory=set)
    other_function: set[int] = field(default_factory=set)
    # Those that the unit might have lacked, and has.
    proven: set[int] = field(default_factory=set)
    max_words: int = MAX_SPAN
    # The narrowest gap that was refused; 0 while nobody knows.
    narrowest: int = 0
    learned_at: float = 0.0

    @property
    def max_gap(self) -> int:
        """The gap worth bridging."""
        if len(self.splits) < REFUSED_GAPS:
            return MAX_SPAN
        return MAX_GAP if self.narrowest > MAX_GAP else 0

    def shape(self) -> Hashable:
        """Return all that a plan depends on: while it stays, so do plans."""
        known = (self.absent, self.splits, self.other_function, self.proven)
        return self.text_words, self.max_words, self.max_gap, *map(frozenset, known)

    def split(self, left: Sequence[Register], right: Sequence[Register]) -> None:
        """Learn that what lies between ``left`` and ``right`` is refused."""
        self.splits.add(right[0].key)
        if (gap := right[0].key - sum(extent(left, self))) > 0:
            self.narrowest = min(gap, self.narrowest or gap)

    def forget(self, firmware: str | None) -> None:
        """Start anew for another firmware, keeping how words are read."""
        self.firmware = firmware
        self.text_words = TEXT_LENGTHS[0]
        self.max_words = MAX_SPAN
        self.narrowest = 0
        for known in (self.absent, self.splits, self.other_function, self.proven):
            known.clear()

    def refresh(self, now: float) -> None:
        """Doubt after a week what was refused, in case it was for a moment only; ``now`` in seconds."""
        if not self.learned_at or now - self.learned_at >= WEEK:
            self.forget(self.firmware)
            self.learned_at = now

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {name: sorted(value) if isinstance(value, set) else value for name, value in vars(self).items()}

    @classmethod
    def restored(cls, saved: object) -> Memory:
        """Return the memory as it was saved; what cannot be read is forgotten."""
        memory = cls()
        if not isinstance(saved, dict):
            return memory
        for name, default in vars(cls()).items():
            value = saved.get(name)
            if isinstance(default, set):
                setattr(memory, name, {item for item in value if isinstance(item, int)} if isinstance(value, list) else default)
            elif _sound(name, value):
                setattr(memory, name, value)
        return memory

    def words(self, register: Register) -> int:
        """Return how many words to fetch for ``register``."""
        return self.text_words if register.kind == "text" else register.words


ALLOWED: Final[Mapping[str, Container[int]]] = {
    "function": READ_FUNCTIONS,
    "text_words": TEXT_LENGTHS,
    "max_words": range(TEXT_LENGTHS[0], MAX_SPAN + 1),
    "narrowest": range(MAX_SPAN),
}


def _sound(name: str, value: object) -> bool:
    if name in ALLOWED:
        return isinstance(value, int) and not isinstance(value, bool) and value in ALLOWED[name]
    kind = {"firmware": str, "learned_at": float}.get(name, bool)
    return isinstance(value, kind)


def ranges(registers: Iterable[Register], memory: Memory) -> list[list[Register]]:
    """Return ``registers``, without those the unit lacks, as groups to fetch with one request each.

    As few requests as can be, and of such plans the one that fetches the fewest words.
    """
    wanted = sorted((each for each in registers if each.key not in memory.absent), key=lambda each: each.key)
    # For so many of the first registers: requests, words, and where the last request begins.
    best = [(0, 0, 0)]
    for at in range(len(wanted)):
        best.append(min(_last_groups(wanted, at, best, memory)))
    groups: list[list[Register]] = []
    at = len(wanted)
    while at:
        first = best[at][2]
        groups.append(wanted[first:at])
        at = first
    return groups[::-1]


def _last_groups(
    wanted: list[Register], last: int, best: list[tuple[int, int, int]], memory: Memory
) -> Iterator[tuple[int, int, int]]:
    """Yield what a plan up to ``last`` comes to, for each register that its last request may begin with."""
    end = 0
    for first in range(last, -1, -1):
        end = max(end, wanted[first].key + memory.words(wanted[first]))
        words = end - wanted[first].key
        if first < last and (words > memory.max_words or not _joins(wanted[first], wanted[first + 1], memory)):
            return
        requests, before, _ = best[first]
        yield requests + 1, before + words, first


class Span:
    """Registers that one request fetches, and where in its answer each of them stands."""

    def __init__(self, group: list[Register], memory: Memory) -> None:
        """Prepare the request for ``group``."""
        self.group = group
        # Whether nothing is lost when it is refused: one register that the unit may well lack.
        self.alone = len(group) == 1 and group[0].alone
        self.start, self.count = extent(group, memory)
        # For the recorder and for the log, by function.
        self.labels = {function: f"fc{function:02d} {self.start}+{self.count}" for function in READ_FUNCTIONS}
        self.asked = {function: f"read {registers(self.count, self.start)} (fc{function:02d})" for function in READ_FUNCTIONS}
        # Whether no word is fetched that nobody asked for.
        self.solid = self.count == sum(memory.words(each) for each in group)
        self.keys = dict.fromkeys((each.key for each in group), 0)
        self.private = [at for at in range(self.count) if self.start + at in PRIVATE]
        self.places: dict[Kind, list[tuple[int, int, int]]] = {kind: [] for kind in WORDS}
        for each in group:
            at = each.key - self.start
            self.places[each.kind].append((each.key, at, at + memory.words(each)))

    def public(self, found: list[int]) -> list[int | None]:
        """Return the words of an answer without serial numbers."""
        shown: list[int | None] = [*found]
        for at in self.private:
            shown[at] = None
        return shown


@dataclass
class Heard:
    """What has answered so far: spans, the longest, and how often each register was refused since it did."""

    spans: set[tuple[int, int]] = field(default_factory=set)
    longest: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    doubtful: bool = False

    def note(self, span: Span) -> None:
        """Note that ``span`` was answered."""
        if self.doubtful or (span.start, span.count) not in self.spans:
            self.spans.add((span.start, span.count))
            self.longest = max(self.longest, span.count)
            self.refused.update(span.keys)

    def same(self, span: Span) -> bool:
        """Tell whether a refusal says something about the registers: the gaps between them answered before, or are none."""
        return (span.start, span.count) in self.spans or len(span.group) == 1

    def doubts(self, span: Span, *, lively: bool) -> bool:
        """Count a refusal; what has answered does not go missing by one, nor while the unit is not ``lively``."""
        self.doubtful = True
        known = [each.key for each in span.group if each.key in self.refused]
        for key in known:
            self.refused[key] += 1
        return bool(known) and (not lively or max(self.refused[key] for key in known) % DOUBT > 0)


def registers(count: int, first: int) -> str:
    """Name ``count`` registers from ``first`` on, for the log."""
    return f"{count} register{'s' if count > 1 else ''} at {first}"


def spans(wanted: Iterable[Register], memory: Memory) -> list[Span]:
    """Return the requests that fetch ``wanted``."""
    return [Span(group, memory) for group in ranges(wanted, memory)]


def extent(group: Sequence[Register], memory: Memory) -> tuple[int, int]:
    """Return the first address and the number of words that a group takes."""
    start = group[0].key
    return start, max(each.key + memory.words(each) for each in group) - start


def _joins(first: Register, second: Register, memory: Memory) -> bool:
    """Tell whether two neighbours may be fetched together."""
    gap = range(first.key + memory.words(first), second.key)
    return (
        not any(each.alone and each.key not in memory.proven for each in (first, second))
        and len(gap) <= memory.max_gap
        and memory.absent.isdisjoint(gap)
        and memory.splits.isdisjoint(range(first.key + 1, second.key + 1))
        and (second.key in memory.other_function) == (first.key in memory.other_function)
    )


def halves(group: list[Register], *, long: bool = False) -> tuple[list[Register], list[Register]]:
    """Split a refused group where it most probably is not whole: at its widest gap, the one next to the middle of several.

    One that may be too ``long`` becomes two that are about as long.
    """
    places, middle = range(1, len(group)), (group[0].key + group[-1].end) / 2
    if long:
        at = min(places, key=lambda place: abs(group[place].key - middle))
    else:
        gaps = [max(second.key - first.end, 0) for first, second in pairwise(group)]
        at = min(places, key=lambda place: (-gaps[place - 1], abs(place - len(group) // 2)))
    return group[:at], group[at:]
