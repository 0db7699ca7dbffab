"""A box that somebody else steers: what it was set to before is remembered, and given back.

Dynamic control is put to rest and not switched off: without it the box stops to read its meter. The box is paused,
never locked: a lock resets the session. Source: research brief of the two protocols, traps 4 and 6, section 1.5.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from ...energy_core.device import Expected
from ...energy_core.errors import DeviceConnectionError, DeviceRefusedError, DeviceTimeoutError
from ...energy_core.memory import section
from ...energy_core.points import Block, Point, Raw, Source, Value
from .derive import DRAWING
from .device import Trydan
from .lan import LanWire
from .points import LOWEST_A, Extra, Settings

# In the order in which they are given back: what lets current flow comes last.
BORROWED: Final[tuple[Point[Any], ...]] = (
    Extra.charge_mode,
    Settings.intensity,
    Settings.power_mode,
    Settings.dynamic,
    Settings.pause_dynamic,
    Settings.paused,
)
# A car may take so long (s) to end its charge.
LETS_GO: Final = 10
# So long (s) may it take to give everything back, also when Home Assistant stops; how often it is looked at then, s apart.
PATIENCE, HURRY = 30.0, 2.5
GLANCES, GLANCE = 5, 0.3


class Steering:
    """Sets ``trydan`` on the LAN alone.

    ``memory`` survives restarts: ``own`` is what the box had, noted before the first write of each setting; ``ours``
    is what we set and saw applied. ``save`` writes it down.
    """

    def __init__(self, trydan: Trydan, memory: dict[str, Any], save: Callable[[], None], *, clamps: bool) -> None:
        """Go on where ``memory`` ends; where its ``clamps`` are needed the box has to read them."""
        self.trydan, self._clamps = trydan, clamps
        self.own = _kept(memory, "own")
        self.ours = _kept(memory, "ours")
        self._save = save
        self._current: Value | None = None

    # What is so

    @property
    def holds(self) -> bool:
        """Tell whether there is anything to give back."""
        return bool(self.own)

    def _block(self, point: Point[Any]) -> Block:
        return self.trydan.extra if point.block is Extra else self.trydan.settings

    def _shown(self, point: Point[Any]) -> Value | None:
        """Return what the box shows; a box that is paused may show no current, which is nobody's setting."""
        value: Value | None = self._block(point).get(point)
        hidden = point is Settings.intensity and isinstance(value, int | float) and value < LOWEST_A
        return None if hidden else value

    def foreign(self) -> list[Point[Any]]:
        """Return the settings that show something else than what we set; phases are read too seldom to tell."""
        if not self.trydan.lan_works:
            return []
        pairs = ((point, self._shown(point), self.ours.get(point.name)) for point in BORROWED if point.block is Settings)
        return [point for point, shown, ours in pairs if None not in (shown, ours) and shown != ours]

    def leave(self) -> None:
        """What somebody else set is the box's own from now on."""
        for point in self.foreign():
            self.own[point.name] = self._shown(point)
            self.ours.pop(point.name, None)
        self._save()

    # Steering

    def begin(self) -> None:
        """Look at what may be hidden by the time that it is changed."""
        self._current = self._shown(Settings.intensity)

    def targets(self, amps: int, mode: str | None) -> Mapping[Point[Any], Value]:
        """Return what must be set so that ``amps`` flow; ``mode`` are the phases, None where they are left alone."""
        dynamic = self._clamps or bool(self.own.get(Settings.dynamic.name, self.trydan.settings.dynamic))
        at_rest = {Settings.pause_dynamic: True, Settings.dynamic: dynamic}
        if not amps:
            return {Settings.paused: True, **at_rest}
        wanted: dict[Point[Any], Value] = {} if mode is None else {Extra.charge_mode: mode}
        wanted[Settings.intensity] = amps
        if self.trydan.settings.power_mode == "stop":
            wanted[Settings.power_mode] = "solar_grid"
        return {**wanted, **at_rest, Settings.paused: False}

    def due(self, amps: int, mode: str | None) -> bool:
        """Tell whether anything has to be set for that."""
        return any(self.ours.get(point.name) != value for point, value in self.targets(amps, mode).items())

    async def steer(self, amps: int, mode: str | None) -> None:
        """Have ``amps`` flow, 0 to pause; each setting is written when it differs, and read back."""
        for point, value in self.targets(amps, mode).items():
            if point is Extra.charge_mode and value not in (self._shown(point), self.ours.get(point.name)):
                # It takes effect when charging starts.
                await self._set(Settings.paused, value=True)
                await self._calm()
            await self._set(point, value)

    async def _set(self, point: Point[Any], value: Value) -> None:
        name = point.name
        if self.ours.get(name) == value:
            return
        shown = self._current if point is Settings.intensity and self._shown(point) is None else self._shown(point)
        if name not in self.own and shown is not None:
            self.own[name] = shown
        # Until it shows nobody knows which of the two it is.
        self.ours.pop(name, None)
        self._save()
        result = await self.trydan.write(self._block(point), point, value, wire=self._lan())
        if result.applied:
            self.ours[name] = value
            self._save()
        elif point is not Settings.intensity or self._shown(point) is not None:
            raise DeviceRefusedError(key="not_applied")
        # Else the box is paused and shows no current: it is set again when it does.

    def _lan(self) -> LanWire:
        if self.trydan.lan is None or self.trydan.lan_lost:
            raise DeviceConnectionError(key="lan_needed")
        return self.trydan.lan

    async def _calm(self) -> None:
        """Wait until the car has let go."""
        for _ in range(LETS_GO):
            await self.trydan.update((self.trydan.charge.name,), only=True)
            if (self.trydan.charge.power or 0.0) <= DRAWING:
                return
            await asyncio.sleep(1.0)

    # Giving back

    async def give_back(self, *, hurry: bool = False) -> None:
        """Set the box to what it was, and see that it is; what somebody else has set since stays."""
        self.leave()
        lan, todo = self._lan(), self._todo()
        first: dict[Point[Any], Value] = {}
        if Extra.charge_mode in todo and self.trydan.status.charging:
            # Phases take effect when charging starts.
            first = {Settings.paused: True}
            todo.setdefault(Settings.paused, bool(self.own.get(Settings.paused.name)))
        if todo:
            values = [self._order(lan, *each) for each in (*first.items(), *todo.items())]
            expected = {
                source.key: (point, source, todo[point]) for point, (source, _) in zip(todo, values[len(first) :], strict=True)
            }
            await self._apply(lan, values, expected, hurry=hurry)
        self.own.clear()
        self.ours.clear()
        self._save()

    def _todo(self) -> dict[Point[Any], Value]:
        """Return what the box had and does not have now."""
        todo = {point: self.own[point.name] for point in BORROWED if point.name in self.own}
        if self.trydan.settings.locked and todo.get(Settings.paused):
            # Firmware 2.4.6 would undo both.
            del todo[Settings.paused]
        return {point: value for point, value in todo.items() if not self._has(point, value)}

    def _has(self, point: Point[Any], value: Value) -> bool:
        """Tell whether the box surely has a value; the phases are read too seldom to tell."""
        sure = self.trydan.lan_works and (point.block is Settings or self.ours.get(point.name) == value)
        return sure and self._shown(point) == value

    def _order(self, lan: LanWire, point: Point[Any], value: Value) -> tuple[Source, Raw]:
        source = self.trydan.writable(self._block(point), point, lan)
        return source, point.encode(source, value)

    async def _apply(self, lan: LanWire, values: list[tuple[Source, Raw]], expected: Expected, *, hurry: bool) -> None:
        trydan = self.trydan
        try:
            async with asyncio.timeout(HURRY if hurry else PATIENCE):
                if hurry:
                    applied = await self._quickly(lan, values, expected)
                else:
                    applied = (await trydan.command(values, expected, kind="give_back", wire=lan)).applied
        except TimeoutError as error:
            raise DeviceTimeoutError("the box does not take its settings back in time") from error
        finally:
            trydan.touched(trydan.settings.name, trydan.extra.name)
            trydan.expire(trydan.settings.name, trydan.extra.name)
        if not applied:
            raise DeviceRefusedError(key="not_applied")
        for point, _, value in expected.values():
            self._block(point).set(point, value)

    async def _quickly(self, lan: LanWire, values: list[tuple[Source, Raw]], expected: Expected) -> bool:
        """Write, and look at once, and again until there is no time left."""
        await lan.write(values)
        for _ in range(GLANCES):
            if await self.trydan.confirms(expected, lan):
                return True
            await asyncio.sleep(GLANCE)
        return False


def _kept(memory: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a part of the memory, which is changed in place."""
    memory[name] = found = section(memory.get(name))
    return found
