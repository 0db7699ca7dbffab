"""What a gateway answers: firmware, admission, then the handler of the path."""

from collections.abc import Callable
from dataclasses import dataclass, field
import json
from typing import TYPE_CHECKING, Any, Final

from .envoy_auth import COOKIE, Credentials, Gate
from .envoy_device_data import DeviceData
from .envoy_ensemble import Ensemble
from .envoy_extras import Extras
from .envoy_inverters import Inverters
from .envoy_meters import NET, PRODUCTION, Meters
from .envoy_pages import BUSY, MISSING, NO_PAGE, VALID, home, home_page, info, production_page
from .envoy_profiles import Access, Endpoint, find
from .envoy_settings import CrashError, Settings, WriteError

if TYPE_CHECKING:
    from .envoy_log import GatewayLog
    from .envoy_model import EnvoyModel

HTML: Final = "text/html"
JSON: Final = "application/json"
ODD_JSON: Final = "application/json; charset=ISO-8859-4"
XML: Final = "text/xml"
# Paths below this one have no content type.
BARE: Final = "/ivp/"
FRONT: Final = {
    "Server": "openresty/1.17.8.1",
    "Strict-Transport-Security": "max-age=63072000; includeSubdomains",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
}
# For so long after a restart firmware 3 knows no production.
BLANK_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request, after it was read."""

    path: str
    query: str
    given: Credentials
    body: Any = None
    role: Access = Access.OPEN

    @property
    def method(self) -> str:
        """GET, POST, PUT or DELETE."""
        return self.given.method

    @property
    def document(self) -> dict[str, Any]:
        """The body of a write; one that is no object is refused."""
        if not isinstance(self.body, dict):
            raise WriteError(400, "bad_body", "a JSON object is expected")
        return self.body


@dataclass(slots=True)
class Answer:
    """One answer before it goes over the wire; broken means that the connection is reset instead."""

    status: int = 200
    body: bytes = b""
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)
    broken: bool = False


class Site:
    """All paths of one gateway."""

    def __init__(self, model: EnvoyModel, log: GatewayLog) -> None:
        """Answer for this model."""
        self.model = model
        self.options = model.options
        self.log = log
        self.gate = Gate(model)
        self.meters = Meters(model)
        self.inverters = Inverters(model, self.meters)
        self.settings = Settings(model)
        self.extras = Extras(self.inverters)
        self.ensemble = Ensemble(self.inverters, self.settings)
        self.devices = DeviceData(self.inverters)
        self.boots_until = -BLANK_SECONDS
        self._handlers = self._readers() | self._writers()

    # -- the way to the handler ------------------------------------------------------------------------------------

    @property
    def booting(self) -> bool:
        """Whether there is only a 503 for everybody."""
        return self.model.house.clock() < self.boots_until

    def away(self, seconds: float) -> None:
        """Restart: no sessions are left, and for a while there is only a 503."""
        self.gate.forget()
        self.boots_until = self.model.house.clock() + seconds

    def answer(self, call: Call) -> Answer:
        """Answer one request."""
        found = self._answer(call)
        if self.options.firmware.tokens:
            found.headers = FRONT | found.headers
        return found

    def _answer(self, call: Call) -> Answer:
        if self.booting:
            return page(BUSY, 503)
        self.settings.catch_up()
        endpoint = find(call.path, self.options.firmware)
        if endpoint is None:
            return self._missing(call.path)
        if call.method not in endpoint.methods:
            return page("<html><body>405</body></html>", 405)
        admission = self.gate.admit(endpoint, call.given)
        if not admission.admitted:
            challenge = {"WWW-Authenticate": admission.challenge} if admission.challenge else {}
            return page(self.gate.refusal(), 401, challenge)
        found = self._run(endpoint, Call(call.path, call.query, call.given, call.body, admission.role))
        if admission.cookie:
            found.headers["Set-Cookie"] = f"{COOKIE}={admission.cookie}; Secure; HttpOnly; path=/"
        return found

    def _run(self, endpoint: Endpoint, call: Call) -> Answer:
        """Let the handler answer; what a client should not have written is noted."""
        try:
            answer = self._wrap(call.path, self._handlers[endpoint.handler](call))
            for error in self.settings.complaints:
                self.log.violate(error.kind, call.path, error.detail)
            self.settings.complaints.clear()
        except CrashError as crash:
            self.log.violate(crash.kind, call.path, crash.detail)
            if self.options.crash_seconds > 0:
                self.away(self.options.crash_seconds)
            return Answer(broken=True)
        except WriteError as error:
            if error.kind:
                self.log.violate(error.kind, call.path, error.detail)
            return page(json.dumps({"status": "error", "reason": error.detail}), error.status)
        return answer

    def _missing(self, path: str) -> Answer:
        if not self.options.firmware.since(4) and not path.startswith(BARE):
            return Answer(200, NO_PAGE.encode(), JSON)
        return Answer(404, MISSING.encode(), ODD_JSON)

    def _wrap(self, path: str, result: object) -> Answer:
        if isinstance(result, str):
            return Answer(200, result.encode(), XML if path.startswith("/info") else HTML)
        text = json.dumps(result, indent=4) + "\n"
        return Answer(200, text.encode(), "" if path.startswith(BARE) else JSON)

    # -- handlers --------------------------------------------------------------------------------------------------

    def _readers(self) -> dict[str, Callable[[Call], object]]:
        inverters, meters, ensemble, extras = self.inverters, self.meters, self.ensemble, self.extras
        return {
            "info": lambda _: info(inverters),
            "check_jwt": lambda _: VALID,
            "production": self._production,
            "v1_production": self._v1_production,
            "inverters": lambda _: inverters.rows(),
            "home": lambda _: home(inverters) if self.options.firmware.since(4) else home_page(),
            "inventory": lambda call: inverters.inventory(deleted="deleted=1" in call.query),
            "meters": lambda _: meters.meters(),
            "readings": lambda _: meters.readings(),
            "reports": lambda _: meters.reports(),
            "report_production": lambda _: next(iter(meters.reports()[:1]), {}),
            "report_consumption": lambda _: meters.reports()[1:],
            "pv_reading": lambda _: {"channels": meters.reading(PRODUCTION)},
            "grid_reading": lambda _: {"channels": meters.reading(NET)},
            "energy": lambda _: inverters.energy(),
            "device_data": lambda _: self.devices.all(),
            "ensemble_inventory": lambda _: ensemble.inventory(),
            "ensemble_power": lambda _: ensemble.power(),
            "secctrl": lambda _: ensemble.secctrl(),
            "ensemble_status": lambda _: ensemble.status(),
            "generator": lambda _: extras.generator(),
            "pel_settings": lambda _: extras.pel_settings(),
            "pvlimit": lambda _: extras.pv_limit,
            "comm_check": lambda _: {unit.serial: 5 if unit.active else 0 for unit in inverters.units},
            "livedata": lambda _: extras.livedata(ensemble),
        }

    def _writers(self) -> dict[str, Callable[[Call], object]]:
        settings, extras = self.settings, self.extras

        def either(read: Callable[[], object], write: Callable[[Call], object]) -> Callable[[Call], object]:
            return lambda call: read() if call.method == "GET" else write(call)

        def generator(name: str, read: Callable[[], object]) -> Callable[[Call], object]:
            return either(
                lambda: read() if self.options.generator else {}, lambda call: extras.write_generator(name, call.document)
            )

        return {
            "relay": either(self.ensemble.relay, lambda call: settings.write_relay(call.document)),
            "dry_contacts": either(
                lambda: {"dry_contacts": list(settings.contacts.values())},
                lambda call: settings.write_contact(call.document),
            ),
            "dry_contact_settings": either(
                lambda: {"dry_contacts": list(settings.contact_settings.values())},
                lambda call: settings.write_contact_settings(call.document),
            ),
            "tariff": either(settings.read_tariff, lambda call: settings.write_tariff(call.document)),
            "gen_mode": generator("gen_mode", lambda: {"gen_cmd": extras.generator_mode}),
            "gen_config": generator("gen_config", lambda: extras.generator_config),
            "gen_schedule": generator("gen_schedule", lambda: extras.generator_schedule),
            "acb_config": either(extras.acb_config, lambda call: extras.write_acb(call.method, call.document)),
            "dpel": either(lambda: extras.dynamic, lambda call: extras.write_dynamic(call.document)),
            "mode_power": either(lambda: {"powerForcedOff": extras.forced_off}, lambda call: extras.write_power(call.document)),
            "stream": lambda call: extras.write_stream(call.document, installer=call.role >= Access.INSTALLER),
        }

    def _production(self, call: Call) -> object:
        if not self.options.firmware.since(4):
            return production_page(self.inverters)
        lines = call.path.endswith(".json") and "details=1" in call.query
        found = {"production": [self.inverters.summary(), *self.meters.production(lines=lines)]}
        if consumption := self.meters.consumption(lines=lines):
            found["consumption"] = consumption
        return found | {"storage": [self.inverters.storage()]}

    def _v1_production(self, _: Call) -> object:
        found = self.inverters.production()
        blank = self.model.house.clock() < self.boots_until + BLANK_SECONDS and not self.options.firmware.since(4)
        return dict.fromkeys(found, 0) if blank else found


def page(text: str, status: int, headers: dict[str, str] | None = None) -> Answer:
    """Give a page that is no ordinary answer."""
    return Answer(status, text.encode(), HTML, dict(headers or {}))
