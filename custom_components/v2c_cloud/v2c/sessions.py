"""Charging sessions as the cloud's books have them: ``/stadistic/device``, by the hour, in local time.

Starts and ends are local times without a zone, ``createdAt`` is in UTC; ``energyByHour`` has one figure in kWh for
each clock hour that a session touched. ``coCost`` is kg of CO2, not money. Source: research brief, section 2.7.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

from ...energy_core.points import number, text

type Json = Any

HOUR: Final = timedelta(hours=1)
# No session of a car is longer, and no charger has been there before.
LONGEST: Final = timedelta(days=31)
EARLIEST: Final = datetime(2015, 1, 1, tzinfo=UTC)
MOST_KWH: Final = 10_000.0
# What the hours of a session may differ from its sum by, before they are not believed.
TOLERANCE: Final = 0.01
# The newest sessions kept; of older ones only the sums.
MOST_KEPT: Final = 5000
# The past is asked for in stretches, until so many in a row were empty, or so far back.
STRETCH: Final = timedelta(days=90)
EMPTY: Final = 2
BACK: Final = timedelta(days=5 * 365)
LONGEST_MESSAGE: Final = 200


@dataclass(frozen=True, kw_only=True)
class Session:
    """One finished session: energies in Wh, times aware and local, cost in the house's currency, CO2 in kg."""

    id: str
    start: datetime
    end: datetime
    energy: float
    cost: float | None = None
    co2: float | None = None
    by_hour: tuple[float, ...] = ()
    card_code: str | None = None
    card_name: str | None = None
    message: str | None = None
    warning: bool = False


@dataclass(frozen=True, kw_only=True)
class Hour:
    """What one hour brought, all sessions together: its start in UTC, energy in Wh, cost."""

    start: datetime
    energy: float
    cost: float


def parse(raw: Json, zone: tzinfo) -> list[Session]:
    """Return the finished sessions of an answer, oldest first; what makes no sense is left out."""
    for name in ("data", "content", "items", "statistics"):
        if isinstance(raw, dict) and isinstance(raw.get(name), list):
            raw = raw[name]
    records = raw if isinstance(raw, list) else []
    found = {each.id: each for each in (_session(one, zone) for one in records if isinstance(one, dict)) if each is not None}
    return sorted(found.values(), key=lambda each: each.start)


def _session(record: Mapping[str, Json], zone: tzinfo) -> Session | None:
    energy = number(record.get("energy"))
    if energy is None or not 0 < energy <= MOST_KWH or record.get("finished") in (False, 0, "0", "false"):
        return None
    start = _local(record.get("startChargeDate"), zone, _stamp(record.get("createdAt")))
    end = _local(record.get("endChargeDate"), zone, _stamp(record.get("updatedAt")))
    if start is None or end is None or start <= EARLIEST or not timedelta(0) <= end - start <= LONGEST:
        return None
    name = text(record.get("id")) or text(record.get("idCharge"))
    return Session(
        id=name or start.isoformat(),
        start=start,
        end=end,
        energy=round(1000 * energy, 3),
        cost=_amount(record.get("cost")),
        co2=_amount(record.get("coCost")),
        by_hour=_hours(record.get("energyByHour")),
        card_code=text(record.get("rfidCode")),
        card_name=text(record.get("rfidName")),
        message=_message(record.get("message")),
        warning=record.get("warning") in (True, 1, "1", "true"),
    )


def _local(raw: Json, zone: tzinfo, near: datetime | None) -> datetime | None:
    """Return a local time; of the two that a clock change makes of one, the one nearer to ``near``."""
    naive = _parsed(raw)
    if naive is None:
        return None
    if naive.tzinfo is not None:
        return naive.astimezone(zone)
    first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if near is not None and abs(second.astimezone(UTC) - near) < abs(first.astimezone(UTC) - near):
        return second
    return first


def _stamp(raw: Json) -> datetime | None:
    found = _parsed(raw)
    if found is None:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _parsed(raw: Json) -> datetime | None:
    if not isinstance(raw, str):
        return None
    try:
        found = datetime.fromisoformat(raw.strip())
    except ValueError:
        return None
    # At the ends of the calendar no time zone can be applied.
    return found if 1970 <= found.year <= 2200 else None


def _amount(raw: Json) -> float | None:
    found = number(raw)
    return found if found is not None and 0 <= found < MOST_KWH else None


def _hours(raw: Json) -> tuple[float, ...]:
    parts = raw.split("|") if isinstance(raw, str) and len(raw) < MOST_KWH else []
    found = [number(part.strip()) for part in parts]
    return tuple(1000 * each for each in found if each is not None and each >= 0) if None not in found else ()


def _message(raw: Json) -> str | None:
    if not isinstance(raw, str):
        return None
    return "".join(char for char in raw if char.isprintable()).strip()[:LONGEST_MESSAGE] or None


def hours(session: Session) -> list[tuple[datetime, float]]:
    """Return each hour in UTC that the session touched, and its energy in Wh.

    Where the cloud's figures do not fit the hours, the energy is spread evenly over the time.
    """
    begin, end = session.start.astimezone(UTC), session.end.astimezone(UTC)
    touched = [begin.replace(minute=0, second=0, microsecond=0)]
    while touched[-1] + HOUR < end:
        touched.append(touched[-1] + HOUR)
    figures = session.by_hour
    while len(figures) > len(touched) and not figures[-1]:
        figures = figures[:-1]
    offset = session.start.utcoffset() or timedelta(0)
    fits = len(figures) == len(touched) and abs(sum(figures) - session.energy) <= TOLERANCE * session.energy
    if fits and not offset % HOUR:
        return list(zip(touched, figures, strict=True))
    seconds = [(min(end, hour + HOUR) - max(begin, hour)).total_seconds() for hour in touched]
    whole = sum(seconds)
    shares = [each / whole for each in seconds] if whole else [1.0]
    return [(hour, session.energy * share) for hour, share in zip(touched, shares, strict=True)]


@dataclass
class SessionBook:
    """Every session that is known of one charger, and how much of the past has been asked for."""

    today: Callable[[], date] = date.today
    carried_energy: float = 0.0
    carried_cost: float = 0.0
    _sessions: dict[str, Session] = field(default_factory=dict)
    _hollow: set[datetime] = field(default_factory=set)
    _asked_from: date | None = None
    _empty: int = 0

    @property
    def all(self) -> list[Session]:
        """Return the sessions, oldest first."""
        return sorted(self._sessions.values(), key=lambda each: each.start)

    def add(self, sessions: Iterable[Session]) -> datetime | None:
        """Take over sessions; return the earliest hour that changed, None when all of it was known."""
        floor = self.all[0].start if len(self._sessions) >= MOST_KEPT else EARLIEST
        news = [each for each in sessions if self._sessions.get(each.id) != each and each.start >= floor]
        changed = []
        for each in news:
            if (former := self._sessions.get(each.id)) is not None:
                gone = [hour for hour, _ in hours(former)]
                self._hollow.update(gone)
                changed += gone
            self._sessions[each.id] = each
            changed += [hour for hour, _ in hours(each)]
        self._trim()
        return min(changed, default=None)

    def _trim(self) -> None:
        """Keep the newest; of the rest only what they sum up to."""
        for each in self.all[: max(0, len(self._sessions) - MOST_KEPT)]:
            del self._sessions[each.id]
            self.carried_energy += each.energy
            self.carried_cost += each.cost or 0.0

    def last(self, count: int) -> list[Session]:
        """Return the newest sessions, oldest of them first."""
        return self.all[-count:]

    def between(self, start: datetime, end: datetime) -> list[Session]:
        """Return the sessions that overlap a time."""
        return [each for each in self.all if each.start < end and each.end > start]

    def hourly(self) -> list[Hour]:
        """Return every hour that brought something, oldest first; an hour that lost its session brings nothing."""
        energy: dict[datetime, float] = dict.fromkeys(self._hollow, 0.0)
        cost: dict[datetime, float] = {}
        for each in self._sessions.values():
            for hour, wh in hours(each):
                energy[hour] = energy.get(hour, 0.0) + wh
                cost[hour] = cost.get(hour, 0.0) + (each.cost or 0.0) * wh / each.energy
        return [Hour(start=hour, energy=energy[hour], cost=cost.get(hour, 0.0)) for hour in sorted(energy)]

    # The past

    def backfill(self) -> tuple[date, date] | None:
        """Return the next stretch of the past to ask for, newest first; None when it is all known."""
        if not self._sessions or self._empty >= EMPTY:
            return None
        end = self._asked_from or self.all[0].start.date()
        if end <= self.today() - BACK:
            return None
        return end - STRETCH, end

    def backfilled(self, stretch: tuple[date, date], found: int) -> None:
        """Note what a stretch of the past brought."""
        self._asked_from = stretch[0]
        self._empty = 0 if found else self._empty + 1

    # Memory

    def saved(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "carried": [self.carried_energy, self.carried_cost],
            "asked_from": None if self._asked_from is None else self._asked_from.isoformat(),
            "empty": self._empty,
            "sessions": [_packed(each) for each in self.all],
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what was saved, leaving out what is not of its shape."""
        carried = [number(each) for each in _listed(saved.get("carried"))]
        if len(carried) == 2 and carried[0] is not None and carried[1] is not None:
            self.carried_energy, self.carried_cost = carried[0], carried[1]
        asked = _parsed(saved.get("asked_from"))
        self._asked_from = None if asked is None else asked.date()
        self._empty = int(number(saved.get("empty")) or 0)
        for record in _listed(saved.get("sessions")):
            if isinstance(record, dict) and (session := _unpacked(record)) is not None:
                self._sessions[session.id] = session


def _listed(raw: Json) -> Sequence[Json]:
    return raw if isinstance(raw, list) else []


def _packed(session: Session) -> dict[str, Json]:
    kept = {name: value for name, value in vars(session).items() if value not in (None, (), False)}
    return kept | {"start": session.start.isoformat(), "end": session.end.isoformat(), "by_hour": list(session.by_hour)}


def _unpacked(record: Mapping[str, Json]) -> Session | None:
    start, end, energy = _parsed(record.get("start")), _parsed(record.get("end")), number(record.get("energy"))
    name = text(record.get("id"))
    if start is None or end is None or start.tzinfo is None or end.tzinfo is None or not energy or name is None:
        return None
    figures = [number(each) for each in _listed(record.get("by_hour"))]
    bare = Session(id=name, start=start, end=end, energy=energy)
    return replace(
        bare,
        cost=number(record.get("cost")),
        co2=number(record.get("co2")),
        by_hour=tuple(each for each in figures if each is not None),
        card_code=text(record.get("card_code")),
        card_name=text(record.get("card_name")),
        message=_message(record.get("message")),
        warning=record.get("warning") is True,
    )
