"""What a soak leaves in the log: lines by level, traces, and whether a loss is ever said twice."""

from collections import Counter
from dataclasses import dataclass, field
import logging
import re
from typing import Final, override

OURS: Final = "custom_components."
# Home Assistant's Modbus library says each broken link as an error of its own; it is not ours to silence.
LIBRARY: Final = "tmodbus"
# Who is away, and what of it: a line that says so, and the line that takes it back.
GONE: Final = re.compile(r"(?P<name>.+) does not answer: .+")
THERE: Final = re.compile(r"Fetching (?P<name>.+) data recovered")
SILENT: Final = re.compile(r"(?P<name>.+): no values of (?P<what>.+?): .+")
BACK: Final = re.compile(r"(?P<name>.+): values of (?P<what>.+) are back")
ELSEWHERE: Final = re.compile(r"(?P<name>.+): values come from the cloud now")
HOME: Final = re.compile(r"(?P<name>.+): values come from the lan now")
LINES: Final = ((GONE, True), (THERE, False), (SILENT, True), (BACK, False), (ELSEWHERE, True), (HOME, False))
KEPT: Final = 50


@dataclass
class Said(logging.Handler):
    """Counts, and keeps only what nobody expects."""

    levels: Counter[str] = field(default_factory=Counter)
    library: Counter[str] = field(default_factory=Counter)
    traces: list[str] = field(default_factory=list)
    # Said again although it was said already, or taken back although it had not been said.
    twice: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    losses: int = 0
    returns: int = 0
    _down: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Listen from info on, as a user does who looks for a cause."""
        super().__init__(logging.INFO)

    # Handlers are kept in weak sets.
    __hash__ = logging.Handler.__hash__

    @property
    def down(self) -> set[tuple[str, str]]:
        """Return what was said to be away and is not back."""
        return set(self._down)

    def forget(self) -> None:
        """Count anew from here on; who is away stays so."""
        self.levels.clear()
        self.library.clear()
        self.losses = self.returns = 0
        for each in (self.traces, self.twice, self.other):
            each.clear()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Count one line."""
        text = record.getMessage()
        if record.exc_info or record.stack_info:
            _keep(self.traces, f"{record.name}: {text}: {record.exc_info}")
        if record.name.startswith(OURS):
            self.levels[record.levelname] += 1
            self._follow(text, warns=record.levelno >= logging.WARNING)
        elif record.name.startswith(LIBRARY):
            self.library[record.levelname] += 1
        elif record.levelno >= logging.WARNING:
            _keep(self.other, f"{record.levelname} {record.name}: {text}")

    def _follow(self, text: str, *, warns: bool) -> None:
        for pattern, loss in LINES:
            if (found := pattern.fullmatch(text)) is None:
                continue
            what = found.groupdict().get("what", "" if pattern in (GONE, THERE) else "the LAN")
            for part in what.split(", "):
                self._turned((found["name"], part), text, loss=loss)
            self.losses, self.returns = self.losses + loss, self.returns + (not loss)
            return
        if warns:
            _keep(self.other, text)

    def _turned(self, what: tuple[str, str], text: str, *, loss: bool) -> None:
        if loss is (what in self._down):
            _keep(self.twice, text)
        (self._down.add if loss else self._down.discard)(what)


def _keep(into: list[str], text: str) -> None:
    if len(into) < KEPT:
        into.append(text)
