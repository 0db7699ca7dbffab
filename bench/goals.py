"""What a suite of the benchmark finds: figures beside those of a peer, each with the goal that it is measured by.

Goals are numbered as in the research brief (performance and reliability, section 6). A ratio is ours by the peer's,
both measured in the same run; a count without a peer has a bound of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Self

# What a ratio may be above its goal: so much the same ratio moves from run to run. Counts are exact.
MARGIN = 1.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    # "B7", or "" for a figure without a goal: a floor, or something worth knowing.
    goal: str
    what: str
    # On which device, capture or wire it was measured: "200 inverters", "50 ms an answer".
    case: str
    unit: str
    ours: float
    # The peer's; None when there is no peer, and the bound is of ours alone.
    peer: float | None = None
    # The peer with its version: "pyenphase 4.0.6".
    against: str = ""
    # The highest ratio, or without a peer the highest of ours; None: only shown.
    bound: float | None = None
    # A count: no margin.
    exact: bool = False
    # The ratios of the single rounds.
    ratios: tuple[float, ...] = ()

    @classmethod
    def of_rounds(cls, ours: Iterable[float], peer: Iterable[float], **more: object) -> Self:
        """Return the figure of several rounds, in each of which both were measured: the median counts."""
        pairs = list(zip(ours, peer, strict=True))
        ratios = tuple(sorted(mine / other for mine, other in pairs))
        own, others = (median(side) for side in zip(*pairs, strict=True))
        return cls(ours=own, peer=others, ratios=ratios, **more)  # type: ignore[arg-type]

    @property
    def ratio(self) -> float | None:
        """Return ours by the peer's: the median of the rounds where there are any."""
        if self.ratios:
            return median(self.ratios)
        return None if not self.peer else self.ours / self.peer

    @property
    def met(self) -> bool | None:
        """Say whether the goal is met; None when there is none."""
        if self.bound is None:
            return None
        found = self.ours if self.peer is None else self.ratio
        if found is None:
            return self.ours <= 0
        return found <= self.bound * (1 if self.exact else MARGIN)
