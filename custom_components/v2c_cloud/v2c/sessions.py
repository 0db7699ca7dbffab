"""Charging sessions as the cloud's books have them: ``/stadistic/device``, by the hour, in local time.

Starts and ends are local times without a zone, ``createdAt`` is in UTC; ``energyByHour`` has one figure in kWh for
each clock hour that a session touched. ``coCost`` is kg of CO2, not money. Source: research brief, section 2.7.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from math import ceil
from typing import Any, Final

from ...energy_core.points import number, text

type Json = Any

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# No session of a car is longer, and no charger has been there before.
LONGEST: Final = timedelta(days=31)
EARLIEST: Final = datetime(2015, 1, 1, tzinfo=UTC)
LEAST_KWH: Final = 0.001
MOST_KWH: Final = 10_000.0
# A session costs tens of thousands in some currencies.
MOST_COST: Final = 1e9
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
    if energy is None or not LEAST_KWH <= energy <= MOST_KWH or record.get("finished") in (False, 0, "0", "false"):
        return None
    start = _meant(_moments(record.get("startChargeDate"), zone), record.get("createdAt"))
    ends = [] if start is None else [each for each in _moments(record.get("endChargeDate"), zone) if each >= start]
    end = _meant(ends, record.get("updatedAt"))
    if start is None or end is None or start <= EARLIEST or end - start > LONGEST:
        return None
    code, card = text(record.get("rfidCode")), text(record.get("rfidName"))
    return Session(
        id=text(record.get("id")) or text(record.get("idCharge")) or start.isoformat(),
        start=start,
        end=end,
        energy=round(1000 * energy, 3),
        cost=_amount(record.get("cost")),
        co2=_amount(record.get("coCost")),
        by_hour=_hours(record.get("energyByHour")),
        card_code=code,
        # A card without a name shows its code, which opens the charger and is nobody's to read.
        card_name=None if card is None or (code or "").casefold() == card.casefold() else card,
        message=_message(record.get("message")),
        warning=record.get("warning") in (True, 1, "1", "true"),
    )


def _moments(raw: Json, zone: tzinfo) -> list[datetime]:
    """Return what a time may mean; the hour that a clock change repeats means two things.

    Each has its offset instead of its zone: Python subtracts and compares times of one zone by the clock on the wall.
    """
    found = _parsed(raw)
    if found is None:
        return []
    # By way of UTC, which turns an hour that the clock leaves out into one that it has.
    both = [found.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone) for fold in (0, 1)]
    local = both if found.tzinfo is None else [found]
    return [each.replace(tzinfo=timezone(each.utcoffset() or timedelta(0)), fold=0) for each in local]


def _meant(moments: Sequence[datetime], recorded: Json) -> datetime | None:
    """Return the moment at which the cloud made its record, else the first."""
    near = [each for each in moments for at in _moments(recorded, UTC) if abs(each - at) < HOUR / 2]
    return next(iter([*near, *moments]), None)


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
    return found if found is not None and 0 <= found < MOST_COST else None


def _hours(raw: Json) -> tuple[float, ...]:
    parts = raw.split("|", 24 * LONGEST.days) if isinstance(raw, str) else []
    found = [each for part in parts if (each := number(part.strip())) is not None and 0 <= each <= MOST_KWH]
    return tuple(round(1000 * each, 3) for each in found) if len(found) == len(parts) else ()


def _message(raw: Json) -> str | None:
    shown = "".join(char for char in raw if char.isprintable()) if isinstance(raw, str) else ""
    return shown.strip()[:LONGEST_MESSAGE] or None


def hours(session: Session) -> list[tuple[datetime, float]]:
    """Return each hour in UTC that the session touched, and its energy in Wh.

    Where the cloud's figures do not fit the hours, the energy is spread evenly over the time.
    """
    begin, end = session.start.astimezone(UTC), session.end.astimezone(UTC)
    first = begin.replace(minute=0, second=0, microsecond=0)
    touched = [first + each * HOUR for each in range(max(1, ceil((end - first) / HOUR)))]
    figures = session.by_hour
    while len(figures) > len(touched) and not figures[-1]:
        figures = figures[:-1]
    offset = session.start.utcoffset() or timedelta(0)
    fits = len(figures) == len(touched) and abs(sum(figures) - session.energy) <= TOLERANCE * session.energy
    seconds = [max(1.0, (min(end, hour + HOUR) - max(begin, hour)).total_seconds()) for hour in touched]
    # The figures are rounded; as shares they sum up to the energy, and costs do too.
    weights = figures if fits and not offset % HOUR else seconds
    whole = sum(weights)
    return [(hour, session.energy * weight / whole) for hour, weight in zip(touched, weights, strict=True)]


@dataclass
class SessionBook:
    """Every session that is known of one charger, and how much of the past has been asked for."""

    today: Callable[[], date] = date.today
    # Oldest first.
    all: list[Session] = field(default_factory=list)
    carried_energy: float = 0.0
    carried_cost: float = 0.0
    _sessions: dict[str, Session] = field(default_factory=dict)
    _hollow: set[datetime] = field(default_factory=set)
    _gap: tuple[date, date] | None = None
    _asked_from: date | None = None
    _empty: int = 0

    def add(self, sessions: Iterable[Session]) -> datetime | None:
        """Take over sessions; return the earliest hour that changed, None when all of it was known."""
        floor = self.all[0].start if len(self.all) >= MOST_KEPT else EARLIEST
        # A charger whose clock runs ahead; its session would be the newest one for long.
        ceiling = self.today() + DAY
        batch = [each for each in sessions if each.start >= floor and each.start.date() <= ceiling]
        self._note_gap(batch)
        changed = []
        for each in batch:
            if (former := self._sessions.get(each.id)) != each:
                gone = [] if former is None else [hour for hour, _ in hours(former)]
                self._hollow.update(gone)
                self._sessions[each.id] = each
                changed += [*gone, *(hour for hour, _ in hours(each))]
        self._settle()
        return min(changed, default=None)

    def _note_gap(self, batch: Sequence[Session]) -> None:
        """Remember where sessions may be missing: the cloud shows the last five, and none of these is known."""
        first = min((each.start for each in batch), default=EARLIEST)
        known = any(each.id in self._sessions for each in batch)
        if self.all and not known and first > (newest := self.all[-1].start):
            self._gap = self._gap[0] if self._gap else newest.date(), first.date() + DAY

    def _settle(self) -> None:
        """Put them in order and keep the newest; of the rest only what they sum up to."""
        order = sorted(self._sessions.values(), key=lambda each: each.start)
        for each in order[:-MOST_KEPT]:
            del self._sessions[each.id]
            self._hollow = {hour for hour in self._hollow if hour > each.end}
            self.carried_energy += each.energy
            self.carried_cost += each.cost or 0.0
        self.all = order[-MOST_KEPT:]

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

    def backfill(self) -> tuple[date, date] | None:
        """Return the next stretch of the past to ask for, newest first; None when it is all known."""
        if self._gap is not None:
            begin, end = self._gap
            return max(begin, end - STRETCH), end
        if not self.all or self._empty >= EMPTY:
            return None
        # A day more, as the cloud may take a date for its midnight.
        end = self._asked_from or self.all[0].start.date() + DAY
        if end <= self.today() - BACK:
            return None
        return end - STRETCH, end

    def backfilled(self, stretch: tuple[date, date], found: int) -> None:
        """Note what a stretch of the past brought."""
        if self._gap is not None:
            self._gap = None if stretch[0] <= self._gap[0] else (self._gap[0], stretch[0])
            return
        self._asked_from = stretch[0]
        self._empty = 0 if found else self._empty + 1

    def saved(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "carried": [self.carried_energy, self.carried_cost],
            "asked_from": None if self._asked_from is None else self._asked_from.isoformat(),
            "gap": [each.isoformat() for each in self._gap or ()],
            "hollow": sorted(int(each.timestamp()) // 3600 for each in self._hollow),
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
        gap = [each.date() for raw in _listed(saved.get("gap")) if (each := _parsed(raw)) is not None]
        self._gap = (gap[0], gap[1]) if len(gap) == 2 else None
        counted = (number(each) for each in _listed(saved.get("hollow")))
        self._hollow = {datetime.fromtimestamp(3600 * int(each), UTC) for each in counted if each is not None and 0 <= each < 2e6}
        self._sessions |= {each.id: each for each in parse(saved.get("sessions"), UTC)}
        self._settle()


def _listed(raw: Json) -> Sequence[Json]:
    return raw if isinstance(raw, list) else []


def _packed(session: Session) -> dict[str, Json]:
    """Return what ``parse`` makes the same session of."""
    record = {
        "id": session.id,
        "startChargeDate": session.start.isoformat(),
        "endChargeDate": session.end.isoformat(),
        "energy": session.energy / 1000,
        "cost": session.cost,
        "coCost": session.co2,
        "energyByHour": "|".join(str(each / 1000) for each in session.by_hour),
        "rfidCode": session.card_code,
        "rfidName": session.card_name,
        "message": session.message,
        "warning": session.warning,
    }
    return {name: value for name, value in record.items() if value not in (None, "") and value is not False}
