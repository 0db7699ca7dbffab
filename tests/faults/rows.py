"""The rows of the matrix: what goes wrong, how it is done on each way, and what must come of it.

Numbers are those of our list of faults. What cannot be switched on and off from outside is in ``elsewhere.py``.
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
NAMES: Final = dict(zip(("modbus", "http", "lan", "cloud", "gateway"), WAYS, strict=True))
# Why a way cannot have a fault: stands in the cell in place of one.
REASONS: Final = {
    "(a)": "frames of Modbus: HTTP has none; what breaks there is in F3, F12 and F25 to F29",
    "(b)": "answers of HTTP: Modbus has none; what breaks there is in F10 to F19",
    "(c)": "no TLS on this way",
    "(d)": "the haste of the charger alone: the others do not know this answer",
    "(e)": "the cloud's certificate is one of a public authority, always checked; a house has no such authority to try it with",
    "(f)": "a counter may well say so, and equal readings are believed (F30); registers have it in the next row",
    "(g)": "nobody signs in on this way",
    "(h)": "a cloud has a name, not an address of its own in the house",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault: its number and words, and for each way how it is injected, or the letter of why it cannot be."""

    number: str
    what: str
    faults: tuple[str, str, str, str, str]
    outcome: Outcome = "lost"
    # Where a way bears it better, or worse, than the others.
    otherwise: tuple[tuple[str, Outcome], ...] = ()

    def of(self, way: str) -> str | None:
        """Return how the fault is injected on a way, None where it cannot be."""
        return None if self.why(way) else self.faults[WAYS.index(way)]

    def why(self, way: str) -> str:
        """Return the letter of why a way cannot have the fault, empty where it can."""
        fault = self.faults[WAYS.index(way)]
        return fault if fault in REASONS else ""

    def expected(self, way: str) -> Outcome:
        """Return what must come of it on a way."""
        return dict(self.otherwise).get(way, self.outcome)


def _http(number: str, what: str, fault: str, outcome: Outcome = "lost", gateway_fault: str = "", **otherwise: Outcome) -> Row:
    """Return a row for what speaks HTTP."""
    faults = ("(b)", fault, fault, fault, gateway_fault or fault)
    return Row(number=number, what=what, faults=faults, outcome=outcome, otherwise=_ways(otherwise))


def _modbus(number: str, what: str, fault: str, outcome: Outcome = "lost") -> Row:
    """Return a row for Modbus alone."""
    return Row(number=number, what=what, faults=(fault, *("(a)",) * 4), outcome=outcome)


def _all(
    number: str,
    what: str,
    fault: str,
    outcome: Outcome = "lost",
    gateway_fault: str = "",
    modbus_fault: str = "",
    **otherwise: Outcome,
) -> Row:
    """Return a row for all."""
    faults = (modbus_fault or fault, fault, fault, fault, gateway_fault or fault)
    return Row(number=number, what=what, faults=faults, outcome=outcome, otherwise=_ways(otherwise))


def _ways(otherwise: dict[str, Outcome]) -> tuple[tuple[str, Outcome], ...]:
    return tuple((NAMES[name], outcome) for name, outcome in otherwise.items())


ROWS: Final = (
    _all("F1", "connection refused", "refuse"),
    _all("F2", "reset on connect", "reset_on_connect", modbus="through"),
    _http("F2", "reset on request", "reset"),
    _all("F3", "reset in mid-answer", "reset_mid_frame"),
    _all("F3", "closed in mid-answer", "close_mid_frame"),
    _all("F4", "half open: no answer, no end", "half_open", gateway_fault="hang"),
    _all("F5", "an answer a byte a second", "drip:1"),
    _all("F6", "answers take 5 s", "delay:5", "through", modbus="lost"),
    _all("F6, F7", "1 kB/s, byte by byte", "drip:0.001", "through"),
    _all("F8", "closed after each answer, unannounced", "close_after_each", "through"),
    _all("F9", "answers come after the deadline", "delay:60", modbus_fault="late:5"),
    _modbus("F10", "wrong transaction id", "wrong_transaction"),
    _modbus("F10", "wrong unit", "wrong_unit"),
    _modbus("F10", "wrong function", "wrong_function"),
    _modbus("F11", "byte count off", "byte_count_off"),
    _modbus("F11", "short frame", "short_frame"),
    _modbus("F11", "long frame", "long_frame"),
    _modbus("F11", "huge length", "huge_length"),
    _modbus("F12", "garbage before the answer", "garbage_prefix", "through"),
    _all("F12", "garbage", "garbage", cloud="stands"),
    _http("F12", "no HTTP at all", "not_http"),
    Row(number="F12", what="no TLS at all", faults=("(c)", "(c)", "(c)", "(e)", "no_tls")),
    _modbus("F12", "each answer twice", "duplicate", "through"),
    _modbus("F12", "a web server answers", "http_server"),
    _modbus("F12", "a Solarman logger answers", "solarman"),
    *(_modbus("F14-F19", f"exception {code}", f"exception:{code}") for code in (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 99)),
    _all("F18", "busy once", "status:503*1", "through", gateway_fault="503*1", modbus_fault="exception:6*1"),
    Row(number="F18", what="404 for haste, once", faults=("(b)", "(d)", "status:404*1", "(d)", "(d)"), outcome="through"),
    _http("F20", "500", "status:500", gateway_fault="500"),
    _http("F20", "503", "status:503", gateway_fault="503"),
    _http("F20", "502 three times, then good", "status:502*3", gateway_fault="502*3", cloud="through", gateway="through"),
    _http("F21", "401", "unauthorized", gateway_fault="401", http="asks", gateway="asks"),
    _http("F21", "401 once, then good", "unauthorized*1", "through", gateway_fault="401*1", http="asks"),
    _http("F23", "429 with Retry-After", "too_many:60", gateway_fault="429", cloud="stands"),
    _http("F23", "429 without Retry-After", "too_many:silent", gateway_fault="429", cloud="stands"),
    _http("F24", "404", "status:404", gateway_fault="404", cloud="stands"),
    _http("F25", "truncated", "truncated", cloud="stands"),
    _http("F25", "empty", "empty", cloud="stands"),
    _http("F25", "a comma is missing", "missing_comma", lan="through", cloud="stands"),
    _http("F25", "a key twice", "duplicate_key", "through"),
    _http("F26", "a web page", "html"),
    _http("F27", "wrong content type", "content_type", "through"),
    _http("F28", "null", "null", cloud="stands"),
    _http("F28", "an empty object", "object", cloud="stands"),
    _http("F28", "a list", "list", cloud="stands"),
    _http("F29", "NaN for every number", "nan", "unknown", cloud="stands", gateway="lost"),
    _http("F29", "Infinity for every number", "numbers:Infinity", "unknown", cloud="stands", gateway="lost"),
    _http("F29", "null for every number", "numbers:null", "unknown", cloud="stands", gateway="lost"),
    _http("F29", "1e308 for every number", "numbers:1e308", "unknown", cloud="stands"),
    Row(
        number="F29",
        what="65535 for every number",
        faults=("(f)", "(f)", *("numbers:65535",) * 3),
        outcome="unknown",
        otherwise=_ways({"cloud": "stands"}),
    ),
    _all("F29", "-32768 for every number", "numbers:-32768", "unknown", modbus_fault="pins:nothing", cloud="stands"),
    _http("F29", "numbers as text", "text_numbers", "through"),
    _http("F31", "keys that nobody knows", "extra_keys", "through"),
    _http("F32", "8 MB", "huge:8"),
    _http("F32", "chunks without end", "endless"),
    _http("F32", "a gzip bomb", "bomb"),
    _http("F32", "100,000 brackets", "nested"),
    _http("F33", "a redirect to another host", "redirect"),
)
