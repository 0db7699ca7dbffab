"""Days and weeks out of lifetime registers: what each register stood at when the local day began."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Self

from .memory import section
from .points import number

# A week and the day before it, so that a late midnight can still be put right.
KEEP_DAYS = 8
# Longer without a reading than this, and the level at midnight is an estimate.
SURE = timedelta(minutes=30).total_seconds()


@dataclass
class Account:
    """One register: its level at the beginning of each day, and when it was last read.

    ``begun`` is the day of the first reading, of which only a part is counted; a ``swapped`` register is
    another one from the next reading on.
    """

    marks: dict[date, float] = field(default_factory=dict)
    estimated: set[date] = field(default_factory=set)
    level: float | None = None
    read: datetime | None = None
    begun: date | None = None
    swapped: bool = False

    def observe(self, level: float, now: datetime) -> None:
        """Take a reading at ``now`` (local, aware); midnights since the last one are interpolated."""
        if self.level is None or self.read is None or _seconds(self.read, now) <= 0:
            self.begun = now.date() if now.date() not in self.marks else self.begun
            self.marks.setdefault(now.date(), level)
        else:
            self._pass_midnights(self.level, self.read, level, now)
        self.level, self.read = level, now
        oldest = now.date() - timedelta(days=KEEP_DAYS)
        self.marks = {day: mark for day, mark in self.marks.items() if day >= oldest}
        self.estimated &= self.marks.keys()

    def _pass_midnights(self, before: float, since: datetime, level: float, now: datetime) -> None:
        day = since.date()
        while (day := day + timedelta(days=1)) <= now.date():
            midnight = datetime.combine(day, time(), tzinfo=now.tzinfo)
            # In seconds that really pass: over the change of the clocks, local times differ by another amount.
            passed = _seconds(since, now)
            if passed > SURE and day in self.marks:
                # The clock was set back, and is right again: this day has begun before.
                continue
            share = _seconds(since, midnight) / passed
            self.marks[day] = before + (level - before) * max(share, 0.0)
            if passed > SURE:
                self.estimated.add(day)

    def rebase(self, level: float) -> None:
        """Go on counting from ``level``: the register itself was reset."""
        if self.level is None:
            # What the register before stood at says nothing without a reading of it.
            self.marks.clear()
            return
        shift = level - self.level
        self.marks = {day: mark + shift for day, mark in self.marks.items()}
        self.level = level


class Ledger:
    """Accounts by name; energies in Wh, days by the local clock."""

    def __init__(self) -> None:
        """Start with no account."""
        self.accounts: dict[str, Account] = {}

    def observe(self, name: str, level: float, now: datetime, *, falls: bool = False) -> None:
        """Take a reading; a register that never ``falls`` but did was reset, and is counted on from there."""
        account = self.accounts.setdefault(name, Account())
        if account.swapped or (not falls and account.level is not None and level < account.level - 1):
            account.rebase(level)
            account.swapped = False
        account.observe(level, now)

    def seed(self, name: str, day: date, level: float) -> None:
        """Set what a register stood at when ``day`` began, from a better source than our own first reading."""
        account = self.accounts.setdefault(name, Account())
        account.marks[day] = level
        account.begun = None if account.begun == day else account.begun

    def swap(self, names: Iterable[str]) -> None:
        """Go on counting from whatever these registers read next: the meters behind them were exchanged."""
        for name in names:
            if name in self.accounts:
                self.accounts[name].swapped = True

    def partial(self, name: str, now: datetime) -> bool:
        """Tell whether today is counted only from our own first reading on."""
        account = self.accounts.get(name)
        return account is not None and account.begun == now.date()

    def since(self, name: str, day: date) -> float | None:
        """Return what was counted since ``day`` began, None when that is not known."""
        account = self.accounts.get(name)
        if account is None or account.level is None or day not in account.marks:
            return None
        return account.level - account.marks[day]

    def days(self, name: str, count: int, now: datetime) -> float | None:
        """Return what was counted today (1) or in the last ``count`` days, today among them; only whole days make a week."""
        day = now.date() - timedelta(days=count - 1)
        if count > 1 and name in self.accounts and self.accounts[name].begun == day:
            return None
        return self.since(name, day)

    def as_dict(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        return {
            name: {
                "marks": {day.isoformat(): mark for day, mark in account.marks.items()},
                "estimated": sorted(day.isoformat() for day in account.estimated),
                "level": account.level,
                "read": account.read.isoformat() if account.read else None,
                "begun": account.begun.isoformat() if account.begun else None,
            }
            for name, account in self.accounts.items()
        }

    def restore(self, saved: object) -> Self:
        """Take back the accounts of an earlier life; what cannot be read is forgotten."""
        for name, kept in section(saved).items():
            if isinstance(kept, dict) and (account := _account(kept)) is not None:
                self.accounts[str(name)] = account
        return self


def _seconds(since: datetime, until: datetime) -> float:
    return until.timestamp() - since.timestamp()


def _account(kept: Mapping[str, Any]) -> Account | None:
    level, marks = number(kept.get("level")), section(kept.get("marks"))
    try:
        read = datetime.fromisoformat(kept["read"])
        found = {date.fromisoformat(day): number(mark) for day, mark in marks.items()}
        begun = date.fromisoformat(kept["begun"]) if kept.get("begun") else None
        estimated = {date.fromisoformat(day) for day in kept.get("estimated", ())}
    except KeyError, TypeError, ValueError:
        return None
    days = {day: mark for day, mark in found.items() if mark is not None}
    return Account(days, estimated, level, read, begun) if level is not None and read.tzinfo else None
