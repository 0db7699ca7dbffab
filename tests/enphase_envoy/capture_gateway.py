"""A gateway that answers what one capture folder holds, on loopback.

A capture is a folder with one file for each answer: its name is the path, with ``_`` for ``/``, ``?`` and
``=``. Beside it, ``<file>_log.json`` may hold the status and the headers. What was not captured is 404.
"""

import asyncio
from collections.abc import Mapping
import copy
from dataclasses import dataclass, field
import datetime as dt
from functools import cache
import hashlib
from ipaddress import IPv4Address
import json
import logging
from pathlib import Path
import re
import ssl
import tempfile
import time
from typing import Any, Final, Self
import xml.etree.ElementTree as ET

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
import jwt
import pytest

OWN: Final = Path(__file__).resolve().parent / "captures"
PUBLIC: Final = Path(__file__).resolve().parents[3] / "shared/captures/envoy"

LOOPBACK: Final = "127.0.0.1"
REALM: Final = "enphaseenergy.com"
YEAR: Final = 31_536_000
# The ways in which an endpoint may be broken.
FAULTS: Final = ("503", "500", "401", "404", "html", "object", "null", "list", "truncated", "nan", "reset", "hang")
# Other names of the same answer.
ALIASES: Final = {"/info.xml": "/info", "/inventory": "/inventory.json", "/home.json": "/home"}
# What firmware below 7 gives to a known user only.
PROTECTED: Final = ("/api/v1/production/inverters", "/admin/lib/tariff", "/inventory.json", "/home")

HTML: Final = "<!DOCTYPE html><html><head><title>Enphase</title></head><body>Gateway</body></html>"
# What a client leaves half-said is no news.
_SILENT: Final = logging.getLogger(f"{__name__}.server")
_SILENT.disabled = True

VALID_TOKEN: Final = "<!DOCTYPE html><h2>Valid token.</h2>\n"


@cache
def token_key() -> ec.EllipticCurvePrivateKey:
    """Return the key that signs the tokens of this run."""
    return ec.generate_private_key(ec.SECP256R1())


def token_for(serial: str, *, lifetime: float = YEAR, role: str = "owner", **claims: Any) -> str:
    """Return a token as the cloud makes them, signed by a key that is thrown away."""
    now = int(time.time())
    body = {
        "aud": serial,
        "iss": "Entrez",
        "enphaseUser": role,
        "exp": int(now + lifetime),
        "iat": now,
        "jti": "00000000-0000-4000-8000-000000000000",
        "username": "somebody@example.com",
    }
    return jwt.encode(body | claims, token_key(), algorithm="ES256", headers={"kid": "throw-away"})


def certificate() -> tuple[bytes, bytes]:
    """Return a new self-signed certificate and its key, both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "envoy.local")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return signed.public_bytes(pem), secret


def new_tls() -> ssl.SSLContext:
    """Return a server's side of TLS with a certificate of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The ssl module takes files only.
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(certificate()))
        file.flush()
        context.load_cert_chain(file.name)
    return context


@cache
def tls() -> ssl.SSLContext:
    """Return the TLS of all gateways of this run."""
    return new_tls()


def captures(root: Path) -> list[Path]:
    """Return the capture folders in a folder, sorted by name."""
    return sorted(each for each in root.iterdir() if (each / "info").is_file()) if root.is_dir() else []


def label(folder: Path) -> str:
    """Return the name that tells a capture of ours from a public one of the same firmware."""
    return f"{'own' if folder.parent == OWN else 'public'}/{folder.name}"


def every_capture() -> list[Any]:
    """Return all captures as parameters of a test; public ones are skipped where they are not at hand."""
    public = [pytest.param(each, id=label(each)) for each in captures(PUBLIC)]
    nowhere = pytest.mark.skip(reason="../shared/captures/envoy is not here")
    return [pytest.param(each, id=label(each)) for each in captures(OWN)] + (
        public or [pytest.param(None, id="public", marks=nowhere)]
    )


def _of_device(folder: Path, tag: str) -> str:
    found = ET.fromstring((folder / "info").read_bytes()).findtext(f"device/{tag}")
    return (found or "").strip()


def capture_serial(folder: Path) -> str:
    """Return the serial number as ``/info`` has it, made unreadable or not."""
    return _of_device(folder, "sn")


def capture_firmware(folder: Path) -> str:
    """Return the firmware as ``/info`` has it, without its leading letter."""
    return re.sub(r"^\D+", "", _of_device(folder, "software"))


def version(firmware: str) -> tuple[int, ...]:
    """Return a firmware as numbers that compare."""
    return tuple(int(part) for part in re.findall(r"\d+", firmware))


def file_name(path: str) -> str:
    """Return the name under which the answer of a path, with its query, is stored."""
    return re.sub(r"[/?=&]", "_", path.removeprefix("/"))


def token_shape_is_fine(header: str) -> bool:
    """Say whether a header carries three parts that decode; nothing is verified."""
    scheme, _, token = header.partition(" ")
    if scheme != "Bearer":
        return False
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return False
    return isinstance(claims.get("aud"), str) and isinstance(claims.get("exp"), int)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """Return it as the server wants it."""
        return web.Response(body=self.body, status=self.status, headers={"Content-Type": self.content_type, **self.headers})


def answer(content: Any, status: int = 200) -> Answer:
    """Return an answer made of bytes, of text, of an ``Answer``, or of anything that JSON knows."""
    if isinstance(content, Answer):
        return content
    if isinstance(content, bytes):
        return Answer(content, status)
    if isinstance(content, str):
        return Answer(content.encode(), status, "text/html")
    return Answer(json.dumps(content).encode(), status)


def all_nan(value: Any) -> Any:
    """Return the same structure with every number replaced by NaN."""
    if isinstance(value, dict):
        return {key: all_nan(each) for key, each in value.items()}
    if isinstance(value, list):
        return [all_nan(each) for each in value]
    return float("nan") if isinstance(value, int | float) and not isinstance(value, bool) else value


@dataclass(slots=True)
class Request:
    """One request as the gateway saw it; ``path`` includes the query."""

    method: str
    path: str
    start: float
    end: float = 0.0
    status: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class CaptureGateway:
    """Serves a capture, over HTTPS from firmware 7 on and plain HTTP below.

    Args:
        folder: the capture.
        broken: a path (with or without its query) to one of ``FAULTS``. May be changed at any time.
        overrides: a path to what is answered instead of the captured file: JSON, text, bytes, or an
            ``Answer``. May be changed at any time.
        users: below firmware 7, user names to passwords; a known user is then asked for. None asks nobody.
        tls_context: another certificate than that of the other gateways.
        delay: seconds each answer takes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        broken: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        users: Mapping[str, str] | None = None,
        tls_context: ssl.SSLContext | None = None,
        delay: float = 0.0,
    ) -> None:
        self.folder = folder
        self.serial = capture_serial(folder)
        self.firmware = capture_firmware(folder)
        self.secure = version(self.firmware) >= (7,)
        self.broken = dict(broken or {})
        self.overrides = dict(overrides or {})
        self.users = users
        self.delay = delay
        self.requests: list[Request] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self._tls = tls_context
        self._written: dict[str, Any] = {}
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None
        self.port = 0

    # Where it is, and who may come in

    @property
    def address(self) -> str:
        """Return the address with its port."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def base_url(self) -> str:
        """Return the address with its scheme."""
        return f"{'https' if self.secure else 'http'}://{self.address}"

    @property
    def token(self) -> str:
        """Return a token for this gateway; empty below firmware 7."""
        return token_for(self.serial) if self.secure else ""

    # What was asked

    def asked(self, path: str = "", method: str = "") -> list[Request]:
        """Return the requests for a path, given with or without its query."""
        return [
            each
            for each in self.requests
            if (not path or path in (each.path, each.path.partition("?")[0])) and (not method or each.method == method)
        ]

    def forget(self) -> None:
        """Begin a new record."""
        self.requests.clear()
        self.max_in_flight = self.in_flight

    # What is captured

    def captured(self, path: str) -> Answer | None:
        """Return the captured answer of a path, or None."""
        path = ALIASES.get(path, path)
        # A capture of a path with a query is often stored under the name of the path alone.
        for name in dict.fromkeys((file_name(path), file_name(path.partition("?")[0]))):
            if (self.folder / name).is_file():
                return self._stored(name)
        return None

    def _stored(self, name: str) -> Answer:
        log = self.folder / f"{name}_log.json"
        known = json.loads(log.read_text(encoding="utf-8")) if log.is_file() else {}
        headers = {key.lower(): value for key, value in known.get("headers", {}).items()}
        kind = "text/xml" if name == "info" else headers.get("content-type", "application/json")
        challenge = {key: headers[key] for key in ("www-authenticate",) if key in headers}
        return Answer((self.folder / name).read_bytes(), known.get("code", 200), kind, challenge)

    def document(self, path: str) -> Any:
        """Return what a read of a path shows now, as JSON, or None where there is none."""
        bare = path.partition("?")[0]
        if bare in self._written:
            return self._written[bare]
        found = self.captured(path)
        if found is None or found.status != 200:
            return None
        try:
            return json.loads(found.body)
        except ValueError:
            return None

    # Life

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        # A client that gives up is no request in flight any more.
        server = web.Server(self._handle, access_log=None, logger=_SILENT, handler_cancellation=True)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        context = (self._tls or tls()) if self.secure else None
        await web.TCPSite(self._runner, LOOPBACK, self.port, ssl_context=context).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of all connections."""
        self._closing.set()
        assert self._runner is not None
        await self._runner.cleanup()

    # Requests

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        record = Request(request.method, request.path_qs, time.monotonic(), headers=dict(request.headers))
        self.requests.append(record)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            raw = await request.read()
            record.body = _as_json(raw)
            if self.delay:
                await asyncio.sleep(self.delay)
            found = await self._answer(request, record)
            record.status = found.status
            return found.response()
        finally:
            self.in_flight -= 1
            record.end = time.monotonic()

    async def _answer(self, request: web.BaseRequest, record: Request) -> Answer:
        path = ALIASES.get(record.path, record.path)
        bare = path.partition("?")[0]
        fault = self.broken.get(path, self.broken.get(bare))
        if fault in ("reset", "hang"):
            await self._fall_silent(request, fault)
        if fault is not None:
            return self._fault(fault, path)
        if (refusal := self._refusal(request, bare)) is not None:
            return refusal
        if bare == "/auth/check_jwt":
            return Answer(VALID_TOKEN.encode(), content_type="text/html", headers={"Set-Cookie": "sessionId=abc; path=/"})
        if request.method != "GET":
            return self._write(request.method, bare, record.body)
        for each in (path, bare):
            if each in self.overrides:
                return answer(self.overrides[each])
        if bare in self._written:
            return answer(self._written[bare])
        return self.captured(path) or Answer(b'{"error":"404 - Not Found"}', 404)

    async def _fall_silent(self, request: web.BaseRequest, fault: str) -> None:
        if fault == "hang":
            await self._closing.wait()
        if request.transport is not None:
            request.transport.abort()

    def _fault(self, fault: str, path: str) -> Answer:
        match fault:
            case "503" | "500" | "401" | "404":
                return Answer(HTML.encode(), int(fault), "text/html")
            case "html":
                return Answer(HTML.encode(), content_type="text/html")
            case "object" | "null" | "list":
                return Answer({"object": b"{}", "null": b"null", "list": b"[]"}[fault])
            case "truncated":
                body = found.body if (found := self.captured(path)) is not None else b'{"a": 1}'
                return Answer(body[: len(body) // 2])
            case "nan":
                return answer(all_nan(self.document(path)))
        return Answer(b"", 444)

    def _refusal(self, request: web.BaseRequest, path: str) -> Answer | None:
        """Return a 401, or None where the request may pass."""
        if path == "/info":
            return None
        header = request.headers.get("Authorization", "")
        if self.secure:
            return None if token_shape_is_fine(header) else Answer(HTML.encode(), 401, "text/html")
        if self.users is None or path not in PROTECTED or digest_is_right(header, request.method, self.users):
            return None
        challenge = f'Digest realm="{REALM}", qop="auth", nonce="{time.monotonic_ns()}", algorithm=MD5'
        return Answer(HTML.encode(), 401, "text/html", {"WWW-Authenticate": challenge})

    # Writes

    def _write(self, method: str, path: str, body: Any) -> Answer:
        """Take a write and let later reads show it."""
        if path == "/ivp/livedata/stream":
            return answer({"sc_stream": "enabled"})
        if path == "/ivp/ensemble/relay" and isinstance(body, dict):
            return self._switch_mains(str(body.get("mains_admin_state")))
        current = copy.deepcopy(self.document(path))
        if path == "/admin/lib/acb_config":
            return self._acb_sleep(method, body)
        if not isinstance(current, dict) or not isinstance(body, dict):
            return Answer(b'{"error":"404 - Not Found"}', 404)
        for key, value in body.items():
            current[key] = _merged(current.get(key), value)
        self._written[path] = current
        return answer(current)

    def _switch_mains(self, state: str) -> Answer:
        inventory = copy.deepcopy(self.document("/ivp/ensemble/inventory"))
        found = [each for group in inventory or () if group["type"] == "ENPOWER" for each in group["devices"]]
        if not found or state not in ("open", "closed"):
            return Answer(b'{"error":"404 - Not Found"}', 404)
        for each in found:
            each["mains_admin_state"] = each["mains_oper_state"] = state
        self._written["/ivp/ensemble/inventory"] = inventory
        return answer({"mains_admin_state": state})

    def _acb_sleep(self, method: str, body: Any) -> Answer:
        inventory = copy.deepcopy(self.document("/inventory.json?deleted=1"))
        wanted = {str(each["serial_num"]): each for each in (body or {}).get("acb_sleep", ())}
        batteries = [each for group in inventory or () if group["type"] == "ACB" for each in group["devices"]]
        for each in batteries:
            if each["serial_num"] not in wanted:
                continue
            each["sleep_enabled"] = method != "DELETE"
            if method != "DELETE":
                each |= {key: wanted[each["serial_num"]][key] for key in ("sleep_min_soc", "sleep_max_soc")}
        self._written["/inventory.json"] = inventory
        asleep = [
            {key: each[key] for key in ("serial_num", "sleep_min_soc", "sleep_max_soc")}
            for each in batteries
            if each["sleep_enabled"]
        ]
        self._written["/admin/lib/acb_config"] = {"acb_sleep": asleep}
        return answer({"acb_sleep": asleep})


def _as_json(raw: bytes) -> Any:
    """Return a body as JSON, as text, or None where there is none."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")


def _merged(current: Any, new: Any) -> Any:
    """Return what a read shows after a write: objects are merged, a list of objects by ``id``."""
    if isinstance(current, dict) and isinstance(new, dict):
        return current | {key: _merged(current.get(key), value) for key, value in new.items()}
    if isinstance(current, list) and isinstance(new, dict) and "id" in new:
        return [_merged(each, new) if each.get("id") == new["id"] else each for each in current]
    return new


def digest_is_right(header: str, method: str, users: Mapping[str, str]) -> bool:
    """Say whether a Digest header (MD5, qop auth) was made with the password of a known user."""
    if not header.startswith("Digest "):
        return False
    given = {key: quoted or bare for key, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', header)}
    if given.get("username") not in users:
        return False

    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    secret = md5(given["username"], given.get("realm", ""), users[given["username"]])
    asked = md5(method, given.get("uri", ""))
    wanted = md5(secret, *(given.get(key, "") for key in ("nonce", "nc", "cnonce", "qop")), asked)
    return given.get("response") == wanted
