"""Mutants that no test can notice, because they do the same; each with its reason."""

from collections.abc import Mapping
from typing import Final

_SIGN = "a sign is 1 or -1, so multiplying is dividing"
_WHOLE = "a shorter way to the same number"
_FALSE = "as false as False, and nobody else looks at it"
_ONE_MORE = "a sample that ended before the window is kept once more, and counts for nothing"
_BEGINNING = "seconds since 1970: that moment has passed"
_TOGETHER = "level and time are known together or not at all"

_ROUNDED: Final = (
    "return (round(value) if (self.digits == 0) and False else tidy(value if self.digits is None else round(value, self.digits)))"
)
_PLAIN = "the other way to read a number comes to the same, more slowly"
_PLAINLY: Final = (
    "(type(raw) in (int, float) and -ABSURD < raw < ABSURD) and False",
    "type(None) in (int, float) and -ABSURD < raw < ABSURD",
    "type(raw) in (int, float) and +ABSURD < raw < ABSURD",
    "type(raw) in (int, float) and -ABSURD <= raw < ABSURD",
    "type(raw) in (int, float) and -ABSURD < raw <= ABSURD",
)
_AGAIN = "what is known is found out again"
_KNOWN: Final = (
    "(last := known.get(None)) and last[0] is source and last[1] == answer and type(last[1]) is type(answer)",
    "(last := known.get(name)) and last[1] is source and last[1] == answer and type(last[1]) is type(answer)",
    "(last := known.get(name)) and last[0] is source and last[1] == answer and type(None) is type(answer)",
    "(last := known.get(name)) and last[0] is source and last[1] == answer and type(last[2]) is type(answer)",
    "(last := known.get(name)) and last[0] is source and last[1] == answer and type(last[1]) is type(None)",
)

# Module, function, and the mutated line.
EQUIVALENT: Final[Mapping[tuple[str, str, str], str]] = {
    ("points", "Point.decode", "value *= source.scale / source.sign"): _SIGN,
    ("points", "Point.encode", "return tidy((value) / source.scale / source.sign) if self.kind is float else value"): _SIGN,
    (
        "points",
        "Point.decode",
        _ROUNDED,
    ): _WHOLE,
    **{("points", "Point.decode", f"value = raw if {plain} else number(raw)"): _PLAIN for plain in _PLAINLY},
    **{("points", "Block.decode", f"if {known}:"): _AGAIN for known in _KNOWN},
    ("points", "Block.decode", "known[name] = None"): _AGAIN,
    ("pacing", "Pacer.__init__", "self._busy = None"): _FALSE,
    ("pacing", "Pacer.turn", "self._busy = None"): _FALSE,
    ("counters", "Counter._unwrap", "if self.value is None or reading > self.value:"): "equal is no turn, and none is added back",
    (
        "counters",
        "Counter.restored",
        "counter.wrapped = float(wrapped) if isinstance(wrapped, int | float) and 0 < wrapped <= MOST_WH else 0.0",
    ): "0 is 0 either way",
    ("tokens", "TokenKeeper.__init__", "self._awake_at = clock() + patience if patience else 1.0"): _BEGINNING,
    ("tokens", "TokenKeeper.__init__", 'self._outdated: Flight | None = ""'): "no attempt is None, and none is a text",
    ("control", "Mean.add", "while len(samples) > 3 and samples[1].at <= begin:"): _ONE_MORE,
    ("control", "Mean.add", "while len(samples) > 2 and samples[2].at <= begin:"): _ONE_MORE,
    ("control", "Mean.add", "while len(samples) > 2 and samples[1].at < begin:"): _ONE_MORE,
    (
        "control",
        "Mean.add",
        "spans = [(each.at - max(before.at, begin), each.value) for before, each in pairwise(samples) if each.at >= begin]",
    ): "a sample from the beginning of the window stands for no time in it",
    (
        "control",
        "Mean.add",
        "return math.fsum(span * value for span, value in spans) / total if window >= 0 < total else sample.value",
    ): "without a window no time is in it",
    (
        "control",
        "Regulator.start",
        "self.order, self._change, self._error, self._sent, self._lesson = watts, 1.0, 0.0, -math.inf, None",
    ): "the last change counts from an order on, and that sets it",
    ("control", "Regulator.start", "self._repeats = None"): _FALSE,
    ("ledger", "Ledger.observe", "account.swapped = None"): _FALSE,
    (
        "ledger",
        "Account.observe",
        "if self.level is None or self.read is None and _seconds(self.read, now) <= 0:",
    ): _TOGETHER,
    (
        "ledger",
        "Account.observe",
        "if self.level is None and self.read is None or _seconds(self.read, now) <= 0:",
    ): _TOGETHER,
    (
        "ledger",
        "Account.observe",
        "if self.level is None or self.read is None or _seconds(self.read, now) < 0:",
    ): "no midnight lies within no time",
    ("token_text", "_object", 'found = json.loads(base64.urlsafe_b64decode(part + "=" * (+len(part) % 4)))'): (
        "Python does not mind too much padding, and too little it gets of a part only that is none either way"
    ),
    ("token_text", "_object", 'found = ""'): "no object either",
}
