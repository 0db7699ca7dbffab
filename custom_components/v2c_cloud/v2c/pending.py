"""Values that the cloud accepted and does not show yet: shown as asked for, until it is clear what became of them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...energy_core.points import Block, Key, Point, Value

# The switches of the card reader and of OCPP take about 90 s to show in the cloud.
SETTLES: Final = 150.0
# Without any reading since the command nobody can tell; at some time that, too, comes to an end.
PATIENCE: Final = 900.0


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

    def drop(self, block: Block, point: Point[Any]) -> None:
        """Expect nothing of ``point`` any more: a later command went another way."""
        self._waiting.pop((block.name, point.name), None)

    def hold(self, read: Collection[str], heard: Mapping[str, float], told: Collection[Key]) -> list[Point[Any]]:
        """Show what is expected in place of what was read; return the points that were not applied in time.

        ``read`` are the blocks that hold what was read, not our own word; ``heard`` is when each wire last
        answered, 0 for one that is silent; ``told`` are the keys that the cloud says anything under. Of what
        nobody says, or has said since, nobody can tell.
        """
        lost = []
        for slot, each in list(self._waiting.items()):
            shows = each.block.get(each.point) == each.value
            sources = {wire: each.point.source(wire, each.block.index) for wire in heard}
            since = any(at > each.sent for wire, at in heard.items() if sources[wire] is not None)
            certain = since and each.block.name in read
            if shows and certain:
                del self._waiting[slot]
            elif self._wall() - each.sent < (SETTLES if certain else PATIENCE):
                each.block.set(each.point, each.value)
            else:
                del self._waiting[slot]
                cloud = sources["cloud"]
                said = (sources["lan"] is not None and heard["lan"] > 0) or (cloud is not None and cloud.key in told)
                lost += [each.point] if certain and said and not shows else []
        return lost
