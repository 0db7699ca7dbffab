"""Sessions as long-term statistics: what each hour charged and cost, back to the first session."""

from datetime import datetime
import re
from typing import Final

from homeassistant.components.recorder.const import DOMAIN as RECORDER
from homeassistant.components.recorder.models import StatisticData, StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_add_external_statistics
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.unit_conversion import EnergyConverter

from ..energy_core.ha.texts import said
from .const import DOMAIN
from .v2c.sessions import Hour, SessionBook

ENERGY: Final = "session_energy"
COST: Final = "session_cost"


def statistic_id(device_id: str, what: str) -> str:
    """Return the id of a series; only small letters, digits and underscores are allowed."""
    return f"{DOMAIN}:{'_'.join([*re.findall('[a-z0-9]+', device_id.lower()), what])}"


@callback
def import_sessions(hass: HomeAssistant, device_id: str, name: str, book: SessionBook, since: datetime | None) -> None:
    """Write every hour from ``since`` on, all of them when it is None; what is known already is written over."""
    if RECORDER not in hass.config.components:
        return
    hours = book.hourly()
    if energy := _rows(hours, [each.energy / 1000 for each in hours], book.carried_energy / 1000, since):
        title = said(hass, DOMAIN, "common", "session_energy", name=name)
        kwh = _series(device_id, ENERGY, title, UnitOfEnergy.KILO_WATT_HOUR, EnergyConverter.UNIT_CLASS)
        async_add_external_statistics(hass, kwh, energy)
    if any(each.cost for each in hours):
        title = said(hass, DOMAIN, "common", "session_cost", name=name)
        money = _series(device_id, COST, title, hass.config.currency, None)
        async_add_external_statistics(hass, money, _rows(hours, [each.cost for each in hours], book.carried_cost, since))


def _series(device_id: str, what: str, name: str, unit: str, unit_class: str | None) -> StatisticMetaData:
    return StatisticMetaData(
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
        name=name,
        source=DOMAIN,
        statistic_id=statistic_id(device_id, what),
        unit_class=unit_class,
        unit_of_measurement=unit,
    )


def _rows(hours: list[Hour], values: list[float], total: float, since: datetime | None) -> list[StatisticData]:
    """Return rows whose sums run through, from ``since`` on."""
    rows = []
    for hour, value in zip(hours, values, strict=True):
        total += value
        if since is None or hour.start >= since:
            rows.append(StatisticData(start=hour.start, state=round(value, 6), sum=round(total, 6)))
    return rows
