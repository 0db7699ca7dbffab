"""One charger as the cloud shows it: what it last said, when, and the wire that reads and writes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
import math
from typing import Any, Final

from ...energy_core.errors import DeviceConnectionError, DeviceRefusedError
from ...energy_core.points import Key, Raw, Source, Value, number
from ...energy_core.report import Reading
from . import parse, points
from .cloud import CloudClient
from .plan import Kind
from .routes import ROUTES
from .sessions import SessionBook

# Older firmware and other models use other names for the same thing.
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "reported.pause": ("reported.paused",),
    "reported.device_id": ("reported.deviceid",),
    "reported.min_car_int": ("reported.min_car_int_fb",),
    "reported.max_car_int": ("reported.max_car_int_fb",),
    "reported.set_rfid": ("reported.rfid", "reported.rfid_enabled"),
    "reported.ocpp": ("reported.ocpp_enabled",),
    "reported.maxpower": ("reported.max_power",),
    "reported.wifi_ip": ("reported.ip",),
}

# One of these is in every answer about settings that deserves the name.
TELLING: Final = frozenset(
    str(key).removeprefix("reported.")
    for block in (points.Settings, points.Extra, points.Info, points.Cloud)
    for source in block("telling").sources("cloud").values()
    for key in (source.key, *ALIASES.get(str(source.key), ()))
)
AHEAD: Final = 300.0
# Should the cloud ever say flags as words.
TRUTHS: Final = {"true": 1, "false": 0}


def _objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


SHAPES: Final[Mapping[str, Callable[[object], bool]]] = {
    "answers": lambda value: isinstance(value, dict),
    "at": lambda value: isinstance(value, int | float) and number(value) is not None,
    "facts": lambda value: value is None or isinstance(value, str | bool | int | float),
    "lists": _objects,
}


@dataclass
class Face:
    """What the cloud last said of one charger; times are wall-clock seconds."""

    device_id: str
    book: SessionBook
    name: str | None = None
    pairing_ip: str | None = None
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    at: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Value | None] = field(default_factory=dict)
    lists: dict[str, Any] = field(default_factory=dict)

    def take(self, kind: Kind, answer: Any, now: float) -> None:
        """Take over an answer; one that makes no sense changes nothing."""
        match kind:
            case Kind.LIVE if "charge_state" in (found := parse.live(answer)):
                self.answers["live"] = found
            case Kind.REPORTED if (found := parse.reported(answer)).keys() & TELLING:
                self.answers["reported"] = found
            case Kind.CONNECTED if (connected := parse.connected(answer)) is not None:
                self.facts["connected"] = connected
            case Kind.VERSION if any(known := parse.version(answer)):
                self.facts |= {name: each for name, each in zip(("latest_firmware", "model"), known, strict=True) if each}
            case Kind.CARDS if (cards := parse.cards(answer)) is not None:
                self.facts["cards"], self.lists["cards"] = len(cards), cards
            case Kind.PROFILES if (profiles := parse.profiles(answer)) is not None:
                self.facts["profiles"], self.lists["profiles"] = len(profiles), profiles
                active = [each.get("name") for each in profiles if each.get("active") is True]
                self.facts["active_profile"] = str(active[0]) if active else None
            case _:
                return
        self.at[kind] = now

    def age(self, kind: Kind, now: float) -> float | None:
        """Return how old the answer of ``kind`` is in seconds, None when there is none."""
        # A clock that was ahead when it was written down says nothing.
        if kind not in self.at or self.at[kind] > now + AHEAD:
            return None
        return max(0.0, now - self.at[kind])

    def values(self) -> dict[Key, Raw]:
        """Return everything that points can read, under the keys of ``points.py``."""
        found: dict[Key, Raw] = {
            f"{name}.{key}": TRUTHS.get(str(raw).lower(), raw)
            for name, answer in self.answers.items()
            for key, raw in answer.items()
        }
        for key, others in ALIASES.items():
            found.setdefault(key, next((found[each] for each in others if each in found), None))
            if found[key] is None:
                del found[key]
        # An empty text is the cloud's way to say that the meter has no error.
        if found.get("live.error") == "":
            found["live.error"] = "0"
        return found

    def saved(self) -> dict[str, Any]:
        """Return what spares calls after a restart, ready for JSON."""
        return {
            "name": self.name,
            "answers": self.answers,
            "at": self.at,
            "facts": self.facts,
            "lists": self.lists,
            "book": self.book.saved(),
        }

    def restore(self, saved: Mapping[str, Any], now: float = math.inf) -> None:
        """Take back what an earlier life saved, ignoring what is not of its shape; nothing was said after ``now``."""
        name = saved.get("name")
        self.name = name if isinstance(name, str) else self.name
        for attribute, shape in SHAPES.items():
            if isinstance(kept := saved.get(attribute), dict):
                setattr(self, attribute, {key: each for key, each in kept.items() if shape(each)})
        self.at = {kind: min(float(at), now) for kind, at in self.at.items()}
        if isinstance(book := saved.get("book"), dict):
            self.book.restore(book)


class CloudWire:
    """Reads the face, which costs nothing; only a write makes a call."""

    name = "cloud"

    def __init__(self, client: CloudClient, face: Face) -> None:
        """Talk about the charger of ``face``."""
        self.client = client
        self.face = face

    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:  # noqa: ARG002 a wire's shape
        """Return what the cloud last said."""
        values = self.face.values()
        return Reading(values={source.key: values[source.key] for source in sources if source.key in values})

    async def write(self, values: Sequence[tuple[Source, Raw]]) -> None:
        """Send each value by the call that sets it."""
        requests = []
        for source, raw in values:
            if (route := ROUTES.get(str(source.write_key))) is None:
                raise DeviceRefusedError(key="lan_needed")
            requests.append(route(raw))
        for endpoint, params in requests:
            await self.client.call(endpoint, self.face.device_id, command=True, **params)


class Nowhere:
    """The wire of a charger that nobody can reach yet."""

    name = "nowhere"

    async def read(self, sources: Sequence[Source], *, command: bool = False) -> Reading:  # noqa: ARG002 a wire's shape
        """Say that there is no way."""
        raise DeviceConnectionError("no address is known yet")

    async def write(self, values: Sequence[tuple[Source, Any]]) -> None:  # noqa: ARG002 a wire's shape
        """Say that there is no way."""
        raise DeviceConnectionError("no address is known yet")
