"""A wire made of a dictionary: strict about what it was given, honest about what it was asked."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from custom_components.energy_core.errors import DeviceRefusedError, DeviceTimeoutError, EnergyError
from custom_components.energy_core.points import Key, Raw, Source
from custom_components.energy_core.report import Reading

type Hook = Callable[[], Awaitable[None]]


class FakeWire:
    """Answers from ``values``; a key that was never mentioned is a mistake of the test and blows up."""

    def __init__(self, values: Mapping[Key, Raw] | None = None, *, name: str = "fake") -> None:
        """Seed what the unit has."""
        self.name = name
        self.values: dict[Key, Raw] = dict(values or {})
        self.absent: set[Key] = set()
        self.failing: dict[Key, EnergyError] = {}
        self.silence: EnergyError | None = None
        self.refusing: set[Key] = set()
        self.ignoring: set[Key] = set()
        # The answers to the next writes: an error is raised, and "done" tells that the unit obeyed before that.
        self.lost: list[tuple[EnergyError, bool]] = []
        self.asked: list[list[Key]] = []
        self.written: list[list[tuple[Key, Raw]]] = []
        self.commands: list[bool] = []
        self.on_write: Hook | None = None

    def drop(self, *keys: Key) -> None:
        """Leave ``keys`` out of every answer from now on."""
        for key in keys:
            self.values.pop(key)
            self.absent.add(key)

    def give(self, **values: Raw) -> None:
        """Have ``values`` from now on."""
        self.absent -= values.keys()
        self.values |= values

    def fail(self, *keys: Key, error: EnergyError | None = None) -> None:
        """Have ``keys`` fail although the link lives."""
        self.failing |= dict.fromkeys(keys, error or DeviceTimeoutError("no answer for this one"))

    def go_silent(self, error: EnergyError | None = None) -> None:
        """Answer nothing at all any more."""
        self.silence = error or DeviceTimeoutError("no answer")

    def recover(self) -> None:
        """Answer everything again."""
        self.silence = None
        self.failing.clear()

    def lose(self, error: EnergyError, *, done: bool) -> None:
        """Have the next write end with ``error``, whether or not the unit has ``done`` it."""
        self.lost.append((error, done))

    @property
    def sent(self) -> list[tuple[Key, Raw]]:
        """Return every value that reached the unit, in order."""
        return [each for values in self.written for each in values]

    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:
        """Answer what was seeded."""
        keys = [source.key for source in sources]
        self.asked.append(keys)
        self.commands.append(command)
        if self.silence is not None:
            raise self.silence
        _known(keys, self.values.keys() | self.absent | self.failing.keys())
        failed = {key: self.failing[key] for key in keys if key in self.failing}
        return Reading(values={key: self.values[key] for key in keys if key in self.values and key not in failed}, failed=failed)

    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Take ``values`` over, or do what the test arranged."""
        _known([source.target for source, _ in values], self.values.keys() | {source.write_key for source, _ in values})
        self.written.append([(source.target, raw) for source, raw in values])
        if self.on_write is not None:
            await self.on_write()
        if self.silence is not None:
            raise self.silence
        if self.refusing & {source.target for source, _ in values}:
            raise DeviceRefusedError(key="write_rejected")
        error, done = self.lost.pop(0) if self.lost else (None, True)
        if done:
            self.values |= {source.key: raw for source, raw in values if source.target not in self.ignoring}
        if error is not None:
            raise error


def _known(keys: Iterable[Key], known: set[Key]) -> None:
    strange = [key for key in keys if key not in known]
    if strange:
        raise AssertionError(f"the fake unit was never given {strange}")
