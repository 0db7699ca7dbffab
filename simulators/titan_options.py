"""Everything that may differ between two Titans, or that nobody has measured yet."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


@dataclass(slots=True, kw_only=True)
class TitanOptions:
    """Options of a simulated Titan; every one may be changed while it runs, but host, ports and *_enabled."""

    serial: str = "SIM-TITAN-0001"
    model_type: str = "CMS-SF2000"
    product_code: str = "YZ-E2000G2"
    protocol: int = 19
    packs: int | None = None
    pv_inputs: int = 4
    cluster_role: Literal["none", "master", "slave"] = "none"
    host: str = "127.0.0.1"
    modbus_port: int = 0
    http_port: int = 0
    modbus_enabled: bool = True
    http_enabled: bool = True
    # Modbus wire
    unit_id: int = 1
    foreign_units: Literal["exception", "silent", "answer"] = "exception"
    functions: AbstractSet[int] = field(default_factory=lambda: {3, 4})
    write_functions: AbstractSet[int] = field(default_factory=lambda: {6, 16})
    word_order: Literal["big", "little"] = "big"
    string_words: int = 16
    string_swapped: bool = False
    holes: Literal["none", "undocumented"] = "none"
    extra_holes: AbstractSet[int] = field(default_factory=set)
    sunspec: bool = True
    max_words: int = 125
    modbus_battery_sign: Literal["discharging_positive", "charging_positive"] = "discharging_positive"
    # OpenData wire
    battery_sign: Literal["discharging_positive", "charging_positive"] = "discharging_positive"
    value_style: Literal["number", "string"] = "number"
    missing_points: AbstractSet[int] = field(default_factory=set)
    max_points: int = 200
    braces: Literal["both", "encoded", "raw"] = "both"
    digest_password: str | None = None
    digest_forms: Literal["both", "challenge", "invented"] = "both"
    # Behaviour
    reject_combined: bool = False
    strict_range: bool = False
    outside_realtime: Literal["ignore", "refuse"] = "ignore"
    latency: float = 0.0
    meter_period: float = 0.0
