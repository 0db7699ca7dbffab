"""One request in the log, at debug: where it went, what it asked, what came back, how much of it, how fast.

All wires write the same line: ``lan GET /info 200 312 B in 0.034 s``, or ``lan GET /info failed after 10.001 s: …``.
What is asked is named by a template: no serial number, key, address or name of the user's stands in it.
"""

import logging
import time
from types import TracebackType
from typing import Self

from .errors import EnergyError


class Exchange:
    """A request that is under way; ``got`` says what came back."""

    def __init__(self, logger: logging.Logger, origin: str, asked: str) -> None:
        """Note in ``logger`` that ``asked`` goes to ``origin``: lan, cloud or modbus."""
        self._logger, self._origin, self._asked = logger, origin, asked
        self._outcome: tuple[object, int] | None = None
        self._started = 0.0

    def got(self, outcome: object, size: int) -> None:
        """Note the answer: its status, and its size in bytes."""
        self._outcome = outcome, size

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        took = time.monotonic() - self._started
        if self._outcome is not None:
            self._logger.debug("%s %s %s %d B in %.3f s", self._origin, self._asked, *self._outcome, took)
        else:
            # Of others than ours the text is not shown: it may have an address in it.
            why = str(error) if isinstance(error, EnergyError) else type(error).__name__
            self._logger.debug("%s %s failed after %.3f s: %s", self._origin, self._asked, took, why)
