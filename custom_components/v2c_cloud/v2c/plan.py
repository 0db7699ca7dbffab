"""Which call to the cloud is worth making next, and when: what matters most, within what may be spent."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
import math
import time
from typing import Any, Final

from ...energy_core.memory import section
from ...energy_core.points import number
from .habits import Habits
from .quota import Quota
from .records import Record, items
from .stretch import Stretch, Wish

MINUTE: Final = 60.0
HOUR: Final = 3600.0
NEVER: Final = math.inf

# How a charger is taken to spend its days: idle, plugged in, charging.
USUAL_DAY: Final = (0.5, 0.37, 0.13)
# An idle charger is looked at less seldom than in proportion, lest the start of a charge shows late.
GENTLY: Final = 2 / 3
SHORTEST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 15 * MINUTE
# After a failure: a minute, more for what is seldom wanted, then twice as long each time; at most this, or
# the task's own interval, so that a call that always fails costs no more than one that succeeds.
FIRST_RETRY: Final = MINUTE
RETRY_PART: Final = 1 / 36
LONGEST_RETRY: Final = 15 * MINUTE
# So many failures in a row, of whatever task: the cloud itself is down, and one call at a time finds out.
DOWN: Final = 3
# Ask again for what is due after so many calls; what they said may change what is worth asking.
BATCH: Final = 10


class Kind(StrEnum):
    """The calls that read, the most telling first."""

    PAIRINGS = "pairings"
    LIVE = "live"
    REPORTED = "reported"
    CONNECTED = "connected"
    TOTALS = "totals"
    SESSIONS = "sessions"
    CARDS = "cards"
    VERSION = "version"
    PROFILES = "profiles"


ACCOUNT: Final = (Kind.PAIRINGS, Kind.TOTALS)


@dataclass(frozen=True)
class Task:
    """One call; ``device_id`` is None for what concerns the whole account."""

    kind: Kind
    device_id: str | None = None


@dataclass
class Situation:
    """What is known of a charger: does it answer in the local network, is a car plugged in, does it charge.

    The plan itself finds out whether the car that is plugged in has ``charged`` before.
    """

    lan: bool = False
    charging: bool = False
    plugged: bool = False
    charged: bool = False

    @property
    def habit(self) -> str | None:
        """What tells how soon it may begin to charge; None while it charges."""
        return None if self.charging else "idle" if not self.plugged else "charged" if self.charged else "waiting"


NOTHING: Final = Situation()


@dataclass(frozen=True)
class Rhythm:
    """What is wanted of a call: ``idle``, ``plugged`` and ``charging`` without the local network, ``lan`` with it.

    The first call of all comes after ``first`` seconds.
    """

    idle: Wish
    plugged: Wish
    charging: Wish
    lan: Wish
    first: float = 0.0

    @classmethod
    def steady(cls, interval: float, most: float, first: float = 0.0) -> Rhythm:
        """Return the rhythm of what is asked for whatever the charger does."""
        wish = Wish(interval, most)
        return cls(wish, wish, wish, wish, first)

    def wish(self, now: Situation) -> Wish:
        """Return what is wanted in this situation."""
        if now.lan:
            return self.lan
        return self.charging if now.charging else self.plugged if now.plugged else self.idle

    def day(self, now: Situation) -> list[tuple[Wish, float]]:
        """Return what is wanted on a usual day, and for which part of it."""
        wishes = self.idle, self.plugged, self.charging
        return [(self.lan, 1.0)] if now.lan else list(zip(wishes, USUAL_DAY, strict=True))


LIVE_MOST: Final = 1.25 * HOUR
RHYTHMS: Final[Mapping[Kind, Rhythm]] = {
    Kind.PAIRINGS: Rhythm.steady(HOUR, 3 * HOUR),
    Kind.LIVE: Rhythm(
        Wish(300.0, LIVE_MOST, GENTLY),
        Wish(200.0, LIVE_MOST, GENTLY),
        Wish(30.0, LIVE_MOST, yielding=1.0),
        Wish(NEVER, NEVER),
    ),
    Kind.REPORTED: Rhythm.steady(1800.0, 18 * HOUR),
    Kind.CONNECTED: Rhythm.steady(HOUR, 48 * HOUR),
    Kind.TOTALS: Rhythm.steady(6 * HOUR, 12 * HOUR, MINUTE),
    Kind.SESSIONS: Rhythm.steady(6 * HOUR, 48 * HOUR, 2 * MINUTE),
    Kind.CARDS: Rhythm.steady(6 * HOUR, 48 * HOUR, 3 * MINUTE),
    Kind.VERSION: Rhythm.steady(12 * HOUR, 96 * HOUR, 4 * MINUTE),
    Kind.PROFILES: Rhythm.steady(12 * HOUR, 96 * HOUR, 5 * MINUTE),
}


class Plan:
    """Says which calls are due; the caller makes them and says how they went."""

    def __init__(self, quota: Quota, *, clock: Callable[[], float] = time.time) -> None:
        """Plan for one account, without chargers yet."""
        self._quota = quota
        self._clock = clock
        self._seen = clock()
        self._records = {Task(kind): Record(self._seen) for kind in ACCOUNT}
        self._situations: dict[str, Situation] = {}
        self._restored: dict[str, Record] = {}
        self._restored_situations: dict[str, Situation] = {}
        self._silence = 0
        self._silent_at = 0.0
        self._stretch = Stretch(quota, self._seen)
        self._habits = Habits(self._seen)
        # What each task wants now, how many want what, and how many do on a usual day.
        self._wishes: dict[Task, Wish] = {}
        self._counted: Counter[Wish] | None = None
        self._usual: Mapping[Wish, float] = {}

    def chargers(self, ids: Collection[str]) -> None:
        """Ask for these chargers, and for no others, from now on."""
        now = self._now()
        known = self._restored_situations | self._situations
        self._situations = {each: known.get(each, Situation()) for each in ids}
        self._counted = None
        wanted = [*map(Task, ACCOUNT), *(Task(kind, each) for each in ids for kind in Kind if kind not in ACCOUNT)]
        self._records = {task: self._records.get(task) or self._restored.get(_name(task)) or Record(now) for task in wanted}

    def situation(self, device_id: str, now: Situation) -> None:
        """Take in how things stand at a charger; one that is not ours is ignored."""
        if before := self._situations.get(device_id):
            now = replace(now, charged=now.plugged and (before.charging or before.charged))
            if now.charging and not now.lan:
                self._habits.began(device_id, before.habit)
            if before != now:
                self._situations[device_id], self._counted = now, None

    def due(self) -> list[Task]:
        """Return the calls to make now, the most urgent first; ask again when they are made or one failed."""
        now, allowed = self._now(), min(BATCH, self._quota.left())
        if self._silence >= DOWN:
            allowed = min(allowed, 1 if now >= self._probe_at() else 0)
        ready = [(self._urgency(task, at, now), task) for task, at in self._times().items() if at <= now]
        return [task for _, task in sorted(ready, key=lambda each: each[0], reverse=True)[:allowed]]

    def wait(self) -> float:
        """Return in how many seconds something may be due."""
        now = self._now()
        at = min(self._times().values())
        if self._silence >= DOWN:
            at = max(at, self._probe_at())
        if not self._quota.left():
            at = max(at, self._quota.blocked_until or math.inf)
        return min(max(at - now, SHORTEST_WAIT), LONGEST_WAIT)

    def done(self, task: Task) -> None:
        """Note that a call succeeded."""
        self._silence, now = 0, self._now()
        if record := self._records.get(task):
            if task.kind is Kind.LIVE and task.device_id is not None:
                self._habits.looked(task.device_id, self._situations[task.device_id].habit, record.done_at, now)
            record.done_at, record.failures, record.wanted = now, 0, False

    def failed(self, task: Task) -> None:
        """Note that a call failed, for whatever reason: it is not repeated at once."""
        now = self._now()
        self._silence, self._silent_at = self._silence + 1, now
        if record := self._records.get(task):
            record.failures, record.failed_at, record.wanted = record.failures + 1, now, False

    def hurry(self, *tasks: Task) -> None:
        """Want these calls now, whenever they were made last."""
        for task in tasks:
            if record := self._records.get(task):
                record.wanted = True

    def saved(self) -> dict[str, Any]:
        """Return what must survive a restart, ready for JSON."""
        known = {task: record for task, record in self._records.items() if record.done_at is not None or record.failures}
        return {
            "tasks": {_name(task): record.saved() for task, record in known.items()},
            "appetite": round(self._stretch.appetite, 3),
            "habits": self._habits.saved(),
            "situations": {device_id: vars(now).copy() for device_id, now in self._situations.items()},
        }

    def restore(self, saved: Any) -> None:
        """Take back what an earlier life saved, before or after the chargers are named; nonsense is ignored."""
        self._restored = {name: Record.read(raw, self._now()) for name, raw in items(saved, "tasks") if isinstance(raw, list)}
        self._restored_situations = {
            device_id: Situation(**{name: raw.get(name) is True for name in vars(Situation())})
            for device_id, raw in items(saved, "situations")
            if isinstance(raw, dict)
        }
        self._counted = None
        self._habits.restore(section(saved).get("habits"))
        appetite = number(section(saved).get("appetite"))
        self._stretch.hunger(1.0 if appetite is None else appetite)
        self._records |= {task: kept for task in self._records if (kept := self._restored.get(_name(task)))}
        self._situations |= {each: now for each, now in self._restored_situations.items() if each in self._situations}

    def _now(self) -> float:
        """Return the time; what was remembered moves with a clock that has jumped back."""
        now = self._clock()
        back = max(0.0, self._seen - now)
        self._seen = now
        if back:
            self._silent_at -= back
            for record in self._records.values():
                record.move(back)
        return now

    def _probe_at(self) -> float:
        return self._silent_at + min(FIRST_RETRY * 2.0 ** min(self._silence - DOWN, 10), LONGEST_RETRY)

    def _urgency(self, task: Task, at: float, now: float) -> tuple[bool, float]:
        """Return what is greater the longer a task is overdue, compared with how often it is wanted."""
        return self._records[task].wanted, (now - at) / self._wishes[task].interval()

    def _times(self) -> dict[Task, float]:
        """Return when each task is due, as things stand."""
        if self._habits.turned(self._seen) or self._counted is None:
            self._counted = self._count()
        self._stretch.find(self._counted, self._usual, len(self._situations), self._seen, learn=self._silence < DOWN)
        return {task: self._at(task, record) for task, record in self._records.items()}

    def _at(self, task: Task, record: Record) -> float:
        wish = self._wishes[task]
        if wish.ideal == NEVER and not record.wanted:
            return NEVER
        if record.failures:
            # Not even what is wanted now is asked for again at once.
            first = max(FIRST_RETRY, wish.interval() * RETRY_PART)
            longest = LONGEST_RETRY if record.wanted else max(LONGEST_RETRY, self._interval(wish))
            return record.failed_at + min(first * 2.0 ** min(record.failures - 1, 20), longest)
        if record.wanted:
            return self._seen
        if record.done_at is None:
            return record.since + RHYTHMS[task.kind].first
        return record.done_at + self._interval(wish)

    def _interval(self, wish: Wish) -> float:
        return wish.interval(self._stretch.usual, self._stretch.tight)

    def _count(self) -> Counter[Wish]:
        """Note what each task wants at this hour and on a usual day; return how many want what now."""
        usual = defaultdict[Wish, float](float)
        habits = self._habits.usual("idle"), self._habits.usual("waiting", "charged"), 1.0
        self._wishes = {}
        for task in self._records:
            rhythm, now = RHYTHMS[task.kind], self._situations.get(task.device_id or "", NOTHING)
            wish, day = rhythm.wish(now), rhythm.day(now)
            if task.kind is Kind.LIVE:
                wish = wish._replace(habit=self._habits.patience(now.habit, self._seen))
                day = [(each._replace(habit=habit), part) for (each, part), habit in zip(day, habits, strict=False)]
            self._wishes[task] = wish
            for each, part in day:
                usual[each] += part
        self._usual = usual
        return Counter(self._wishes.values())


def _name(task: Task) -> str:
    return f"{task.kind}:{task.device_id or ''}"
