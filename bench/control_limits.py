"""What is measured of our law, beside others, and the limits that it must keep: section 7.5 of our brief."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from .control_laws import NAIVE, OTHERS, OURS, Maker, Ours
from .control_runs import ALL, Score, Seeds, Trouble, calm_orders, score
from .plants import Kind

# W at the grid, bought so that less is fed in by accident.
BIAS: Final = 10.0
BIASED: Final = f"ours, +{BIAS:.0f} W"
STRICT: Final = "ours, strict"
# By how much the delay is mistaken to begin with.
GATES: Final = (0.5, 1.6, 2.5)
LOSSES: Final = (0.1, 0.3)
# From when to when the meter is silent: its last word is that a kettle was switched on, and is not to be acted on twice.
SILENCE: Final = (123.0, 183.0)
SILENT_LAWS: Final = (NAIVE, "peer performance", "PD default")


def gate_label(error: float) -> str:
    """Return how a mistaken delay is called."""
    return f"ours, gate x{error:g}"


def loss_label(share: float) -> str:
    """Return how lost orders are called."""
    return f"ours, {share:.0%} lost"


def silent_label(law: str) -> str:
    """Return how a law is called whose meter falls silent."""
    return f"{law}, silent meter"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the law must keep on the simulator."""

    ratio: Mapping[str, float] = field(default_factory=lambda: {"nominal": 1.05, "brisk": 1.05, "fast": 1.05, "slow": 0.95})
    ratio_lossy: float = 1.2
    ratio_mistaken: float = 1.15
    quiet: Mapping[str, float] = field(default_factory=lambda: {"nominal": 50.0, "fast": 30.0})
    settle: Mapping[str, float] = field(default_factory=lambda: {"nominal": 10.0})
    settle_worst: Mapping[str, float] = field(default_factory=lambda: {"nominal": 15.0})
    overshoot: float = 60.0
    orders: float = 12.0
    reversals: float = 0.3
    exported_share: float = 0.55
    calm_orders: int = 25


LIMITS: Final = Limits()


@dataclass(frozen=True, kw_only=True)
class Measured:
    """All figures of one plant: by law, and orders in a calm quarter of an hour."""

    kind: Kind
    scores: Mapping[str, Score]
    calm: Mapping[str, int]

    @property
    def exported_share(self) -> float:
        """Return what ours feeds in with its bias, by what the naive loop does."""
        return self.scores[BIASED].exported / self.scores[NAIVE].exported


def conditions(kind: Kind) -> Iterator[tuple[str, Maker, Trouble]]:
    """Yield everything that is run on a plant: how it is called, the law, and what goes wrong."""
    for name, law in OTHERS.items():
        yield name, law, Trouble()
    yield OURS, Ours, Trouble()
    yield STRICT, partial(Ours, strict=True), Trouble()
    yield BIASED, partial(Ours, target=BIAS), Trouble()
    for error in GATES:
        yield gate_label(error), partial(Ours, error=error), Trouble()
    for share in LOSSES:
        yield loss_label(share), Ours, Trouble(loss=share)
    silence = Trouble(silent=SILENCE)
    for name in SILENT_LAWS:
        yield silent_label(name), OTHERS[name], silence
    yield silent_label(OURS), Ours, silence


def measure(kind: Kind, seeds: Seeds = ALL, *, only: Sequence[str] = ()) -> Measured:
    """Run everything on one plant, or ``only`` some."""
    chosen = [each for each in conditions(kind) if not only or each[0] in only]
    scores = {name: score(kind, law, trouble, seeds) for name, law, trouble in chosen}
    laws = {name: law for name, law, trouble in chosen if name in (*OTHERS, OURS)}
    return Measured(kind=kind, scores=scores, calm={name: calm_orders(kind, law, seeds.mixed) for name, law in laws.items()})


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One limit on one plant."""

    plant: str
    what: str
    value: float
    limit: float

    @property
    def kept(self) -> bool:
        """Tell whether it is kept; what could not be measured is not."""
        return self.value <= self.limit

    def __str__(self) -> str:
        word = "ok  " if self.kept else "FAIL"
        return f"{word} {self.plant:8} {self.what:32} {self.value:8.2f}  limit {self.limit:g}"


def verdicts(found: Measured, limits: Limits = LIMITS) -> Iterator[Verdict]:
    """Judge everything that was measured on one plant."""
    say = partial(Verdict, plant=found.kind.name)
    ours = found.scores[OURS]
    yield from basics(found.kind.name, ours, limits)
    yield say(what=f"RMS, {LOSSES[0]:.0%} lost", value=found.scores[loss_label(LOSSES[0])].ratio, limit=limits.ratio_lossy)
    for error in (each for each in GATES if gate_label(each) in found.scores):
        yield say(what=f"RMS, gate x{error:g}", value=found.scores[gate_label(error)].ratio, limit=limits.ratio_mistaken)
    yield say(what="exported / naive", value=found.exported_share, limit=limits.exported_share)
    yield say(what="orders in 15 calm minutes", value=found.calm[OURS], limit=limits.calm_orders)


def basics(plant: str, ours: Score, limits: Limits = LIMITS, slack: float = 1.0) -> Iterator[Verdict]:
    """Judge what holds for the law alone and for the whole stack, which gets some ``slack``; the orders get none."""
    say = partial(Verdict, plant=plant)
    yield say(what="RMS by the oracle's", value=ours.ratio, limit=limits.ratio[plant] * slack)
    if plant in limits.quiet:
        yield say(what="quiet RMS, W", value=ours.quiet, limit=limits.quiet[plant] * slack)
    if plant in limits.settle:
        yield say(what="settled after, s", value=ours.settle, limit=limits.settle[plant] * slack)
        yield say(what="settled after, worst, s", value=ours.settle_worst, limit=limits.settle_worst[plant] * slack)
    yield say(what="overshoot, W", value=ours.overshoot, limit=limits.overshoot * slack)
    yield say(what="orders a minute", value=ours.orders, limit=limits.orders)
    yield say(what="reversals a minute", value=ours.reversals, limit=limits.reversals * slack)


# What the quick run needs: all that the limits ask for, but one gate.
QUICK: Final = (NAIVE, OURS, BIASED, loss_label(LOSSES[0]), gate_label(GATES[0]), gate_label(GATES[-1]))
