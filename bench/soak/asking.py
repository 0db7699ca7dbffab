"""How hard the devices are pressed: requests, the shortest gaps, and the calls of any 24 hours."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Final

from .place import Place

DAY: Final = 86_400.0
# What each device is promised between two requests, in s; a Modbus library asks a busy unit again after exactly 1 s.
PROMISED: Final = {"titan modbus": 1.0, "titan http": 1.02, "charger": 0.15, "gateway": 0.1}
# Timers are this exact; the wall has none of it, but a simulator that still dribbles notes the next request late.
EXACT: Final = 0.002
KEPT: Final = 20


@dataclass
class Asked:
    """Takes what the simulators noted, so that their lists do not grow."""

    requests: Counter[str] = field(default_factory=Counter)
    # The shortest time between two requests to one device, by its kind: start to start, for chargers end to start.
    gaps: dict[str, float] = field(default_factory=dict)
    at_once: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    calls_in_a_day: int = 0
    refused_calls: int = 0
    # Pairs that came closer than promised, for whoever looks for the cause.
    hurried: list[str] = field(default_factory=list)
    writes: int = 0
    _last: dict[str, tuple[float, object]] = field(default_factory=dict)
    _calls: deque[float] = field(default_factory=deque)

    def forget(self) -> None:
        """Count anew; the calls of the last 24 hours stay."""
        for each in (self.requests, self.gaps, self.at_once, self.violations):
            each.clear()
        self.hurried.clear()
        self.refused_calls = self.writes = 0

    def take(self, there: Place) -> None:
        """Count what came since the last time, and let go of it."""
        for wire, titan in there.titans.items():
            self._starts(f"titan {wire}", ((each.at, each) for each in titan.requests))
            self.writes += len(titan.writes)
            titan.log.clear()
        for charger in there.chargers:
            self.requests["charger"] += len(charger.requests)
            self._gap("charger", charger.smallest_gap)
            self.at_once["charger"] = max(self.at_once["charger"], charger.most_open)
            self.writes += len(charger.writes)
            charger.forget()
        gateway = there.envoy
        self._starts("gateway", ((each.began, each) for each in gateway.requests))
        self.at_once["gateway"] = max(self.at_once["gateway"], gateway.most_open)
        self.violations.update(each.kind for each in gateway.violations)
        self.writes += len(gateway.writes)
        gateway.forget()
        self._cloud(there)

    def _starts(self, kind: str, starts: Iterable[tuple[float, object]]) -> None:
        for start, what in starts:
            self.requests[kind] += 1
            if (last := self._last.get(kind)) is not None:
                self._gap(kind, start - last[0])
                if start - last[0] < PROMISED[kind] - EXACT and len(self.hurried) < KEPT:
                    self.hurried.append(f"{kind}: {last[1]}, then {what}")
            self._last[kind] = start, what

    def _gap(self, kind: str, gap: float) -> None:
        self.gaps[kind] = min(self.gaps.get(kind, inf), gap)

    def _cloud(self, there: Place) -> None:
        for call in there.v2c.calls:
            self.requests["v2c cloud"] += 1
            self.refused_calls += call.status == 429
            self._calls.append(call.time)
            while call.time - self._calls[0] >= DAY:
                self._calls.popleft()
            self.calls_in_a_day = max(self.calls_in_a_day, len(self._calls))
        there.v2c.calls.clear()
        self.requests["enphase cloud"] += len(there.enphase.calls)
        there.enphase.calls.clear()
