"""The vendor's tables of the Titan, as facts: Modbus registers and OpenData points."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
SIGNED: Final = frozenset({"int16", "int32"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One documented register."""

    address: int
    words: int
    name: str
    type: str
    scale: float
    unit: str
    writable: bool
    tier: str
    since: int
    read_points: tuple[int, ...]
    write_points: tuple[int, ...]
    low: int | None
    high: int | None
    vendor: bool

    @property
    def signed(self) -> bool:
        """Whether negative values are written in two's complement."""
        return self.type in SIGNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One OpenData point in one direction, with the register that holds the same quantity."""

    point: int
    name: str
    unit: str
    register: int | None
    form: str


@cache
def registers() -> dict[int, Register]:
    """Give every documented register by address."""
    return {r.address: r for r in map(_register, _rows("titan_registers.csv"))}


@cache
def by_name() -> dict[str, Register]:
    """Give every documented register by its vendor name."""
    return {r.name: r for r in registers().values()}


@cache
def documented() -> frozenset[int]:
    """Give every address that belongs to a documented register."""
    return frozenset(a for r in registers().values() for a in range(r.address, r.address + r.words))


@cache
def read_points() -> dict[int, Point]:
    """Give every readable point of the second generation."""
    return _points("R")


@cache
def write_points() -> dict[int, Point]:
    """Give every writable point of the second generation."""
    return _points("W")


def _rows(file: str) -> list[dict[str, str]]:
    with (HERE / file).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split())


def _maybe(text: str) -> int | None:
    return int(text) if text else None


def _register(row: dict[str, str]) -> Register:
    return Register(
        address=int(row["address"]),
        words=int(row["words"]),
        name=row["name"],
        type=row["type"],
        scale=float(row["scale"]),
        unit=row["unit"],
        writable=row["rw"] == "RW",
        tier=row["tier"],
        since=int(row["since"] or 0),
        read_points=_numbers(row["read_points"]),
        write_points=_numbers(row["write_points"]),
        low=_maybe(row["low"]),
        high=_maybe(row["high"]),
        vendor=row["vendor"] == "1",
    )


def _points(access: str) -> dict[int, Point]:
    rows = [row for row in _rows("titan_points.csv") if row["access"] == access]
    return {
        int(row["point"]): Point(
            point=int(row["point"]),
            name=row["name"],
            unit=row["unit"],
            register=_maybe(row["register"]),
            form=row["form"],
        )
        for row in rows
    }
