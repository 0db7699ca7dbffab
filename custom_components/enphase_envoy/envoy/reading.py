"""Reads whole answers: what an endpoint says again, word for word, costs nothing more than the question."""

from collections.abc import Collection
from typing import Any, Final, override

from ...energy_core.device import Wire
from ...energy_core.errors import EnergyError
from ...energy_core.points import Block
from ...energy_core.report import UpdateReport
from .local import Local
from .owner import PartOwner, endpoint
from .parse import Flat
from .points import WIRE

# Of an endpoint that is not there, or not for us.
NOTHING: Final[Flat] = {}


class AnswerReader(PartOwner):
    """A device whose blocks are asked for and understood by the endpoint, of which hundreds of blocks may share one."""

    def __init__(self, local: Local, *, serial: str, **more: Any) -> None:
        """Have heard nothing yet."""
        super().__init__(local, serial=serial, **more)
        # The answer that has nothing more to tell a block.
        self._spent_in: dict[str, Flat] = {}
        self._heard_at: dict[str, float] = {}
        self._grouped: tuple[list[Block], dict[str | None, list[str]]] = ([], {})

    @override
    def add[B: Block](self, block: B) -> B:
        """Own ``block`` from now on; one of its name may have been there before."""
        self._distrust(block.name)
        return super().add(block)

    @override
    def forget(self, name: str) -> None:
        """Stop owning a part that is gone."""
        self._distrust(name)
        super().forget(name)

    @override
    def touched(self, *names: str) -> None:
        """Distrust what was read of the named blocks: they were written since."""
        self._distrust(*names)
        super().touched(*names)

    def _distrust(self, *names: str) -> None:
        for name in names:
            self._heard_in.pop(name, None)
            self._spent_in.pop(name, None)

    @override
    async def update(self, wanted: Collection[str] = (), *, only: bool = False, wire: Wire | None = None) -> UpdateReport:
        """Read the blocks that are due, or ``only`` the wanted ones; raise an ``EnergyError`` when nothing answers."""
        blocks = [self.blocks[name] for name in wanted] if only else self.due(wanted)
        started, groups = self._clock(), self._by_endpoint(blocks)
        answers, errors = await self.local.ask([name for name in groups if name is not None])
        self.heard(self.local)
        heard_at, failed = self._clock(), dict[str, EnergyError]()
        touched = {name for name, at in self._touched_at.items() if at > started}
        good: list[str] = []
        told: list[Block] = []
        for name, group in groups.items():
            names = [each for each in group if each not in touched] if touched else group
            if name in errors:
                failed |= dict.fromkeys(names, errors[name])
                continue
            good += names
            if name is not None:
                told += self._take(names, answers.get(name, NOTHING))
        for times in (self._read_at, self._heard_at):
            times.update(dict.fromkeys(good, heard_at))
        self._shown.update(good)
        self._begun = self._begun or not only
        self._count(UpdateReport(updated=frozenset(block.name for block in told), at=heard_at))
        report = UpdateReport(updated=frozenset(good), failed=failed, at=heard_at)
        self.digest(report)
        return report

    def _by_endpoint(self, blocks: list[Block]) -> dict[str | None, list[str]]:
        """Return the blocks of each endpoint; mostly they are those of the last time."""
        if self._grouped[0] != blocks:
            groups: dict[str | None, list[str]] = {}
            for block in blocks:
                groups.setdefault(endpoint(block), []).append(block.name)
            self._grouped = (blocks, groups)
        return self._grouped[1]

    def _take(self, names: list[str], answer: Flat) -> list[Block]:
        """Decode an answer for the blocks to which it may tell something, and return these.

        One that was heard twice and changed nothing is left alone: no counter waits for it, and nothing is missing.
        """
        told = [self.blocks[name] for name in names if self._spent_in.get(name) is not answer]
        for block in told:
            if self._heard_in.get(block.name) is not answer:
                self._heard_in[block.name] = answer
                self._spent_in.pop(block.name, None)
                block.decode(WIRE, answer)
                continue
            before = dict(block.values)
            block.decode(WIRE, answer)
            missing = any(value is not None and block.lacks(point) for point, value in before.items())
            if block.values == before and not missing:
                self._spent_in[block.name] = answer
        return told
