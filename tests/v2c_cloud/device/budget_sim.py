"""What the call budget buys: days of chargers, users and restarts on a fake clock, ours against a fixed schedule.

``python -m tests.v2c_cloud.device.budget_sim`` prints the table of the docs.
"""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
import json
import math
from random import Random
from statistics import median
import sys

from custom_components.energy_core.errors import RateLimitedError
from custom_components.energy_core.pacing import DAY
from custom_components.v2c_cloud.v2c.plan import Kind, Plan, Situation, Task
from custom_components.v2c_cloud.v2c.quota import Quota

HOUR = 3600.0
# Midnight of some day.
START = 1_800_000_000.0 - 1_800_000_000.0 % DAY
RESTARTS = (4.2, 12.7, 19.4)
# How finely the age of the data is sampled.
SAMPLE = 47


@dataclass(frozen=True)
class Scenario:
    """What is simulated: how many chargers, with or without the local network, and what goes wrong."""

    chargers: int
    lan: bool = False
    days: int = 3
    seed: int = 7
    commands_a_day: int = 50
    # Whether a command is read back in both answers, not only in the one where it shows.
    read_back_all: bool = False
    others_a_day: int = 0
    # When the server's day turns, in hours after midnight.
    turns_at: float = 2.0
    headers: bool = True
    # From when to when the cloud answers nothing but 5xx, in seconds from the start.
    outage: tuple[float, float] | None = None
    # When the next call is answered with 429, and with which Retry-After.
    refusal: tuple[float, float | None] | None = None


@dataclass
class Stay:
    """One car at one charger: plugged, charging for some hours, gone in the morning."""

    plugged: float
    begins: float
    ends: float
    gone: float


@dataclass
class Result:
    """What a schedule cost and what it bought."""

    calls: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    updates: dict[str, list[float]] = field(default_factory=dict)
    refused_commands: int = 0
    least_for_commands: int = 1000
    ages: dict[str, list[float]] = field(default_factory=dict)

    def per_day(self, days):
        """Return the mean of calls in a day."""
        return round(len(self.calls) / days)

    def busiest(self):
        """Return the most calls in any 24 hours."""
        return max(index + 1 - bisect_right(self.calls, at - DAY, 0, index) for index, at in enumerate(self.calls))

    def age(self, state, part=0.5):
        """Return the age of the data in seconds that is not passed for ``part`` of the time."""
        ages = sorted(self.ages[state])
        return median(ages) if part == 0.5 else ages[int(len(ages) * part)]


def stays(scenario):
    """Return the cars of each charger: most come home in the evening, half wait for the night's price."""
    random = Random(scenario.seed)
    found = {}
    for number in range(scenario.chargers):
        cars = found[f"C{number:02}"] = []
        for day in range(-1, scenario.days + 1):
            midnight = START + day * DAY
            plugged = midnight + random.gauss(18.5, 1.0) * HOUR
            begins = plugged + 60 if random.random() < 0.5 else midnight + (23 + random.random() * 0.5) * HOUR
            ends = begins + random.uniform(3, 5) * HOUR
            cars.append(Stay(plugged, begins, ends, midnight + DAY + random.uniform(6.5, 8.5) * HOUR))
    return found


def truth(cars, at):
    """Return whether a car is plugged in, and whether it charges."""
    for car in cars:
        if car.plugged <= at < car.gone:
            return True, car.begins <= at < car.ends
    return False, False


def commands(scenario):
    """Return when users command what: by day, sometimes several in a minute."""
    random = Random(scenario.seed + 1)
    hours = [
        (day * 24 + random.triangular(6, 24, 19), random.randrange(scenario.chargers))
        for day in range(scenario.days)
        for _ in range(scenario.commands_a_day)
    ]
    return sorted((START + hour * HOUR, f"C{number:02}") for hour, number in hours)


class Cloud:
    """Counts as the maker's server does: by days of its own, everybody's calls."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.count = Counter()
        self.refusals = [scenario.refusal] if scenario.refusal else []
        random = Random(scenario.seed + 2)
        self.others = sorted(START + random.random() * scenario.days * DAY for _ in range(scenario.others_a_day * scenario.days))

    def ask(self, now):
        """Return the status of a call, its headers, and its Retry-After."""
        window = self._window(now)
        while self.others and self.others[0] <= now:
            self.count[self._window(self.others.pop(0))] += 1
        if self.refusals and now - START >= self.refusals[0][0]:
            return 429, {}, self.refusals.pop(0)[1]
        self.count[window] += 1
        if self.count[window] > 1000:
            return 429, {}, None
        if (away := self.scenario.outage) and away[0] <= now - START < away[1]:
            return 503, {}, None
        left = str(1000 - self.count[window])
        return 200, {"RateLimit-Limit": "1000", "RateLimit-Remaining": left} if self.scenario.headers else {}, None

    def _window(self, now):
        return math.floor((now - START - self.scenario.turns_at * HOUR) / DAY)


class Ours:
    """A coordinator in miniature, with our quota and plan."""

    def __init__(self, scenario):
        self.scenario = scenario
        self.now = START
        self.random = Random(scenario.seed)
        self.cloud = Cloud(scenario)
        self.stays = stays(scenario)
        self.result = Result(updates={each: [] for each in self.stays})
        self.charging = dict.fromkeys(self.stays, False)
        self.boot({})

    def clock(self):
        return self.now

    def boot(self, stored):
        """Start, with what an earlier life stored."""
        stored = json.loads(json.dumps(stored))
        self.quota = Quota(clock=self.clock)
        self.quota.restore(stored.get("quota"))
        self.plan = Plan(self.quota, clock=self.clock)
        self.plan.restore(stored.get("plan"))
        self.plan.chargers(list(self.stays))
        if self.scenario.lan:
            for each in self.stays:
                self.plan.situation(each, Situation(lan=True))

    def run(self):
        """Let the days pass and return what they cost."""
        end = START + self.scenario.days * DAY
        orders = [(at, device_id) for at, device_id in commands(self.scenario)]
        boots = [START + (day * 24 + hour) * HOUR for day in range(self.scenario.days) for hour in RESTARTS]
        wake = START
        while True:
            self.now = min([wake, *(at for at, _ in orders[:1]), *boots[:1]])
            if self.now >= end:
                return self.result
            if boots and self.now == boots[0]:
                boots.pop(0)
                self.boot({"quota": self.quota.saved(), "plan": self.plan.saved()})
            if orders and self.now == orders[0][0]:
                self.order(orders.pop(0)[1])
            self.poll()
            wake = self.now + self.plan.wait()

    def poll(self):
        """Make what is due, and again what that makes due."""
        while tasks := self.plan.due():
            for task in tasks:
                if not self.call(task.kind, command=False):
                    self.plan.failed(task)
                    break
                self.plan.done(task)
                if task.kind is Kind.LIVE:
                    self.see(task.device_id)

    def order(self, device_id):
        """Command a charger and read back: most settings show in one answer, the charge itself in the other."""
        if not self.call("command", command=True):
            self.result.refused_commands += 1
            return
        answers = (Kind.LIVE, Kind.REPORTED)
        kinds = answers if self.scenario.read_back_all else [self.random.choice(answers)]
        self.plan.hurry(*(Task(kind, device_id) for kind in kinds))

    def call(self, kind, *, command):
        """Make one call; return whether it succeeded."""
        try:
            self.quota.spend(command=command)
        except RateLimitedError:
            return False
        self.result.calls.append(self.now)
        self.result.kinds[kind] += 1
        self.result.least_for_commands = min(self.result.least_for_commands, self.quota.left(command=True))
        status, headers, retry_after = self.cloud.ask(self.now)
        if status == 429:
            self.quota.refused(retry_after)
        elif status == 200:
            self.quota.heard(headers)
        return status == 200

    def see(self, device_id):
        """Take in what the live data say."""
        self.result.updates[device_id].append(self.now)
        plugged, charging = truth(self.stays[device_id], self.now)
        self.plan.situation(device_id, Situation(lan=self.scenario.lan, charging=charging, plugged=plugged))
        if self.charging[device_id] and not charging:
            self.plan.hurry(Task(Kind.SESSIONS, device_id))
        self.charging[device_id] = charging


def predecessor(scenario):
    """Return what the fixed schedule costs: its commands are not even read back."""
    chargers = stays(scenario)
    interval = 120 if scenario.chargers == 1 else max(90, math.ceil(scenario.chargers * DAY / 850))
    periods = {"pairings": (HOUR, 1)} | {
        kind: (seconds, scenario.chargers)
        for kind, seconds in (("reported", interval), ("cards", 6 * HOUR), ("version", 12 * HOUR))
    }
    result = Result()
    for kind, (seconds, times) in periods.items():
        moments = [START + step * seconds for step in range(math.ceil(scenario.days * DAY / seconds))]
        result.calls += moments * times
        result.kinds[kind] = len(moments) * times
        if kind == "reported":
            result.updates = dict.fromkeys(chargers, moments)
    result.calls = sorted([*result.calls, *(at for at, _ in commands(scenario))])
    result.kinds["command"] = scenario.commands_a_day * scenario.days
    return result


def with_ages(result, scenario):
    """Add how old the data of each charger were, minute by minute, while it charged and while it did not."""
    result.ages = {"charging": [], "idle": []}
    for device_id, cars in stays(scenario).items():
        updates = result.updates[device_id]
        for second in range(0, int(scenario.days * DAY), SAMPLE):
            at = START + second + 0.5
            last = updates[bisect_right(updates, at) - 1] if updates and updates[0] <= at else START
            result.ages["charging" if truth(cars, at)[1] else "idle"].append(at - last)
    return result


@cache
def ours(scenario):
    """Return what our plan costs and buys."""
    result = Ours(scenario).run()
    return result if scenario.lan else with_ages(result, scenario)


@cache
def theirs(scenario):
    """Return what the predecessor's schedule costs and buys."""
    return with_ages(predecessor(scenario), scenario)


def readable(seconds):
    """Return a time as people say it."""
    return f"{seconds:.0f} s" if seconds < 180 else f"{seconds / 60:.0f} min"


def row(name, schedule, result, days):
    """Return one line of the table."""
    ages = [readable(result.age(state, part)) if result.ages else "" for state in ("charging", "idle") for part in (0.5, 0.9)]
    cells = [name, schedule, str(result.per_day(days)), str(result.busiest()), *ages]
    return f"| {' | '.join(cells)} |"


HEADER = (
    "| | schedule | calls a day | most in 24 h | age while charging: median | 90 % | age while idle: median | 90 % |",
    "|---|---|---|---|---|---|---|---|",
)
NOON = 1.5 * DAY
SPECIAL = {
    "1 charger, LAN healthy": Scenario(1, lan=True, commands_a_day=0),
    "5 chargers, LAN healthy": Scenario(5, lan=True, commands_a_day=0),
    "1 charger, the cloud down for 6 h": Scenario(1, outage=(NOON, NOON + 6 * HOUR)),
    "5 chargers, the cloud down for 6 h": Scenario(5, outage=(NOON, NOON + 6 * HOUR)),
    "5 chargers, a 429 for 2 h at noon": Scenario(5, refusal=(NOON, 2 * HOUR)),
    "5 chargers, 200 calls a day by others": Scenario(5, others_a_day=200),
}


def table():
    """Return the table of the docs, in Markdown."""
    lines = list(HEADER)
    for number in (1, 5, 20):
        scenario, name = Scenario(number), f"{number} charger{'s' if number > 1 else ''}, cloud only"
        lines.append(row(name, "fixed", theirs(scenario), scenario.days))
        lines.append(row(name, "ours", ours(scenario), scenario.days))
    lines += [row(name, "ours", ours(scenario), scenario.days) for name, scenario in SPECIAL.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
