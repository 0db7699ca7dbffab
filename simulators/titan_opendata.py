"""The OpenData calls of a Titan: what each method answers."""

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from . import http_digest
from .http_front import HttpAnswer, HttpRequest
from .requestlog import Request, RequestLog, present
from .titan_writes import Outcome, TitanWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from .faults import Fault
    from .titan_model import PointValue, TitanModel

PREFIX: Final = "/rpc/"
SET_FUNCTION: Final = 16
METHODS: Final = frozenset({"GET", "POST"})
MAC: Final = "7C:3E:82:00:00:01"


class OpenData:
    """Answers the calls under /rpc/."""

    def __init__(self, model: TitanModel, writer: TitanWriter, log: RequestLog) -> None:
        """Answer for this Titan."""
        self.model = model
        self.writer = writer
        self.log = log
        self.nonces = 0
        self._calls: dict[str, Callable[[], object]] = {
            "Sys.GetConfig": self._sys_config,
            "WiFi.GetConfig": self._wifi_config,
            "WiFi.GetStatus": self._wifi_status,
            "Cloud.GetStatus": self._cloud_status,
        }

    def is_write(self, request: HttpRequest) -> bool:
        """Whether a request changes something."""
        return request.target.startswith(f"{PREFIX}Indevolt.SetData")

    def answer(self, request: HttpRequest, fault: Fault | None) -> HttpAnswer:
        """Answer one request and log it."""
        path, _, query = request.target.partition("?")
        name = path.removeprefix(PREFIX)
        answer, points, values = self._dispatch(request, path, query, fault)
        outcome = f"http {answer.status}" if answer.status != 200 else "ok"
        if answer.body == b'{"result": false}':
            outcome = "false"
        self.log.add(
            Request(
                at=present(),
                wire="http",
                function=name,
                points=points,
                count=len(points),
                values=values,
                outcome=f"fault {fault.kind}" if fault is not None else outcome,
                write=self.is_write(request),
            )
        )
        return answer

    def _dispatch(  # noqa: PLR0911 - one way out per HTTP status
        self, request: HttpRequest, path: str, query: str, fault: Fault | None
    ) -> tuple[HttpAnswer, tuple[int, ...], tuple[object, ...]]:
        if request.method not in METHODS:
            return HttpAnswer(405), (), ()
        if not self._authorized(request):
            return self._unauthorized(), (), ()
        name = path.removeprefix(PREFIX) if path.startswith(PREFIX) else ""
        if name in self._calls:
            return _json(self._calls[name]()), (), ()
        if name not in ("Indevolt.GetData", "Indevolt.SetData"):
            return HttpAnswer(404), (), ()
        config = self._config(query)
        if config is None:
            return HttpAnswer(400), (), ()
        if name == "Indevolt.GetData":
            return self._get(config)
        return self._set(config, fault)

    def _config(self, query: str) -> dict[str, object] | None:
        """Read the config argument of the query string, None when this firmware cannot."""
        encoded = "{" not in query
        braces = self.model.options.braces
        if (braces == "encoded" and not encoded) or (braces == "raw" and encoded):
            return None
        try:
            found = json.loads(parse_qs(query, keep_blank_values=True)["config"][0])
        except KeyError, ValueError:
            return None
        return found if isinstance(found, dict) else None

    def _get(self, config: dict[str, object]) -> tuple[HttpAnswer, tuple[int, ...], tuple[object, ...]]:
        wanted = config.get("t")
        if not isinstance(wanted, list) or not all(isinstance(p, int) for p in wanted):
            return HttpAnswer(400), (), ()
        points = tuple(wanted)
        if len(points) > self.model.options.max_points:
            return HttpAnswer(500), points, ()
        found = {str(p): value for p in points if (value := self.model.point(p)) is not None}
        if self.model.options.value_style == "string":
            return _json({key: _text(value) for key, value in found.items()}), points, ()
        return _json(found), points, ()

    def _set(self, config: dict[str, object], fault: Fault | None) -> tuple[HttpAnswer, tuple[int, ...], tuple[object, ...]]:
        point, values = config.get("t"), config.get("v")
        if config.get("f") != SET_FUNCTION or not isinstance(point, int) or not isinstance(values, list):
            return _json({"result": False}), (), ()
        if not all(isinstance(v, int) and not isinstance(v, bool) for v in values):
            return _json({"result": False}), (point,), tuple(values)
        if fault is not None and fault.kind == "refuse_write":
            return _json({"result": False}), (point,), tuple(values)
        lost = fault is not None and fault.kind == "lost_write"
        outcome = self.writer.point(point, values, lost=lost)
        return _json({"result": outcome is Outcome.OK}), (point,), tuple(values)

    # -- authentication --------------------------------------------------------------------------------------------

    def _authorized(self, request: HttpRequest) -> bool:
        options = self.model.options
        if options.digest_password is None:
            return True
        header = request.headers.get("authorization", "")
        found = http_digest.fields(header)
        challenged = found.get("realm") == http_digest.REALM and found.get("nonce", "").startswith("sim-")
        if options.digest_forms == "challenge" and not challenged:
            return False
        if options.digest_forms == "invented" and challenged:
            return False
        return http_digest.valid(header, request.method, request.target, options.digest_password)

    def _unauthorized(self) -> HttpAnswer:
        if self.model.options.digest_forms == "invented":
            return HttpAnswer(401)
        self.nonces += 1
        return HttpAnswer(401, headers={"WWW-Authenticate": http_digest.challenge(f"sim-{self.nonces}")})

    # -- information -----------------------------------------------------------------------------------------------

    def _sys_config(self) -> object:
        options, house = self.model.options, self.model.house
        return {
            "device": {
                "hostname": options.serial,
                "timezone": 60,
                "type": options.model_type,
                "sn": options.serial,
                "mac": MAC,
                "fw": "V1406.0B.0036",
                "f_ver": "CMS V140C.0B.0036",
                "p_ver": f"V1.{options.protocol - 10}",
                "time": house.now.strftime("%Y-%m-%d %H:%M:%S"),
                "time_stamp": int(house.now.timestamp()),
                "run_time": int(house.clock() - self.model.booted),
            }
        }

    def _wifi_config(self) -> object:
        return {"sta": {"rssi": 78, "ssid": "simulated", "ip": self.model.options.host, "enable": True}}

    def _wifi_status(self) -> object:
        sta = {"sta_ip": self.model.options.host, "ssid": "simulated", "rssi": 78}
        return {"src": self.model.options.serial, "params": sta}

    def _cloud_status(self) -> object:
        return [{"name": f"{self.model.options.serial}:IGEN_MQTT", "connected": True}]


def _json(content: object) -> HttpAnswer:
    return HttpAnswer(200, json.dumps(content).encode())


def _text(value: PointValue) -> object:
    return [str(v) for v in value] if isinstance(value, list) else str(value)
