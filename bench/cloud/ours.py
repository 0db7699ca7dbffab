"""Our plan and our quota, the real ones, on a clock that is set by hand."""

from heapq import heapify, heappop, heappush
from typing import Final

from custom_components.energy_core.errors import RateLimitedError
from custom_components.v2c_cloud.v2c.account import BATCH
from custom_components.v2c_cloud.v2c.plan import Kind, Plan, Situation, Task
from custom_components.v2c_cloud.v2c.quota import Quota

from .days import DAY, LIMIT, START, Scenario, Truth, Vendor, commands
from .outcome import Log

# After a command through the cloud both answers are asked for; by then most settings show.
LOOK: Final = 5.0


class Ours:
    """A coordinator in miniature: it asks what the plan says, and tells the plan what it heard."""

    def __init__(self, scenario: Scenario) -> None:
        """Begin with nothing known."""
        self.scenario = scenario
        self.now = START
        self.truth = Truth(scenario)
        self.vendor = Vendor()
        self.log = Log(heard={name: [] for name in scenario.names})
        self.quota = Quota(clock=self._clock)
        self.plan = Plan(self.quota, clock=self._clock)
        self.plan.chargers(scenario.names)
        self._charging = dict.fromkeys(scenario.names, False)
        self._blocked = 0.0
        if scenario.lan:
            for name in scenario.names:
                self.plan.situation(name, Situation(lan=True))

    def _clock(self) -> float:
        return self.now

    def run(self) -> Log:
        """Let the days pass."""
        events = [(at, "command", name) for at, name in commands(self.scenario) if not self.scenario.lan]
        heapify(events)
        wake = START
        while True:
            self.now = min(wake, events[0][0]) if events else wake
            if self.now >= self.scenario.end:
                self.log.refused = self.vendor.refused
                return self.log
            while events and events[0][0] <= self.now:
                _, what, name = heappop(events)
                if what == "look":
                    self.plan.hurry(Task(Kind.REPORTED, name), Task(Kind.LIVE, name))
                elif not self._call("command", command=True):
                    self.log.refused_commands += 1
                elif self.scenario.read_back:
                    heappush(events, (self.now + LOOK, "look", name))
            self._round()
            wake = self.now + self.plan.wait()

    def _round(self) -> None:
        """Make the calls of one round, as the account does."""
        for task in self.plan.due()[:BATCH]:
            if not self._call(task.kind, command=False):
                self.plan.failed(task)
                return
            self.plan.done(task)
            if task.kind is Kind.LIVE and task.device_id is not None:
                self._see(task.device_id)

    def _call(self, kind: str, *, command: bool) -> bool:
        try:
            self.quota.spend(command=command)
        except RateLimitedError:
            return False
        self.log.calls.append(self.now)
        self.log.kinds[str(kind)] += 1
        left = self.vendor.ask(self.now)
        if left is None:
            self.log.retries += self.now < self._blocked
            self._blocked = self.now + DAY
            self.quota.refused(None)
            return False
        self.quota.heard({"RateLimit-Limit": str(LIMIT), "RateLimit-Remaining": str(left)})
        return True

    def _see(self, name: str) -> None:
        """Take in what the live data say."""
        self.log.heard[name].append(self.now)
        plugged, charging = self.truth.at(name, self.now)
        self.plan.situation(name, Situation(lan=self.scenario.lan, charging=charging, plugged=plugged))
        if self._charging[name] and not charging:
            self.plan.hurry(Task(Kind.SESSIONS, name))
        self._charging[name] = charging
