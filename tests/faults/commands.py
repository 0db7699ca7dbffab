"""One command for each way to a device: how a user gives it, what of it reaches the device, and how it goes wrong there."""

from collections.abc import Callable
from dataclasses import dataclass
import logging
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from simulators.faults import Fault
from tests.faults.columns import CLOUD, ENVOY, HTTP, LAN, MODBUS, Column, Site
from tests.faults.test_matrix import NOT_OURS
from tests.virtual_time import VirtualTime

TARIFF = "/admin/lib/tariff"
INTENSITY = "/device/intensity"


@dataclass(frozen=True, kw_only=True)
class Command:
    """A setting that can be written: ``sent`` is what of it arrived, ``has`` what the device has now."""

    column: Column
    key: str
    values: tuple[int, ...]
    sent: Callable[[Site], list[Any]]
    has: Callable[[Site], float]

    def __str__(self) -> str:
        """Return the name that the table shows."""
        return str(self.column)

    def entity(self, hass: HomeAssistant) -> str:
        """Return the entity that writes it."""
        numbers = (each for each in er.async_get(hass).entities.values() if each.domain == "number")
        (found,) = (each for each in numbers if each.platform == self.column.domain and each.unique_id.endswith(self.key))
        return found.entity_id

    async def give(self, hass: HomeAssistant, value: float) -> None:
        """Set it, as a user does; what goes wrong is raised."""
        data = {"entity_id": self.entity(hass), "value": value}
        await hass.services.async_call("number", "set_value", data, blocking=True)

    async def told(self, hass: HomeAssistant, value: float) -> str | None:
        """Set it, and return the key of what the user is told when it does not work."""
        try:
            await self.give(hass, value)
        except HomeAssistantError as error:
            return error.translation_key or "without words"
        return None

    def shown(self, hass: HomeAssistant) -> float | None:
        """Return what Home Assistant shows, None while it shows nothing."""
        state = hass.states.get(self.entity(hass))
        return None if state is None or state.state in ("unavailable", "unknown") else float(state.state)

    async def strike(self, there: Site, clock: VirtualTime, kind: str, times: int | None = None) -> None:
        """Let the next write go wrong, and no read."""
        name, wire = WIRES[self.column.name]
        if wire:
            kind, _, value = kind.partition(":")
            getattr(there, name).faults.set(wire, Fault(kind, times=times, value=value, on="write"))
            return
        # The gateway's faults do not tell a write from the reading before it: that one has to be over.
        asked = there.envoy.asked(TARIFF)
        await clock.until(lambda: there.envoy.asked(TARIFF) > asked and not there.envoy.log.open, within=30, every=0.01)
        there.envoy.fail(TARIFF, kind, times)

    def calm(self, there: Site) -> None:
        """Let nothing go wrong any more."""
        name, wire = WIRES[self.column.name]
        if wire:
            getattr(there, name).faults.clear()
        else:
            there.envoy.heal()


WIRES = {
    "Titan, Modbus": ("titan", "modbus"),
    "Titan, HTTP": ("titan", "http"),
    "Trydan, LAN": ("trydan", "http"),
    "V2C Cloud": ("v2c", "http"),
    "Envoy": ("envoy", ""),
}


def _titan(column: Column, wire: str) -> Command:
    return Command(
        column=column,
        key="SIM-TITAN-0001_backup_soc",
        values=(15, 25, 35),
        sent=lambda there: [each.values[0] for each in there.titan.writes if each.wire == wire],
        has=lambda there: float(there.titan.value(1142)),
    )


def _trydan(column: Column, sent: Callable[[Site], list[Any]]) -> Command:
    return Command(
        column=column,
        key="SIMV2C_intensity_number",
        values=(9, 11, 13),
        sent=sent,
        has=lambda there: float(there.trydan.value("Intensity")),
    )


COMMANDS = (
    _titan(MODBUS, "modbus"),
    _titan(HTTP, "http"),
    _trydan(LAN, lambda there: [value for key, value in there.trydan.written if key == "Intensity"]),
    _trydan(CLOUD, lambda there: [each for each in there.v2c.calls if each.path == INTENSITY]),
    Command(
        column=ENVOY,
        key="_reserve_soc",
        values=(30, 40, 50),
        sent=lambda there: [each.body["tariff"]["storage_settings"]["reserved_soc"] for each in there.envoy.writes],
        has=lambda there: float(there.envoy.site.settings.read_tariff()["tariff"]["storage_settings"]["reserved_soc"]),
    ),
)


def errors(caplog: pytest.LogCaptureFixture, *but: str) -> list[str]:
    """Return every error and exception in the log; Home Assistant shows its own for debugging, and some are not ours to silence."""
    bad = [each for each in caplog.records if each.levelno > logging.WARNING or (each.exc_info and each.levelno > logging.DEBUG)]
    return [f"{each.name}: {each.getMessage()}" for each in bad if not each.name.startswith((*NOT_OURS, *but))]


def of[T](given: T | tuple[T, ...], command: Command) -> T:
    """Return what a table says of a way: one for all, or one for each."""
    return given[COMMANDS.index(command)] if isinstance(given, tuple) else given


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What goes wrong with one command, and on each way: how it is done, how many arrive, what the user is told."""

    number: str
    what: str
    kinds: tuple[str, ...]
    # once     done, once; the user notices nothing but the time that it takes
    # refused  not done; the user is told so
    # told     nobody can tell whether it was done: the user is told so, nothing is sent again, what is so is shown
    outcomes: str | tuple[str, ...]
    sent: int | tuple[int, ...]
    keys: str | tuple[str | None, ...] | None = None
    # Until it is healed, or only once.
    lasts: bool = False
    # Whether the device has done it, where nobody can tell.
    done: bool = False
    # Whether the device is gone for a while thereafter.
    away: bool = False


TROUBLES: Final = (
    Trouble(
        number="F16",
        what="a command that the device refuses",
        kinds=("exception:3", "refuse_write", "refuse_write", "refuse_write", "400"),
        outcomes="refused",
        sent=1,
        keys=("illegal_value", "write_rejected", "device_refused", "cloud_refused", "http_status"),
        lasts=True,
    ),
    Trouble(
        number="F18",
        what="busy once, in a command",
        kinds=("exception:6", "status:503", "status:404", "status:503", "503"),
        outcomes=("once", "once", "once", "told", "once"),
        # Who is busy does not always write down what with.
        sent=(2, 1, 2, 1, 2),
        keys=(None, None, None, "cloud_error", None),
    ),
    Trouble(
        number="F4",
        what="silence after a command that was done",
        kinds=("no_answer", "no_answer", "no_answer", "no_answer", "reset"),
        outcomes=("once", "once", "once", "told", "once"),
        sent=1,
        keys=(None, None, None, "timeout", None),
        done=True,
    ),
    Trouble(
        number="F4",
        what="silence after a command that got lost",
        kinds=("half_open", "half_open", "half_open", "half_open", "hang"),
        outcomes=("once", "once", "once", "told", "once"),
        # Who only swallows does not write down what.
        sent=(2, 1, 1, 0, 2),
        keys=(None, None, None, "timeout", None),
    ),
    Trouble(
        number="F37",
        what="a restart in the middle of a command",
        kinds=("reset_mid_frame", "reset_mid_frame", "reset_mid_frame", "reset_mid_frame", "reset"),
        outcomes=("once", "once", "once", "told", "once"),
        sent=1,
        keys=(None, None, None, "cannot_connect", None),
        done=True,
        away=True,
    ),
)
