"""Everything that may differ in the answers of the V2C cloud, or that nobody has seen."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Literal


@dataclass(slots=True, kw_only=True)
class V2CCloudOptions:
    """Options of the simulated cloud; every one may be changed while it runs, but host and port."""

    host: str = "127.0.0.1"
    port: int = 0
    # One account that owns every charger, unless accounts says who owns what: {key: [device ids]}.
    api_key: str = "SIM-KEY"
    accounts: dict[str, list[str]] | None = None
    quota: int = 1000
    retry_after: int | None = None
    clock: Callable[[], float] = monotonic
    # Time zone of the sessions' naive local times; the house's own when None.
    timezone: str | None = None
    # Dialects
    pairings_shape: Literal["swagger", "openapi", "double"] = "swagger"
    reported_shape: Literal["object", "double"] = "object"
    connected_shape: Literal["empty", "json", "text"] = "empty"
    version_shape: Literal["json", "text", "init"] = "json"
    rfid_shape: Literal["list", "wrapped", "double", "text"] = "list"
    wifilist_shape: Literal["list", "wrapped", "double", "text"] = "list"
    profiles_shape: Literal["list", "wrapped", "double", "text"] = "list"
    global_shape: Literal["openapi", "swagger"] = "openapi"
    answers: Literal["mixed", "text", "empty", "json", "no_content"] = "mixed"
    json_type: str = "application/json"
    newest_first: bool = True
    # Behaviour
    slow_settings: float = 0.0
    update_seconds: float = 0.0
    learning_seconds: float = 60.0
    offline_commands: Literal["lost", "queued"] = "lost"
    price: float = 0.15
    co_cost: float = 0.31
