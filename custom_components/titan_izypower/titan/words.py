"""From 16-bit words to raw values: signs, word order, text."""

from collections.abc import Iterator, Sequence
import re
import struct
from typing import Final

from ...energy_core.points import Key, Raw
from .plan import Span

# No 32-bit value of the table comes near these: energies in Wh, powers in W.
PLAUSIBLE: Final = {"u32": 1 << 28, "s32": 1 << 20}
# What says that there is no value, and so nothing of the order.
SENTINELS: Final = ((0xFFFF, 0xFFFF), (0x8000, 0), (0, 0x8000))
PRINTABLE: Final = re.compile(rb"[\x20-\x7e]*")

type Answers = Sequence[tuple[Span, list[int]]]


def decode(answers: Answers, *, swapped: bool) -> dict[Key, Raw]:
    """Return the raw values that ``answers`` spell."""
    values: dict[Key, Raw] = {}
    first, second = (1, 0) if swapped else (0, 1)
    for span, found in answers:
        places = span.places
        for key, at, _ in places["u16"]:
            values[key] = found[at]
        for key, at, _ in places["s16"]:
            values[key] = _signed(found[at], 16)
        for key, at, _ in places["u32"]:
            values[key] = found[at + first] << 16 | found[at + second]
        for key, at, _ in places["s32"]:
            values[key] = _signed(found[at + first] << 16 | found[at + second], 32)
        for key, at, end in places["text"]:
            values[key] = text(found[at:end])
    return values


def _signed(value: int, size: int) -> int:
    return value - (1 << size) if value >> (size - 1) else value


def swapped(answers: Answers, *, default: bool) -> bool:
    """Tell whether 32-bit values come low word first; ``default`` when nothing decides.

    Each value that is plausible in one order only is a vote.
    """
    votes = 0
    for span, found in answers:
        votes += sum(_votes(span, found))
    return default if votes == 0 else votes > 0


def _votes(span: Span, found: list[int]) -> Iterator[int]:
    limit = PLAUSIBLE["u32"]
    for _, at, _ in span.places["u32"]:
        high, low = found[at], found[at + 1]
        straight, other = high << 16 < limit, low << 16 < limit
        if straight is not other and (high, low) not in SENTINELS:
            yield other - straight
    limit = PLAUSIBLE["s32"]
    for _, at, _ in span.places["s32"]:
        high, low = found[at], found[at + 1]
        if (high, low) not in SENTINELS:
            straight, other = (abs(_signed(value, 32)) < limit for value in (high << 16 | low, low << 16 | high))
            yield other - straight


def text(found: list[int]) -> str:
    """Return the ASCII text of ``found`` up to its end, high byte first unless a padding byte shows otherwise."""
    order = "<" if any(0 < word <= 0xFF for word in found) else ">"
    shown = PRINTABLE.match(struct.pack(f"{order}{len(found)}H", *found))
    return shown[0].decode("ascii").strip() if shown else ""
