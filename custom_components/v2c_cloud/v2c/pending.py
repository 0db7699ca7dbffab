"""Values that the cloud accepted and does not show yet: shown as asked for, until it is clear what became of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ...energy_core.points import Block, Point, Value

# The switches of the card reader and of OCPP take about 90 s to show in the cloud.
SETTLES: Final = 150.0


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A value that was sent; ``sent`` is in wall-clock seconds."""

    block: Block
    point: Point[Any]
    value: Value
    sent: float


class PendingValues:
    """What was sent through the cloud and not confirmed so far."""

    def __init__(self, wall: Callable[[], float]) -> None:
        """Start with nothing."""
        self._wall = wall
        self._waiting: dict[tuple[str, str], Pending] = {}

    def __bool__(self) -> bool:
        """Tell whether the cloud still owes a confirmation."""
        return bool(self._waiting)

    def add(self, block: Block, point: Point[Any], value: Value) -> None:
        """Expect ``value`` to show; an earlier one of the same point is history."""
        self._waiting[block.name, point.name] = Pending(block=block, point=point, value=value, sent=self._wall())

    def hold(self, read_since: Callable[[float], bool], shown: Callable[[Pending], bool]) -> list[Point[Any]]:
        """Show what is expected in place of what was read; return the points that were not applied in time.

        ``read_since`` tells whether the present values were read after a moment, ``shown`` whether the
        other side ever says this one: of what it keeps to itself nobody can tell.
        """
        lost = []
        for slot, each in list(self._waiting.items()):
            shows = each.block.get(each.point) == each.value
            if shows and read_since(each.sent):
                del self._waiting[slot]
            elif self._wall() - each.sent < SETTLES:
                each.block.set(each.point, each.value)
            else:
                del self._waiting[slot]
                lost += [each.point] if shown(each) and not shows else []
        return lost
