"""What stands before the endpoints of the V2C cloud: the key, the quota, and the check of path, method and parameters."""

from dataclasses import dataclass, field
import json
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote

from .http_front import HttpAnswer, HttpRequest
from .v2c_cloud_endpoints import ENDPOINTS, Endpoint

if TYPE_CHECKING:
    from .v2c_cloud_options import V2CCloudOptions

BASE: Final = "/kong/v2c_service"
DAY: Final = 86_400.0
TEXT: Final = "text/plain;charset=UTF-8"


class RefusedError(Exception):
    """A call that ends before it reaches an endpoint."""

    def __init__(self, status: int, text: str = "", headers: dict[str, str] | None = None) -> None:
        """Answer with this status."""
        super().__init__(f"{status} {text}")
        self.answer = HttpAnswer(status, text.encode(), TEXT, headers or {})


@dataclass(slots=True)
class Quota:
    """The calls of one account since the first one of its day."""

    began: float | None = None
    used: int = 0

    def left(self, limit: int, now: float) -> int:
        """Give how many calls are left; a day after its first call a new day begins."""
        if self.began is None or now - self.began >= DAY:
            self.began, self.used = now, 0
        return max(0, limit - self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A call that may go through."""

    endpoint: Endpoint
    key: str
    params: dict[str, str]
    body: object = None

    @property
    def device_id(self) -> str:
        """The charger that is meant."""
        return self.params[self.endpoint.id] if self.endpoint.id is not None else ""


@dataclass(slots=True)
class Gate:
    """Lets calls through, or not, and counts them."""

    options: V2CCloudOptions
    quotas: dict[str, Quota] = field(default_factory=dict)

    def left(self, key: str) -> int:
        """Give how many calls an account has left."""
        return self.quotas.setdefault(key, Quota()).left(self.options.quota, self.options.clock())

    def admit(self, request: HttpRequest, keys: set[str]) -> Admitted:
        """Check a call and count it; RefusedError has the answer when it may not pass."""
        key = request.headers.get("apikey", "")
        if key not in keys:
            # The vendor's gateway says nothing more.
            raise RefusedError(401)
        if not self.left(key):
            wait = self.options.retry_after
            raise RefusedError(429, "API rate limit exceeded", {} if wait is None else {"Retry-After": str(wait)})
        self.quotas[key].used += 1
        path, params = route(request)
        endpoint = _endpoint(path, request.method)
        missing = [name for name in (endpoint.id, *endpoint.params) if name is not None and not params.get(name)]
        if missing:
            raise RefusedError(400, f"Required parameter {missing[0]} is not present")
        return Admitted(endpoint=endpoint, key=key, params=params, body=_body(request) if endpoint.body else None)


def route(request: HttpRequest) -> tuple[str, dict[str, str]]:
    """Give the path below the base, and the query."""
    path, _, query = request.target.partition("?")
    return unquote(path).removeprefix(BASE), dict(parse_qsl(query, keep_blank_values=True))


def _endpoint(path: str, method: str) -> Endpoint:
    methods = ENDPOINTS.get(path)
    if methods is None:
        raise RefusedError(404, "no Route matched with those values")
    if method not in methods:
        raise RefusedError(405, f"Request method '{method}' not supported", {"Allow": ", ".join(methods)})
    return methods[method]


def _body(request: HttpRequest) -> object:
    try:
        return json.loads(request.body)
    except ValueError:
        raise RefusedError(400, "Required request body is missing") from None
