"""From 16-bit words to raw values: signs, word order, text."""

from collections.abc import Mapping
from itertools import takewhile
from typing import Final, Literal

from ...energy_core.points import Raw
from .sources import Register

# No 32-bit value of the table comes near these: energies in Wh, powers in W.
PLAUSIBLE: Final = {"u32": 1 << 28, "s32": 1 << 20}


def decode(register: Register, found: list[int], *, swapped: bool) -> Raw:
    """Return the raw value that ``found`` spells."""
    match register.kind:
        case "text":
            return text(found)
        case "u32" | "s32":
            return _long(register, found, swapped=swapped)
        case "s16":
            return _signed(found[0], 16)
        case _:
            return found[0]


def _signed(value: int, size: int) -> int:
    return value - (1 << size) if value >> (size - 1) else value


def _long(register: Register, found: list[int], *, swapped: bool) -> int:
    high, low = reversed(found) if swapped else found
    value = high << 16 | low
    return _signed(value, 32) if register.kind == "s32" else value


def swapped(answers: Mapping[Register, list[int]], *, default: bool) -> bool:
    """Tell whether 32-bit values come low word first; ``default`` when nothing decides.

    Each value that is plausible in one order only is a vote.
    """
    votes = 0
    for register, found in answers.items():
        limit = PLAUSIBLE.get(register.kind)
        if limit is None or found in ([0xFFFF, 0xFFFF], [0x8000, 0], [0, 0x8000]):
            continue
        straight, other = (abs(_long(register, found, swapped=order)) < limit for order in (False, True))
        votes += other - straight
    return default if votes == 0 else votes > 0


def text(found: list[int]) -> str:
    """Return the ASCII text of ``found`` up to its end, high byte first unless a padding byte shows otherwise."""
    order: Literal["big", "little"] = "little" if any(0 < word <= 0xFF for word in found) else "big"
    raw = b"".join(word.to_bytes(2, order) for word in found)
    shown = takewhile(lambda byte: 0x20 <= byte < 0x7F, raw)
    return bytes(shown).decode("ascii").strip()
