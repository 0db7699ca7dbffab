"""Addresses: what a user may type, and what may be believed of one that a cloud or an answer supplies."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
import re
from typing import Final

from ...energy_core.errors import DeviceRefusedError

HTTP_PORT: Final = 80
LONGEST: Final = 253
# The only nets that a charger at home can be in; whatever is not listed is refused, special uses with it.
PRIVATE: Final = tuple(ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
# In there Home Assistant talks with its own Supervisor and add-ons.
INTERNAL: Final = ip_network("172.30.32.0/23")

_SCHEME: Final = re.compile(r"http://", re.IGNORECASE)
_BRACKETED: Final = re.compile(r"\[([^\[\]]*)\](?::(\d{1,5}))?", re.ASCII)
_PLAIN: Final = re.compile(r"([^:]*)(?::(\d{1,5}))?", re.ASCII)
_NAME: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# Resolvers read such a name as an address, in octal and in hex.
_NUMERIC: Final = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)", re.ASCII)


def valid_host(text: str) -> str:
    """Return what a user typed as ``host`` or ``host:port``; raise ``DeviceRefusedError`` when it is neither."""
    bare = _SCHEME.sub("", text.strip(), count=1) if _SCHEME.match(text.strip()) else text.strip()
    return netloc(*split(bare.removesuffix("/")))


def split(host: str) -> tuple[str, int]:
    """Return the host, without brackets, and the port of ``host``; raise ``DeviceRefusedError`` when it is no address."""
    if (address := _address(host)) is not None:
        return str(address), HTTP_PORT
    if found := _BRACKETED.fullmatch(host):
        address = _address(found[1])
        name = str(address) if isinstance(address, IPv6Address) else ""
    else:
        found = _PLAIN.fullmatch(host)
        name = _name(found[1]) if found else ""
    port = int(found[2] or HTTP_PORT) if found else 0
    if not name or not 1 <= port <= 65535:
        raise DeviceRefusedError("not a host name or address", key="invalid_host")
    return name, port


def netloc(host: str, port: int) -> str:
    """Return host and port as a URL has them."""
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if port == HTTP_PORT else f"{bracketed}:{port}"


def _name(text: str) -> str:
    """Return a host name or IPv4 address in its usual spelling, or nothing."""
    name = text.lower().removesuffix(".")
    if isinstance(_address(name), IPv4Address):
        return name
    return name if len(name) <= LONGEST and _NAME.fullmatch(name) and not _NUMERIC.fullmatch(name) else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return ``text`` as an address when it is one in its one spelling, without a zone."""
    if "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def believable(text: object) -> str | None:
    """Return an address that somebody else supplied when it is a literal one in a private net, else None."""
    address = _address(text) if isinstance(text, str) else None
    private = address is not None and any(address in net for net in PRIVATE if net.version == address.version)
    return str(address) if private and address not in INTERNAL else None
