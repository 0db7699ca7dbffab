"""Answers that no device should give: what stands in their place, and what a fault makes of the right one."""

from functools import cache
import gzip
import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .faults import Fault

JSON_TYPE: Final = "application/json"
HTML: Final = b"<html><body><h1>It works!</h1></body></html>"
NESTING: Final = 100_000
# Unpacked; a thousandth of it goes over the wire.
BOMB: Final = 16_000_000
NOT_HTTP: Final = b"SSH-2.0-dropbear_2022.83\r\n" + bytes(range(128, 256))
CONTENTS: Final = {
    "html": (HTML, "text/html"),
    "empty": (b"", JSON_TYPE),
    "null": (b"null", JSON_TYPE),
    "list": (b"[1,2,3]", JSON_TYPE),
    "object": (b"{}", JSON_TYPE),
    "garbage": (bytes(range(128, 256)), JSON_TYPE),
    "nested": (b"[" * NESTING + b"]" * NESTING, JSON_TYPE),
}


@cache
def bomb() -> bytes:
    """Give a small gzip file that is large when it is unpacked."""
    return gzip.compress(b'{"0": "' + b"A" * BOMB + b'"}', compresslevel=9, mtime=0)


def spoiled(body: bytes, fault: Fault) -> bytes:
    """Give a body as this fault delivers it; most faults leave it as it is."""
    change = BODIES.get(fault.kind)
    return change(body, fault) if change is not None else body


def _half(body: bytes, _: Fault) -> bytes:
    return body[: len(body) // 2]


def _text_numbers(body: bytes, _: Fault) -> bytes:
    return _with_numbers(body, str)


def _numbers(body: bytes, fault: Fault) -> bytes:
    """Put one JSON literal in the place of every number, NaN by default."""
    other = json.loads(fault.value or "NaN")
    return _with_numbers(body, lambda _: other)


def _missing_comma(body: bytes, _: Fault) -> bytes:
    return re.sub(rb',\s*(?=")', b" ", body, count=1)


def _duplicate_key(body: bytes, _: Fault) -> bytes:
    """Say the first key twice, with nonsense at first."""
    return re.sub(rb'\{(\s*"[^"]+"\s*:)', rb'{\1 "?", \1', body, count=1)


def _extra_keys(body: bytes, _: Fault) -> bytes:
    """Say more in each object than anybody knows of."""
    return re.sub(rb'\{(?=\s*")', b'{"news": 1, ', body)


def _with_numbers(body: bytes, change: Callable[[float], Any]) -> bytes:
    """Change every number of an object or a list, however deep it lies; anything else stays as it is."""
    try:
        found = json.loads(body)
    except ValueError:
        return body
    return json.dumps(_mapped(found, change)).encode() if isinstance(found, dict | list) else body


def _mapped(value: Any, change: Callable[[float], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _mapped(each, change) for name, each in value.items()}
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    return change(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


BODIES: Final[dict[str, Callable[[bytes, Fault], bytes]]] = {
    "truncated": _half,
    "nan": _numbers,
    "numbers": _numbers,
    "text_numbers": _text_numbers,
    "missing_comma": _missing_comma,
    "duplicate_key": _duplicate_key,
    "extra_keys": _extra_keys,
}
