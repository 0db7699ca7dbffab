"""Which registers to fetch together: as few requests as the unit's holes allow."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from .sources import Register

# The protocol's own limit for one answer.
MAX_SPAN: Final = 125
# Fetching this many words that nobody asked for is cheaper than another request, one second later.
MAX_GAP: Final = 60
# So many gaps that the unit refused show that it serves no gap at all.
REFUSED_GAPS: Final = 3
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
    max_words: int = MAX_SPAN
    learned_at: float = 0.0

    @property
    def max_gap(self) -> int:
        """The gap worth bridging."""
        return MAX_GAP if len(self.splits) < REFUSED_GAPS else 0

    def forget(self, firmware: str | None) -> None:
        """Start anew for another firmware, keeping how words are read."""
        self.firmware = firmware
        self.text_words = TEXT_LENGTHS[0]
        self.max_words = MAX_SPAN
        for known in (self.absent, self.splits, self.other_function):
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


def _sound(name: str, value: object) -> bool:
    match name:
        case "firmware":
            return isinstance(value, str)
        case "function":
            return isinstance(value, int) and value in (3, 4)
        case "text_words":
            return isinstance(value, int) and value in TEXT_LENGTHS
        case "max_words":
            return isinstance(value, int) and TEXT_LENGTHS[0] <= value <= MAX_SPAN
        case "learned_at":
            return isinstance(value, float)
    return isinstance(value, bool)


def ranges(registers: Iterable[Register], memory: Memory) -> list[list[Register]]:
    """Return ``registers``, without those the unit lacks, as groups to fetch with one request each."""
    wanted = sorted((each for each in registers if each.key not in memory.absent), key=lambda each: each.key)
    groups: list[list[Register]] = []
    end = 0
    for register in wanted:
        if groups and _joins(groups[-1], end, register, memory):
            groups[-1].append(register)
        else:
            groups.append([register])
            end = 0
        end = max(end, register.key + memory.words(register))
    return groups


def extent(group: list[Register], memory: Memory) -> tuple[int, int]:
    """Return the first address and the number of words that a group takes."""
    start = group[0].key
    return start, max(each.key + memory.words(each) for each in group) - start


def _joins(group: list[Register], end: int, register: Register, memory: Memory) -> bool:
    first, last = group[0], group[-1]
    gap = range(end, register.key)
    return (
        not (register.alone or first.alone)
        and register.key + memory.words(register) - first.key <= memory.max_words
        and len(gap) <= memory.max_gap
        and memory.absent.isdisjoint(gap)
        and memory.splits.isdisjoint(range(last.key + 1, register.key + 1))
        and (register.key in memory.other_function) == (first.key in memory.other_function)
    )


def halves(group: list[Register]) -> tuple[list[Register], list[Register]]:
    """Split a refused group where it most probably is not whole: at its widest gap, else in the middle."""
    gaps = [second.key - first.end for first, second in pairwise(group)]
    widest = max(gaps)
    at = gaps.index(widest) + 1 if widest > 0 else len(group) // 2
    return group[:at], group[at:]
