"""PROVISIONAL: replaced by the session engineer's file; same interface."""

from datetime import date, datetime, tzinfo
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Session:
    id: str
    start: datetime
    end: datetime
    energy: float
    cost: float | None = None
    card_name: str | None = None
    card_code: str | None = None
    message: str | None = None


def parse(raw: Any, zone: tzinfo) -> list[Session]:
    found = []
    for each in raw if isinstance(raw, list) else []:
        try:
            found.append(Session(id=str(each["id"]), start=datetime.fromisoformat(each["startChargeDate"]).replace(tzinfo=zone), end=datetime.fromisoformat(each["endChargeDate"]).replace(tzinfo=zone), energy=1000*float(each["energy"]), cost=each.get("cost"), card_name=each.get("rfidName")))
        except (KeyError, ValueError, TypeError):
            continue
    return found


class SessionBook:
    def __init__(self) -> None:
        self._all: dict[str, Session] = {}

    def add(self, sessions: list[Session]) -> datetime | None:
        new = [each for each in sessions if self._all.get(each.id) != each]
        self._all |= {each.id: each for each in new}
        return min((each.start for each in new), default=None)

    @property
    def all(self) -> list[Session]:
        return sorted(self._all.values(), key=lambda each: each.start)

    def last(self, number: int) -> list[Session]:
        return self.all[-number:]

    def backfill(self) -> tuple[date, date] | None:
        return None

    def backfilled(self, stretch: tuple[date, date], found: int) -> None:
        return None

    def saved(self) -> dict[str, Any]:
        return {}

    def restore(self, saved: dict[str, Any]) -> None:
        return None
