"""Everything that may differ between two gateways."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from .enphase_jwt import PublicKey
from .envoy_profiles import Firmware


@dataclass(slots=True, kw_only=True)
class EnvoyOptions:
    """Options of a simulated gateway; every one may be changed while it runs, but host and port."""

    profile: str = "8.3"
    serial: str = "122000000001"
    host: str = "127.0.0.1"
    port: int = 0

    # -- what hangs on it ------------------------------------------------------------------------------------------
    # None: as the captured gateway of that firmware.
    metered: bool | None = None
    phases: int = 1
    phase_shares: tuple[float, ...] = (0.5, 0.3, 0.2)
    production_ct: bool = True
    consumption_ct: bool = True
    # The consumption CT measures what the house takes, not what the grid gives.
    total_ct: bool = False
    storage_ct: bool = False
    inverters: int = 10
    inactive_inverters: int = 0
    deleted_inverters: int = 0
    inverter_serials: dict[int, str] = field(default_factory=dict)
    report_period: int = 300
    acbs: int = 0
    encharges: int = 0
    # Wh of each; None: the battery of the house in equal parts.
    encharge_capacity: int | None = None
    phantom_encharge: bool = False
    enpower: bool = False
    collar: bool = False
    c6_combiner: bool = False
    generator: bool = False
    qrelay: bool = False
    alerts: list[dict[str, Any]] = field(default_factory=list)

    # -- who may ask -----------------------------------------------------------------------------------------------
    token_key: PublicKey | None = None
    # Epoch s of the gateway; None: the time of the house.
    clock: Callable[[], float] | None = None
    clock_offset: float = 0.0
    refuse_future_tokens: bool = False
    session_idle: float = 600.0
    envoy_password: str | None = None
    installer_password: str | None = None
    drop_after_401: bool = False
    malformed_challenge: bool = False
    # Paths that answer 401 although the token is good.
    role_too_low: set[str] = field(default_factory=set)

    # -- how it behaves --------------------------------------------------------------------------------------------
    response_delay: float = 0.0
    path_delay: dict[str, float] = field(default_factory=dict)
    # It is away for so long after a partial dry contact object.
    crash_seconds: float = 0.0
    relay_seconds: float = 0.0
    stream_seconds: float = 300.0
    stream_refuses_owner: bool = False
    opt_schedules: bool | None = None
    # The cloud puts the old storage settings back after so long; 0: never.
    cloud_reverts_after: float = 0.0
    storage_mode: str = "self-consumption"
    reserved_soc: float = 20.0

    # -- what it counts wrongly ------------------------------------------------------------------------------------
    production_offset_wh: float = 0.0
    night_watts: float = 0.0
    net_today_zero: bool | None = None
    seven_days_garbage: bool = False
    extra_empty_reading: bool | None = None
    reversed_readings: bool = False
    flapping: bool = False
    total_is_net: bool | None = None
    device_data_limit: int = 50
    underflow: bool | None = None
    joule_wrap: Literal["none", "site", "inverter"] | None = None
    inverters_empty: bool = False
    late_reset: float = 0.0
    hang_at_eleven: bool = False
    redirect_localhost: bool = False

    @property
    def firmware(self) -> Firmware:
        """The firmware of the profile."""
        return Firmware(self.profile)

    @property
    def is_metered(self) -> bool:
        """Whether the hardware can measure; that says nothing about CTs."""
        return self.firmware.hardware.metered if self.metered is None else self.metered

    @property
    def wraps(self) -> str:
        """Where the joules of the inverters overflow."""
        return self.joule_wrap or self.firmware.wrap

    @property
    def hides_net_today(self) -> bool:
        """Whether net-consumption has no energies of the day and the week."""
        return self.firmware.since(4, 10) if self.net_today_zero is None else self.net_today_zero

    @property
    def empty_reading(self) -> bool:
        """Whether the readings have one more entry, all zero."""
        return self.firmware.since(8, 3, 5025) if self.extra_empty_reading is None else self.extra_empty_reading

    @property
    def shows_net_as_total(self) -> bool:
        """Whether a total-consumption CT is overwritten with the net consumption."""
        wrong = self.firmware.since(8, 3, 5433) if self.total_is_net is None else self.total_is_net
        return wrong and self.total_ct

    @property
    def underflows(self) -> bool:
        """Whether negative watts of device_data become almost 2^32."""
        return self.firmware.since(8, 3, 5025) if self.underflow is None else self.underflow

    @property
    def optimises(self) -> bool:
        """Whether the cloud plans the battery, so that a new storage mode is ignored."""
        return bool(self.opt_schedules)

    @property
    def voltage(self) -> float:
        """Voltage between a phase and neutral."""
        return 120.0 if self.phases == 2 else 230.0

    @property
    def frequency(self) -> float:
        """Frequency of the grid."""
        return 60.0 if self.phases == 2 else 50.0
