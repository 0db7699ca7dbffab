"""A simulated Enphase gateway (Envoy, IQ Gateway): the solar side of the house, on its local HTTP or HTTPS interface."""

from typing import Any, Self

from .envoy_faults import ALL, PathFaults
from .envoy_http import EnvoyServer
from .envoy_log import GatewayLog, GatewayRequest, Violation
from .envoy_model import EnvoyModel
from .envoy_options import EnvoyOptions
from .envoy_site import Site
from .envoy_tls import SelfSigned
from .house import House


class EnvoySimulator:
    """One gateway on loopback; every keyword is a field of EnvoyOptions, and sim.options can be changed later."""

    def __init__(self, house: House | None = None, **options: Any) -> None:
        """Measure a house, by default a new one."""
        self.house = house or House()
        self.options = EnvoyOptions(**options)
        self.model = EnvoyModel(self.house, self.options)
        self.log = GatewayLog()
        self.faults = PathFaults()
        self.site = Site(self.model, self.log)
        self.tls = SelfSigned(self.options.serial)
        self.server = EnvoyServer(self.site, self.log, self.faults, self.tls)

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Listen."""
        await self.server.start()

    async def stop(self) -> None:
        """Be gone: nobody listens at the address; start() brings it back there."""
        await self.server.stop()

    # -- what a test sees ------------------------------------------------------------------------------------------

    @property
    def host(self) -> str:
        """Address it listens at."""
        return self.options.host

    @property
    def port(self) -> int:
        """Port it listens at, for HTTP and HTTPS alike."""
        return self.server.port

    @property
    def address(self) -> str:
        """Host and port, as a user types them."""
        return f"{self.host}:{self.port}"

    @property
    def scheme(self) -> str:
        """What its firmware speaks."""
        return "https" if self.options.firmware.tokens else "http"

    @property
    def base_url(self) -> str:
        """What stands before each path."""
        return f"{self.scheme}://{self.address}"

    @property
    def serial(self) -> str:
        """Its serial number."""
        return self.options.serial

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate, in hexadecimal."""
        return self.tls.fingerprint

    @property
    def requests(self) -> list[GatewayRequest]:
        """Every request in the order of arrival."""
        return self.log.requests

    @property
    def writes(self) -> list[GatewayRequest]:
        """Only the requests that change a setting."""
        return [request for request in self.requests if request.write]

    @property
    def violations(self) -> list[Violation]:
        """What a good client would not have done."""
        return self.log.violations

    @property
    def most_open(self) -> int:
        """The greatest number of requests that were open at the same time."""
        return self.log.most_open

    @property
    def smallest_gap(self) -> float:
        """The shortest time in s from the end of a request to the start of the next; 0 when they overlapped."""
        return self.log.smallest_gap

    @property
    def busiest_minute(self) -> int:
        """The greatest number of requests in any minute of the house's clock."""
        return self.log.busiest_minute()

    def asked(self, path: str) -> int:
        """Count the requests of one path."""
        return sum(request.path == path for request in self.requests)

    def forget(self) -> None:
        """Forget what was asked so far, and measure the client anew."""
        self.log.clear()

    # -- what a test does ------------------------------------------------------------------------------------------

    def fail(self, path: str, kind: str, times: int | None = None) -> None:
        """Let a path fail, or "*" for all: a status, or a kind as envoy_faults knows them."""
        self.faults.fail(path, kind, times)

    def heal(self, path: str | None = None) -> None:
        """Let a path work again, or all."""
        self.faults.heal(path)

    def change(self, **options: Any) -> None:
        """Change options by name; one that does not exist is an AttributeError."""
        for name in options:
            if name not in EnvoyOptions.__slots__:
                raise AttributeError(f"a gateway has no option {name}")
        self.house.advance()
        for name, value in options.items():
            setattr(self.options, name, value)

    def new_certificate(self) -> str:
        """Show another certificate from now on, and give its fingerprint; open connections end."""
        fingerprint = self.tls.renew(self.options.serial)
        self.server.drop()
        return fingerprint

    def reboot(self, seconds: float = 60.0) -> None:
        """Restart: connections and sessions are gone, and for so long of the house's clock all is 503."""
        self.server.drop()
        self.site.away(seconds)

    def update_firmware(self, profile: str) -> None:
        """Run another firmware from now on, at the same address."""
        self.change(profile=profile)
        self.reboot(0.0)

    def replace_serial(self, serial: str) -> None:
        """Become another gateway at the same address, with a certificate of its own."""
        self.change(serial=serial)
        self.new_certificate()
        self.reboot(0.0)

    def forget_sessions(self) -> None:
        """Let every session end; tokens stay good."""
        self.site.gate.forget()


__all__ = ["ALL", "EnvoySimulator"]
