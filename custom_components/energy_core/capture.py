"""One capture format: what a device was asked and what it answered, without what is private.

``{"format": 1, "maker", "model", "firmware", "date", "exchanges": [{"request", "status", "body"}]}``
is what diagnostics attach, what tests read and what a replay answers from.
"""

from collections.abc import Collection, Iterator, Mapping
import json
import re
from typing import Any, Final

FORMAT = 1
# Shorter secrets (an index, a one-letter name) would blank half of a capture.
SHORTEST_SECRET = 4
# Wherever they stand: addresses of networks and people, tokens.
ADDRESSES: Final = re.compile(
    r"(?<![0-9A-F])(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}(?![0-9A-F])|\b(?:\d{1,3}\.){3}\d{1,3}\b|[\w.+-]+@[\w-]+\.[\w.-]+|\beyJ[\w-]+\.[\w.-]+"
    r"|(?<![:\w])(?:[0-9A-F]{1,4}:+){3,7}[0-9A-F]{1,4}(?![:\w])",
    re.IGNORECASE,
)
# Under these names, or names that end so, devices of all makers tell who or where somebody is.
NAMES: Final = re.compile(
    r"(.*_)?(e?ssid|mac|ip|ipv[46]|(mac|ip|hw)_?addr(ess)?|address|serials?|serial_?num(ber)?s?|sn|imei|iccid|device_?id|(site|system)_?id"
    r"|passw(or)?d|pwd|pass|.*token|session_?id|lat(itude)?|l(on|ng|ongitude)|zip|postal.*|phone|e?mail|user|owner|timezone"
    r"|(user|host|load|site|first|last|car|card|rfid)_?name)",
    re.IGNORECASE,
)
_XML: Final = re.compile(r"<(\w+)>([^<]+)</\1>")

type Json = Any


class Recorder:
    """Keeps the newest answer to each request."""

    def __init__(self) -> None:
        """Start empty."""
        self._exchanges: dict[str, dict[str, Json]] = {}

    def note(self, request: str, body: Json, status: int | str = "ok") -> None:
        """Remember an answer; ``request`` is a method and path, or a register range."""
        self._exchanges[request] = {"request": request, "status": status, "body": body}

    def capture(self, *, secrets: Collection[str] = (), **about: str | None) -> dict[str, Json]:
        """Return everything noted as a capture, with ``secrets`` replaced."""
        exchanges = [self._exchanges[request] for request in sorted(self._exchanges)]
        return dict(scrub({"format": FORMAT, **about, "exchanges": exchanges}, secrets))


def private(told: Json, names: re.Pattern[str] = NAMES, shapes: re.Pattern[str] = ADDRESSES, name: str = "") -> Iterator[str]:
    """Yield every secret in what a device told: by the name that it stands under, in JSON and XML, or by its shape."""
    match told:
        case dict():
            for key, each in told.items():
                yield from shapes.findall(str(key))
                yield from private(each, names, shapes, str(key))
        case list():
            for each in told:
                yield from private(each, names, shapes, name)
        case str() | int() | float() if not isinstance(told, bool):
            text = str(told).strip()
            yield from shapes.findall(text)
            yield from (each[2].strip() for each in _XML.finditer(text) if names.fullmatch(each[1]))
            if names.fullmatch(name):
                yield text


def blank(value: Json, names: re.Pattern[str], *, short: bool = False) -> Json:
    """Return ``value`` without what stands under ``names``; only the ``short``, which cannot be looked for elsewhere."""
    match value:
        case dict():
            return {
                key: "REDACTED" if names.fullmatch(str(key)) and _hides(item, short=short) else blank(item, names, short=short)
                for key, item in value.items()
            }
        case list():
            return [blank(item, names, short=short) for item in value]
    return value


def _hides(value: Json, *, short: bool) -> bool:
    """Tell whether a value says anything, and could not be found wherever else it stands."""
    return value not in (None, "") and (not short or (isinstance(value, str) and len(value) < SHORTEST_SECRET))


def scrub(value: Json, secrets: Collection[str]) -> Json:
    """Return ``value`` with each secret replaced by the same pseudonym wherever it occurs.

    Secrets hide in text, in keys, inside longer text, and as numbers.
    """
    names = {
        secret: f"REDACTED{index}" for index, secret in enumerate(sorted(set(secrets), key=str)) if len(secret) >= SHORTEST_SECRET
    }
    if not names:
        return value
    # Without groups, of which hundreds would make it slow.
    pattern = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))), re.IGNORECASE)
    return _replace(value, pattern, {secret.lower(): name for secret, name in names.items()})


def _replace(value: Json, pattern: re.Pattern[str], aliases: Mapping[str, str]) -> Json:
    match value:
        case str():
            return pattern.sub(lambda found: _alias(found, aliases), value)
        case dict():
            return {_replace(str(key), pattern, aliases): _replace(item, pattern, aliases) for key, item in value.items()}
        case list() | tuple():
            return [_replace(item, pattern, aliases) for item in value]
        case int() | float() if found := pattern.fullmatch(_digits(value)):
            return _alias(found, aliases)
    return value


def _alias(found: re.Match[str], aliases: Mapping[str, str]) -> str:
    """Return the pseudonym of a secret; letters that are the same only to a search have none of their own."""
    return aliases.get(found[0].lower(), "REDACTED")


def _digits(value: float) -> str:
    """Return a number as people would write a serial number."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def replay(capture: Json) -> dict[str, tuple[int | str, Json]]:
    """Return a capture's answers by request; raise ``ValueError`` for another format."""
    if not isinstance(capture, dict) or capture.get("format") != FORMAT:
        raise ValueError("not a capture of format 1")
    return {each["request"]: (each["status"], each["body"]) for each in capture["exchanges"]}


def dumps(capture: Json) -> str:
    """Return the capture as the text that is stored: stable order, readable diffs, no half characters."""
    return json.dumps(capture, indent=1, ensure_ascii=False, sort_keys=True).encode(errors="replace").decode() + "\n"
