"""The figures of the control laws as tables, and where they are put."""

from collections.abc import Sequence
import math
from pathlib import Path
from typing import Final

from .control_limits import Measured, Verdict
from .control_runs import Score
from .plants import Kind
from .tables import table

BEGIN: Final = "<!-- bench:control -->"
END: Final = "<!-- /bench:control -->"
HEADING: Final = "# Control\n"
# Two minutes after the step the runs end; who is outside until then does not settle.
NEVER: Final = 119.5
HEAD: Final = (
    "law",
    "RMS W",
    "by oracle",
    "quiet W",
    "settled s",
    "worst s",
    "overshoot W",
    "orders/min",
    "turns/min",
    "exported Wh",
    "calm orders",
)


def _cell(value: float, digits: int = 0) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _settled(seconds: float) -> str:
    return "never" if seconds >= NEVER else _cell(seconds, 1)


def row(name: str, score: Score, calm: int | None = None) -> list[str]:
    """Return the figures of one law as a line."""
    return [
        name,
        _cell(score.rms),
        _cell(score.ratio, 2),
        _cell(score.quiet),
        _settled(score.settle),
        _settled(score.settle_worst),
        _cell(score.overshoot),
        _cell(score.orders, 1),
        _cell(score.reversals, 2),
        _cell(score.exported),
        "-" if calm is None else str(calm),
    ]


def plant(kind: Kind) -> str:
    """Return what a plant is like, in one sentence."""
    return (
        f"Dead time {kind.dead:g} s (± {kind.jitter:g}), lag {kind.lag:g} s, {kind.ramp:g} W/s, {kind.pause:g} s of rest when it "
        f"turns; meter every {kind.meter_every:g} s, {kind.meter_delay:g} s late; own power every {kind.battery_every:g} s; "
        f"{kind.gap:g} s between orders."
    )


def plant_table(found: Measured) -> str:
    """Return everything that was measured on one plant."""
    rows = [row(name, score, found.calm.get(name)) for name, score in found.scores.items()]
    return table(HEAD, rows)


def limits_table(judged: Sequence[Verdict]) -> str:
    """Return the limits: what was measured, what is allowed."""
    plants = list(dict.fromkeys(each.plant for each in judged))
    cells = {(each.what, each.plant): f"{'' if each.kept else '**'}{each.value:.2f} / {each.limit:g}" for each in judged}
    cells = {key: f"{cell}{'**' if cell.startswith('**') else ''}" for key, cell in cells.items()}
    names = list(dict.fromkeys(each.what for each in judged))
    return table(("measured / allowed", *plants), [[name, *(cells.get((name, each), "") for each in plants)] for name in names])


def text(found: Sequence[Measured], judged: Sequence[Verdict]) -> str:
    """Return everything, as a document shows it."""
    parts = []
    for each in found:
        parts += [f"### Plant: {each.kind.name}", plant(each.kind), plant_table(each)]
    parts += ["### Limits", limits_table(judged), verdict(judged)]
    return "\n\n".join(parts)


def verdict(judged: Sequence[Verdict]) -> str:
    """Return what does not keep its limit, or that everything does."""
    failed = [str(each) for each in judged if not each.kept]
    return "\n".join(failed) if failed else f"All {len(judged)} limits are kept."


def into_document(path: Path, section: str) -> None:
    """Put ``section`` between the marks of a document, which is begun if there is none."""
    if not path.exists():
        path.write_text(f"{HEADING}\n{BEGIN}\n{END}\n", encoding="utf-8")
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no marks")
    path.write_text(f"{before}{BEGIN}\n\n{section}\n\n{END}{after}", encoding="utf-8")
