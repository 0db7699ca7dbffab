"""How a Titan point is found on each of the two wires."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from ...energy_core.points import Source, Value

type Kind = Literal["u16", "s16", "u32", "s32", "text"]

# What SunSpec-shaped registers hold where the unit has no value.
NOT_IMPLEMENTED: Final[dict[Kind, float]] = {"u16": 0xFFFF, "s16": -0x8000, "u32": 0xFFFFFFFF, "s32": -0x80000000}
WORDS: Final[dict[Kind, int]] = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "text": 16}


@dataclass(frozen=True, kw_only=True, eq=False)
class Register(Source):
    """A Modbus register or several; ``key`` is the address of the first, as the vendor prints it.

    An ``alone`` register is one that the unit may well lack: it is fetched by itself until it has answered.
    """

    key: int
    kind: Kind = "u16"
    alone: bool = False

    @cached_property
    def words(self) -> int:
        """The number of registers that the value takes."""
        return WORDS[self.kind]

    @property
    def end(self) -> int:
        """The address behind the last register."""
        return self.key + self.words


def register(address: int, kind: Kind = "u16", scale: float = 1, *, missing: float | None = None, **more: object) -> Register:
    """Return what stands at ``address``; ``missing`` is a sentinel beyond the usual one."""
    absent = {NOT_IMPLEMENTED[kind]} if kind in NOT_IMPLEMENTED else set[float]()
    if missing is not None:
        absent.add(missing)
    return Register(key=address, kind=kind, scale=scale, missing=frozenset(absent), **more)  # type: ignore[arg-type]


def coded(address: int, codes: Mapping[int, Value], kind: Kind = "u16", **more: object) -> Register:
    """Return a register whose numbers stand for the values of ``codes``."""
    return register(address, kind, codes=codes, **more)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True, eq=False)
class DataPoint(Source):
    """An OpenData point number, or a dotted path into one of the system calls' answers."""

    key: int | str


def point(key: int | str, scale: float = 1, *, missing: float | None = None, **more: object) -> DataPoint:
    """Return the OpenData point ``key``."""
    absent = frozenset() if missing is None else frozenset((missing,))
    return DataPoint(key=key, scale=scale, missing=absent, **more)  # type: ignore[arg-type]


def each[S: Source](make: Callable[..., S], *keys: int | None, **more: object) -> tuple[S | None, ...]:
    """Return one source for each of several equal parts (PV inputs, packs), None where a part has none."""
    return tuple(None if key is None else make(key, **more) for key in keys)
