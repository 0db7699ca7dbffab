"""The HTTP wire of a Trydan: three paths, all GET, one request at a time."""

import asyncio
import json
from math import inf
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from .faults import HTTP_KINDS, REPLACING, Fault, Faults
from .http_front import HttpAnswer, HttpFront, HttpRequest, Responder
from .requestlog import Request, RequestLog, present
from .trydan_payload import payload, plain
from .trydan_values import TrydanValues

if TYPE_CHECKING:
    from collections.abc import Callable

    from .tcp import Connection
    from .trydan_options import TrydanOptions

HTML: Final = "text/html"
REALTIME: Final = "/RealTimeData"
READ: Final = "/read/"
WRITE: Final = "/write/"
HURRY: Final = 0.1
KINDS: Final = {"http": HTTP_KINDS | {"silent_write"}}
MISSING: Final = HttpAnswer(404, b"this URI does not exist", HTML)


class TrydanFront(HttpFront):
    """Serves one request after the other, and measures how well the client behaves."""

    def __init__(
        self, responder: Responder, faults: Faults, options: TrydanOptions, hurried: Callable[[HttpRequest], None]
    ) -> None:
        """Let responder answer; hurried is told of each request that was turned away for its haste."""
        super().__init__(responder, is_write, faults)
        self.most_open = 0
        self.smallest_gap = inf
        self._open = 0
        self._ended = -inf
        self._options = options
        self._hurried = hurried
        self._turn = asyncio.Lock()

    def forget(self) -> None:
        """Measure the client anew."""
        self.most_open, self.smallest_gap, self._ended = self._open, inf, -inf

    async def exchange(self, connection: Connection, request: HttpRequest) -> None:
        """Answer one request when its turn comes."""
        gap = 0.0 if self._open else present() - self._ended
        self.smallest_gap = min(self.smallest_gap, gap)
        self._open += 1
        self.most_open = max(self.most_open, self._open)
        try:
            async with self._turn:
                if self._options.response_delay > 0:
                    await connection.pause(self._options.response_delay)
                if self._options.hurried_404 and gap < HURRY:
                    self._hurried(request)
                    await connection.send(MISSING.encode())
                else:
                    await super().exchange(connection, request)
        finally:
            self._open -= 1
            self._ended = present()


def is_write(request: HttpRequest) -> bool:
    """Whether a request changes something."""
    return request.target.startswith(WRITE)


class TrydanHttp:
    """What the paths answer."""

    def __init__(self, values: TrydanValues, quirks: Callable[[], set[str]], log: RequestLog) -> None:
        """Answer for these values."""
        self.values = values
        self._quirks = quirks
        self.log = log

    def answer(self, request: HttpRequest, fault: Fault | None) -> HttpAnswer:
        """Answer one request and log it."""
        if request.method != "GET":
            answer = HttpAnswer(405, content_type=HTML)
        elif request.target == REALTIME:
            answer = HttpAnswer(200, payload(self.values.snapshot(), self._quirks() | self.values.model.firmware.quirks), HTML)
        elif request.target.startswith(READ):
            answer = self._read(unquote(request.target.removeprefix(READ)))
        elif request.target.startswith(WRITE):
            answer = self._write(*split(request.target), fault)
        else:
            answer = MISSING
        text = answer.body.decode() if is_write(request) and answer.status == 200 else f"http {answer.status}"
        self.note(request, f"fault {fault.kind}" if fault is not None else "ok" if text == "http 200" else text)
        return answer

    def note(self, request: HttpRequest, outcome: str) -> None:
        """Log one request."""
        function = request.target.split("/")[1] if request.target.startswith("/") else request.target
        key, value = split(request.target)
        values = (value,) if is_write(request) else ()
        self.log.add(
            Request(
                at=present(),
                wire="http",
                function=function,
                key=key,
                values=values,
                count=1,
                outcome=outcome,
                write=is_write(request),
            )
        )

    def hurried(self, request: HttpRequest) -> None:
        """Log a request that came too soon."""
        self.note(request, "hurried")

    def _read(self, key: str) -> HttpAnswer:
        if not self.values.readable(key):
            return MISSING
        tail = "%" if "percent" in self._quirks() else ""
        return HttpAnswer(200, (plain(self.values.value(key)) + tail).encode(), HTML)

    def _write(self, key: str, text: str, fault: Fault | None) -> HttpAnswer:
        if not self.values.writable(key):
            return MISSING
        kind = fault.kind if fault is not None else ""
        silent = kind == "silent_write"
        if kind in REPLACING or kind == "lost_write" or (silent and fault is not None and fault.value != "done"):
            return HttpAnswer(200, b"" if silent else b"OK", HTML)
        done = kind != "refuse_write" and is_whole(text) and self.values.model.write(key, int(text))
        return HttpAnswer(200, b"" if silent else b"OK" if done else b"ERROR", HTML)


def split(target: str) -> tuple[str, str]:
    """Give keyword and value of a target, percent signs decoded; empty where there is none."""
    _, _, rest = target.removeprefix("/").partition("/")
    key, _, value = rest.partition("=")
    return unquote(key), unquote(value)


def is_whole(text: str) -> bool:
    """Whether a text is a whole number."""
    try:
        return isinstance(json.loads(text), int) and not isinstance(json.loads(text), bool)
    except ValueError:
        return False
