"""A simulated Enphase cloud: Enlighten and Entrez on one port, an account, tokens signed with a key of its own."""

from collections import Counter
import json
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import parse_qs, parse_qsl

from .enphase_cloud_options import EnphaseCloudOptions, Outage, Shape, check_outage
from .enphase_jwt import OWNER, make_token, new_key, read_token
from .faults import HTTP_KINDS, REPLACING, Fault, Faults
from .http_bodies import HTML, JSON_TYPE
from .http_front import HttpAnswer, HttpFront, HttpRequest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

    from .tcp import Connection

LOGIN: Final = "/login/login.json"
TOKENS: Final = "/tokens"
WEB: Final = "/entrez-auth-token"
METHODS: Final = {LOGIN: "POST", TOKENS: "POST", WEB: "GET", "/login_main_page": ""}
KINDS: Final = {"http": HTTP_KINDS}
TEXT: Final = "text/plain;charset=UTF-8"
PAGE: Final = "text/html; charset=utf-8"
UNCOMMISSIONED: Final = "un-commissioned"
SESSION_COOKIE: Final = "_enlighten_4_session"
OTP_COOKIE: Final = "login_otp_nonce"
REPLACED: Final = {"unauthorized": 401, "too_many": 429, "redirect": 302}


class CloudCall(NamedTuple):
    """One call, whatever came of it; status 0 is no answer at all."""

    time: float
    method: str
    path: str
    status: int


class EnphaseFront(HttpFront):
    """The wire of the cloud, which an outage may leave without an answer."""

    def __init__(self, cloud: EnphaseCloudSimulator) -> None:
        """Serve this cloud."""
        super().__init__(cloud.answer, lambda request: request.method == "POST", cloud.faults)
        self._cloud = cloud

    async def exchange(self, connection: Connection, request: HttpRequest) -> None:
        """Answer one call, unless there is nobody to answer."""
        if self._cloud.options.slow:
            await connection.pause(self._cloud.options.slow)
        outage = self._cloud.outage_for(request)
        if outage not in ("hang", "refuse", "reset"):
            await super().exchange(connection, request)
            return
        self._cloud.note(request, 0)
        if outage == "hang":
            await connection.swallow()
        else:
            connection.reset()


class EnphaseCloudSimulator:
    """The cloud on loopback; every other keyword is a field of EnphaseCloudOptions, and cloud.options can be changed later."""

    def __init__(
        self,
        serials: tuple[str, ...] = ("122000000001",),
        username: str = "owner@example.org",
        password: str = "sunny day",  # noqa: S107 (of nobody)
        role: str = OWNER,
        key: EllipticCurvePrivateKey | None = None,
        **options: Any,
    ) -> None:
        """Serve one account, with the gateways of these serials."""
        account: dict[str, Any] = {"serials": tuple(serials), "username": username, "password": password, "role": role}
        self.options = EnphaseCloudOptions(**account, **options)
        self.key = new_key() if key is None else key
        self.faults = Faults(self._fault_changed, KINDS)
        self.calls: list[CloudCall] = []
        self.issued: list[str] = []
        self.path_outage: dict[str, Outage] = {}
        self._outage: Outage = None
        self._sessions: set[str] = set()
        self._cookies: set[str] = set()
        self.front = EnphaseFront(self)
        self.front.listener.host, self.front.listener.port = self.options.host, self.options.port
        self._running = False

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Listen."""
        await self.front.listener.start()
        self._running = True
        self._fault_changed("http")

    async def stop(self) -> None:
        """Close everything; no task and no socket stays behind."""
        self._running = False
        await self.front.listener.stop()

    # -- what a test sees ------------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """Port of both hosts."""
        return self.front.listener.port

    @property
    def base_url(self) -> str:
        """What stands before each path, of Enlighten and of Entrez."""
        return f"http://{self.options.host}:{self.port}"

    @property
    def public_key(self) -> EllipticCurvePublicKey:
        """What a gateway knows the tokens by."""
        return self.key.public_key()

    @property
    def logins(self) -> int:
        """How often somebody tried to sign in."""
        return self.calls_by_path()[LOGIN]

    def calls_by_path(self) -> Counter[str]:
        """Count the calls of each path, whatever came of them."""
        return Counter(call.path for call in self.calls)

    @property
    def outage(self) -> Outage:
        """What is wrong with the whole cloud: a status, html, empty, refuse, hang, reset, or None."""
        return self._outage

    @outage.setter
    def outage(self, outage: Outage) -> None:
        self._outage = check_outage(outage)
        self._fault_changed("http")

    # -- what a test does ------------------------------------------------------------------------------------------

    def token(self, serial: str | None = None, *, issued: float | None = None, lifetime: float | None = None) -> str:
        """Sign a token, as somebody gets it in a browser; by default as the account gets it now."""
        options = self.options
        return make_token(
            self.key,
            serial=options.serials[0] if serial is None else serial,
            role=options.role,
            username=options.username,
            issued=options.clock() if issued is None else issued,
            lifetime=options.lifetime if lifetime is None else lifetime,
        )

    def forget_logins(self) -> None:
        """End every session."""
        self._sessions.clear()
        self._cookies.clear()

    # -- the wire --------------------------------------------------------------------------------------------------

    def outage_for(self, request: HttpRequest) -> Outage:
        """Give what is wrong with the path of this call."""
        return self.path_outage.get(_path(request), self._outage)

    def note(self, request: HttpRequest, status: int) -> None:
        """Log one call; nothing of what it said is kept."""
        self.calls.append(CloudCall(self.options.clock(), request.method, _path(request), status))

    def answer(self, request: HttpRequest, fault: Fault | None) -> HttpAnswer:
        """Answer one call and log it."""
        outage = self.outage_for(request)
        if outage is not None:
            answer = self._broken(outage)
        elif fault is not None and fault.kind in REPLACING:
            answer = HttpAnswer(int(fault.number(500)) if fault.kind == "status" else REPLACED.get(fault.kind, 200))
        else:
            answer = self._ordinary(request)
        self.note(request, answer.status)
        return answer

    def _broken(self, outage: Outage) -> HttpAnswer:
        if isinstance(outage, str):
            return HttpAnswer(200, HTML if outage == "html" else b"", PAGE)
        status = int(outage or 500)
        wait = self.options.retry_after if status == 429 else None
        headers = {"Location": f"{self.base_url}/elsewhere"} if status < 400 else {}
        return HttpAnswer(status, HTML, PAGE, headers if wait is None else {"Retry-After": str(wait)})

    def _ordinary(self, request: HttpRequest) -> HttpAnswer:
        path = _path(request)
        if path not in METHODS:
            return HttpAnswer(404, b"not found", TEXT)
        if request.method != METHODS[path]:
            return HttpAnswer(405, b"method not allowed", TEXT, {"Allow": METHODS[path]})
        return {LOGIN: self._login, TOKENS: self._tokens, WEB: self._web}[path](request)

    def _login(self, request: HttpRequest) -> HttpAnswer:
        options = self.options
        is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        form = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)) if is_form else {}
        if (form.get("user[email]"), form.get("user[password]")) != (options.username, options.password):
            return _json({"message": "Invalid email or password"}, 401)
        if options.blocked:
            return _json({"success": True, "isBlocked": True})
        if options.mfa:
            answer = _json({"success": True, "isBlocked": False})
            answer.headers = {"Set-Cookie": f"{OTP_COOKIE}={token_hex(8)}; path=/; HttpOnly"}
            return answer
        session, cookie = f"canary-session-{token_hex(16)}", f"canary-session-{token_hex(16)}"
        self._sessions.add(session)
        answer = _json(
            {
                "message": "success",
                "session_id": session,
                "manager_token": self.token("manager", lifetime=3600.0),
                "is_consumer": True,
                "system_id": 1234567,
                "redirect_url": "",
            }
        )
        if options.cookies:
            self._cookies.add(cookie)
            # Two of one name, which a dict takes for different ones because of their case.
            answer.headers = {
                "Set-Cookie": f"{SESSION_COOKIE}={cookie}; path=/; HttpOnly",
                "set-cookie": "locale=en; path=/",
            }
        return answer

    def _tokens(self, request: HttpRequest) -> HttpAnswer:
        try:
            asked = json.loads(request.body)
        except ValueError:
            asked = None
        if not isinstance(asked, dict) or not {"session_id", "serial_num", "username"} <= asked.keys():
            return HttpAnswer(400, b"bad request", TEXT)
        if asked["session_id"] not in self._sessions or asked["username"] != self.options.username:
            return HttpAnswer(401, b"unauthorized", TEXT)
        return self._hand_over(str(asked["serial_num"]), self.options.tokens_shape)

    def _web(self, request: HttpRequest) -> HttpAnswer:
        sent = dict(each.strip().partition("=")[::2] for each in request.headers.get("cookie", "").split(";"))
        if sent.get(SESSION_COOKIE) not in self._cookies:
            return HttpAnswer(401, HTML, PAGE)
        serial = parse_qs(request.target.partition("?")[2]).get("serial_num", [""])[0]
        return self._hand_over(serial, self.options.web_shape)

    def _hand_over(self, serial: str, shape: Shape) -> HttpAnswer:
        """Give a token, in one of the shapes that exist, to who may have it."""
        if serial not in (*self.options.serials, *self.options.uncommissioned):
            return HttpAnswer(403, b"forbidden", TEXT)
        audience = UNCOMMISSIONED if serial in self.options.uncommissioned else serial
        token = self.token("122099999999" if shape == "foreign" else audience)
        self.issued.append(token)
        match shape:
            case "json":
                now = int(self.options.clock())
                expires = read_token(token, None)["exp"]
                return _json({"generation_time": now, "token": token, "expires_at": expires})
            case "empty" | "html":
                return HttpAnswer(200, HTML if shape == "html" else b"", PAGE)
            case "null" | "garbage":
                return HttpAnswer(200, b"null" if shape == "null" else bytes(range(128, 256)), JSON_TYPE)
            case "cut":
                return HttpAnswer(200, token[:-20].encode(), TEXT)
        return HttpAnswer(200, token.encode(), TEXT)

    def _fault_changed(self, _: str) -> None:
        if not self._running:
            return
        if self._outage == "refuse" or self.faults.peek("http", "refuse"):
            self.front.listener.shut()
        else:
            self.front.listener.open()


def _path(request: HttpRequest) -> str:
    return request.target.partition("?")[0]


def _json(content: dict[str, object], status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(content).encode(), JSON_TYPE)
