"""What two wires say together: nothing is shown of what the present one lacks, or what was told too long ago."""

from collections.abc import Iterable, Mapping

from ...energy_core.points import Block, Key, Raw
from .points import Cloud, Meter

CLOUD_BLOCKS = (Cloud, Meter)


def forget_lacking(blocks: Iterable[Block], wire: str) -> None:
    """Drop what ``wire`` does not have, the cloud's own blocks aside: nothing may follow from what was so once."""
    for block in blocks:
        if not isinstance(block, CLOUD_BLOCKS):
            lacking = (name for name, point in block.points.items() if point.sources and wire not in point.sources)
            block.values.update((name, None) for name in lacking if name in block.values)


def forget_reported(blocks: Iterable[Block]) -> None:
    """Drop what ``/device/reported`` said."""
    for block in blocks:
        told = (name for name, each in block.sources("cloud").items() if str(each.key).startswith("reported."))
        block.values.update((name, None) for name in told if name in block.values)


def fill(block: Block, values: Mapping[Key, Raw]) -> None:
    """Take from the cloud what this firmware's LAN does not answer."""
    for name, source in block.sources("cloud").items():
        if source.key in values and (block.values.get(name) is None or block.lacks(name)):
            block.values[name] = block.points[name].decode(source, values[source.key])
