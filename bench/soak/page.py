"""What a soak found, as the page shows it: tables, and what must not be."""

from collections.abc import Sequence
from typing import Final

from bench.tables import table

from .asking import PROMISED
from .record import CALLS, Record, wrongs

NAMES: Final = {
    "titan modbus": "Titan, Modbus",
    "titan http": "Titan, HTTP",
    "charger": "Trydan, LAN",
    "v2c cloud": "V2C Cloud",
    "gateway": "Envoy",
}
# Hours that the table shows; the picture has all of them.
SHOWN: Final = (0, 1, 2, 4, 8, 12, 16, 20, 24)


def text(found: Record) -> str:
    """Return the part of the page that is made from a run."""
    bad = wrongs(found)
    verdict = "\n".join(["Wrong:", "", *(f"- {each}" for each in bad)]) if bad else "Nothing of what must not be was seen."
    parts = (_setting(found), verdict, "### Memory", hours_table(found), "### Requests", asked_table(found))
    return "\n\n".join([*parts, _cloud(found), "### Log and states", _log(found)])


def _setting(found: Record) -> str:
    size = found["size"]
    where = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
    share = sum(found["struck"].values()) / max(1, sum(found["drawn"].values()))
    return (
        f"Machine: {where}.\n{_ran(found)} after one without faults, seed {found['seed']}: "
        f"{found['wall_s'] / 60:.0f} minutes, of them {found['cpu_s'] / 60:.1f} of CPU time, simulators included. "
        f"{size['chargers']} chargers, {size['inverters']} inverters, a Titan on each wire; "
        f"{found['entities']:,} entities registered, {found['samples'][-1]['states']:,} states.\n"
        f"Faults: {sum(found['struck'].values()):,} single requests ({share:.1%} of all, the quiet hour included) of "
        f"{len(found['kinds'])} kinds, and {len(found['outages'])} outages of a device for 3 to 15 minutes."
    )


def _ran(found: Record) -> str:
    """Say how long it ran; a run that was broken off does not pass for a whole one."""
    ran, meant = found["samples"][-1]["hour"], found["hours"]
    return f"{ran:g} hours" if ran == meant else f"**Broken off: {ran:g} of {meant:g} hours**"


def hours_table(found: Record) -> str:
    """Return what the process held, hour by hour."""
    head = ("hour", "RSS, MB", "blocks", "objects", "tasks", "timers", "files", "connections", "states")
    names = ("rss_mb", "blocks", "objects", "tasks", "timers", "files", "connections", "states")
    last = found["samples"][-1]["hour"]
    samples = [each for each in found["samples"] if each["hour"] in (*SHOWN, last)]
    return table(head, [[f"{each['hour']:g}", *(_whole(each[name]) for name in names)] for each in samples])


def asked_table(found: Record) -> str:
    """Return how hard each device was pressed."""
    head = ("device", "requests", "an hour", "without faults", "most", "went wrong", "shortest gap, s", "promised", "at once")
    return table(head, [_asked(found, key, name) for key, name in NAMES.items() if key in found["requests"]])


def _asked(found: Record, key: str, name: str) -> list[str]:
    hours = [each.get(key, 0) for each in found["pace"]]
    gap, promised = found["gaps"].get(key), PROMISED.get(key)
    return [
        name,
        f"{found['requests'][key]:,}",
        f"{sum(hours) / max(1.0, found['samples'][-1]['hour']):.0f}",
        str(found["healthy"].get(key, 0)),
        str(max(hours, default=0)),
        str(found["struck"].get(key, 0)),
        "-" if gap is None else f"{gap:.3f}",
        "-" if promised is None else f"{promised:g}",
        str(found["at_once"].get(key, "-")),
    ]


def _cloud(found: Record) -> str:
    return (
        f"Calls of the V2C Cloud in any 24 hours: {found['calls_in_a_day']} of the {CALLS} that polls may take; "
        f"refused with 429: {found['refused_calls']}."
    )


def _log(found: Record) -> str:
    levels = {level: found["log"].get(level, 0) for level in ("INFO", "WARNING", "ERROR")}
    rows: Sequence[Sequence[str]] = (
        ("lines of ours: info, warning, error", " / ".join(f"{each:,}" for each in levels.values())),
        ("losses said / returns said", f"{found['losses']:,} / {found['returns']:,}"),
        ("the same loss said twice, or a return without a loss", str(len(found["twice"]))),
        ("traces", str(len(found["traces"]))),
        ("lines of the Modbus library, info and more", f"{sum(found['library'].values()):,}"),
        ("states changed / written unchanged", f"{found['states']['changed']:,} / {found['states']['reported']:,}"),
        ("writes to a device", str(found["writes"])),
    )
    return table(("what", "count"), rows)


def _whole(value: float) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
