"""Lets all clients of a wire scan in turn, round by round, and says what each came to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
import json
import random
from typing import Any, Final

from ..children import Child, child

# How often a client scans in a round: those that wait for their answers need no repetition.
QUICK: Final = 10
# How often these scan in a round, and never with a delay: one register after the other takes long enough; and within
# ten polls, half a minute apart, what is due each five minutes comes once.
TURNS: Final = {"singly": 1, "tiers": 10}


@dataclass(kw_only=True)
class Found:
    """What one client came to with answers that take so long: requests, connections and bytes of a scan, and each round."""

    went: Mapping[str, float] = field(default_factory=dict)
    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)

    def add(self, took: Mapping[str, float], went: Mapping[str, Any], times: int) -> None:
        """Take over another round."""
        self.went = {kind: count / times for kind, count in went.items() if isinstance(count, int)}
        self.cpu_ms.append(took["cpu_ms"])
        self.wall_ms.append(took["wall_ms"])

    @property
    def requests(self) -> float:
        """Return the requests of a scan."""
        return self.went["requests"]

    @property
    def connections(self) -> float:
        """Return the connections that a scan opened."""
        return self.went["connections"]

    @property
    def bytes(self) -> float:
        """Return the bytes of a scan, both ways."""
        return self.went["up"] + self.went["down"]


type Results = dict[tuple[str, float], Found]


@contextmanager
def wire(name: str, **unit: object) -> Iterator[tuple[Child, Child, list[str]]]:
    """Run a unit and the clients of one of its wires; return both, and who the clients are."""
    with child("bench.battery.simulated", json.dumps(unit)) as device:
        port = device.hear()[name]
        with child("bench.battery.clients", name, str(port)) as clients:
            yield device, clients, clients.hear()["clients"]


def scan(name: str, rounds: int, delays: Mapping[float, int], **unit: object) -> Results:
    """Let all clients of a wire scan in each round, in any order, as often as ``delays`` (s until an answer) says."""
    found: Results = {}
    with wire(name, **unit) as (device, clients, who):
        for _ in range(rounds):
            for delay, times in delays.items():
                device.ask(delay=delay)
                for each in random.sample(who, len(who)):
                    if not delay or each not in TURNS:
                        turns = TURNS.get(each, times)
                        took, went = clients.ask(who=each, times=turns), device.ask()[name]
                        found.setdefault((each, delay), Found()).add(took, went, turns)
    return found
