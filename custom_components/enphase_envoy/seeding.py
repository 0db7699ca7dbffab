"""What the days and the week began with, out of Home Assistant's statistics: for who comes from another integration.

Its registers were recorded by the hour under the same ids. So the week is known at once, and not only after a week.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from homeassistant.components.recorder.const import DOMAIN as RECORDER
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.components.sensor import DOMAIN as SENSOR
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from ..energy_core.ledger import Ledger
from .const import DOMAIN
from .envoy.device import Envoy
from .envoy.site import DAYS, derive

# The account of the ledger, and the key of the entity that has recorded its register.
RECORDED: Final[Mapping[str, str]] = {
    "site.production": "lifetime_production",
    "site.consumption": "lifetime_consumption",
    "site.import": "lifetime_net_consumption",
    "site.export": "lifetime_net_production",
}
NET: Final = "site.net"

type Levels = Mapping[datetime, float]


async def seed(hass: HomeAssistant, envoy: Envoy) -> None:
    """Fill in the days that the ledger does not know, before anything of them is shown; what it has counted stays."""
    if RECORDER not in hass.config.components:
        return
    registry = er.async_get(hass)
    found = {slot: registry.async_get_entity_id(SENSOR, DOMAIN, f"{envoy.serial}_{key}") for slot, key in RECORDED.items()}
    ids = {slot: entity_id for slot, entity_id in found.items() if entity_id is not None}
    if not ids:
        return
    midnight = dt_util.start_of_local_day()
    # The hour before a day has what the register stood at when the day began.
    start = dt_util.as_utc(midnight - timedelta(days=DAYS - 1)) - timedelta(hours=1)
    rows = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, start, None, set(ids.values()), "hour", {"energy": UnitOfEnergy.WATT_HOUR}, {"state"}
    )
    for slot, entity_id in ids.items():
        ends = {
            dt_util.utc_from_timestamp(row["start"]) + timedelta(hours=1): level
            for row in rows.get(entity_id, ())
            if (level := row.get("state")) is not None
        }
        _fill(envoy.ledger, slot, ends, midnight)
    _balance(envoy.ledger, midnight)
    derive(envoy, dt_util.now())


def _days(midnight: datetime) -> list[datetime]:
    """Return when each day of the week began, today last."""
    days = [midnight.date() - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    return [dt_util.start_of_local_day(day) for day in days]


def _fill(ledger: Ledger, slot: str, levels: Levels, midnight: datetime) -> None:
    """Take what a register stood at when each unknown day began, unless it contradicts what it stands at now."""
    account = ledger.accounts.get(slot)
    if account is None or account.level is None:
        return
    highest = account.level
    for day in reversed(_days(midnight)):
        date, level = day.date(), levels.get(dt_util.as_utc(day))
        known = account.marks.get(date) if account.begun != date else None
        if known is None and level is not None and 0 <= level <= highest:
            ledger.seed(slot, date, level)
            known = level
        highest = min(highest, known) if known is not None else highest


def _balance(ledger: Ledger, midnight: datetime) -> None:
    """Do the same for import minus export."""
    bought, sold = ledger.accounts.get("site.import"), ledger.accounts.get("site.export")
    net = ledger.accounts.get(NET)
    if bought is None or sold is None or net is None or net.level is None:
        return
    for day in _days(midnight):
        date = day.date()
        if date in bought.marks and date in sold.marks and (date not in net.marks or net.begun == date):
            ledger.seed(NET, date, bought.marks[date] - sold.marks[date])
