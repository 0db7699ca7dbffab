"""The rows of the matrix: what goes wrong, how it is done on each way, and what must come of it.

Numbers are those of the research brief, section 7. What cannot be injected while it runs, or concerns one way only, is
in ``elsewhere.py``.
"""

from dataclasses import dataclass
from typing import Final, Literal

# What must come of a fault that lasts several intervals:
# lost     the device is gone, which is said once, and comes back by itself, which is said once
# through  nobody notices
# unknown  it is there; values that make no sense are not shown
# stands   what was known stays shown, for two hours at most; what comes is not believed
# asks     it is gone, and only the user can help: he is asked, once
type Outcome = Literal["lost", "through", "unknown", "stands", "asks"]
WAYS: Final = ("Titan, Modbus", "Titan, HTTP", "Trydan, LAN", "V2C Cloud", "Envoy")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault: its number and words, and for each way how it is injected; None where the way cannot have it."""

    number: str
    what: str
    faults: tuple[str | None, str | None, str | None, str | None, str | None]
    outcome: Outcome = "lost"
    # Where a way bears it better, or worse, than the others.
    otherwise: tuple[tuple[str, Outcome], ...] = ()

    def of(self, way: str) -> str | None:
        """Return how the fault is injected on a way."""
        return self.faults[WAYS.index(way)]

    def expected(self, way: str) -> Outcome:
        """Return what must come of it on a way."""
        return dict(self.otherwise).get(way, self.outcome)


def _http(number: str, what: str, fault: str, outcome: Outcome = "lost", envoy: str | None = "", **otherwise: Outcome) -> Row:
    """Return a row for what speaks HTTP."""
    on_envoy = fault if envoy == "" else envoy
    faults = (None, fault, fault, fault, on_envoy)
    return Row(number=number, what=what, faults=faults, outcome=outcome, otherwise=_ways(otherwise))


def _modbus(number: str, what: str, fault: str, outcome: Outcome = "lost") -> Row:
    """Return a row for Modbus alone."""
    return Row(number=number, what=what, faults=(fault, None, None, None, None), outcome=outcome)


def _all(number: str, what: str, fault: str, outcome: Outcome = "lost", envoy: str | None = None, **otherwise: Outcome) -> Row:
    """Return a row for all."""
    faults = (fault, fault, fault, fault, envoy)
    return Row(number=number, what=what, faults=faults, outcome=outcome, otherwise=_ways(otherwise))


def _ways(otherwise: dict[str, Outcome]) -> tuple[tuple[str, Outcome], ...]:
    names = {"modbus": WAYS[0], "http": WAYS[1], "lan": WAYS[2], "cloud": WAYS[3], "gateway": WAYS[4]}
    return tuple((names[name], outcome) for name, outcome in otherwise.items())


ROWS: Final = (
    _all("F1", "connection refused", "refuse", envoy="refuse"),
    _all("F2", "reset on connect", "reset_on_connect", modbus="through"),
    _http("F2", "reset on request", "reset"),
    _all("F3", "reset in mid-answer", "reset_mid_frame"),
    _all("F3", "closed in mid-answer", "close_mid_frame", envoy="close"),
    _all("F4", "half open: no answer, no end", "half_open", envoy="hang"),
    _all("F5", "an answer a byte a second", "drip:1"),
    _all("F6", "answers take 5 s", "delay:5", "through", envoy="delay:5", modbus="lost"),
    _all("F7", "answers arrive byte by byte", "drip:0.001", "through"),
    _modbus("F8", "closed after each answer", "close_after_each", "through"),
    _modbus("F9", "answers come after the deadline", "late:5"),
    _modbus("F10", "wrong transaction id", "wrong_transaction"),
    _modbus("F10", "wrong unit", "wrong_unit"),
    _modbus("F10", "wrong function", "wrong_function"),
    _modbus("F11", "byte count off", "byte_count_off"),
    _modbus("F11", "short frame", "short_frame"),
    _modbus("F11", "long frame", "long_frame"),
    _modbus("F11", "huge length", "huge_length"),
    _modbus("F12", "garbage before the answer", "garbage_prefix", "through"),
    _all("F12", "garbage", "garbage", envoy="garbage", cloud="stands"),
    _modbus("F12", "each answer twice", "duplicate", "through"),
    _modbus("F12", "a web server answers", "http_server"),
    _modbus("F12", "a Solarman logger answers", "solarman"),
    *(_modbus("F14-F19", f"exception {code}", f"exception:{code}") for code in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 99)),
    _http("F20", "500", "status:500", envoy="500"),
    _http("F20", "503", "status:503", envoy="503"),
    _http("F21", "401", "unauthorized", envoy="401", http="asks", gateway="asks"),
    _http("F23", "429 with Retry-After", "too_many:60", envoy="429", cloud="stands"),
    _http("F24", "404", "status:404", envoy="404", cloud="stands"),
    _http("F25", "truncated", "truncated", cloud="stands"),
    _http("F25", "empty", "empty", cloud="stands"),
    _http("F26", "a web page", "html"),
    _http("F27", "wrong content type", "content_type", "through", envoy=None),
    _http("F28", "null", "null", cloud="stands"),
    _http("F28", "an empty object", "object", cloud="stands"),
    _http("F28", "a list", "list", cloud="stands"),
    _http("F29", "NaN for every number", "nan", "unknown", cloud="stands", gateway="lost"),
    _http("F29", "numbers as text", "text_numbers", "through"),
    _http("F32", "8 MB", "huge:8", envoy="huge:8"),
    _http("F32", "100,000 brackets", "nested"),
    _http("F33", "a redirect to another host", "redirect"),
)
