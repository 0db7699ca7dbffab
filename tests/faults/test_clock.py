"""A clock that jumps, and the two nights of the year that have another length: devices are asked on, and nothing is made up."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import logging
import time
from typing import Final
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.energy_core.ledger import Ledger
from custom_components.titan_izypower.titan.orders import Action, Order, Running
from custom_components.titan_izypower.titan.points import Settings
from custom_components.v2c_cloud.v2c.quota import Quota
from tests.faults.columns import CHARGER, CLOUD, COLUMNS, MODBUS, Column, Site, site
from tests.faults.commands import errors
from tests.faults.test_matrix import Watch, said, shown
from tests.virtual_time import VirtualTime

DAY: Final = timedelta(days=1)
NOON: Final = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
# When the clocks change in Madrid: at 3 it is 2 again, at 2 it is 3.
AUTUMN, SPRING = datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)
# So long before that a test looks on (s).
BEFORE: Final = 100.0
LASTS = 5
# A beginning is told by the clock as it stands, and moves with it.
BY_THE_CLOCK: Final = "_session_start"
# What comes due meanwhile beyond the usual pace: settings, parts, and what the cloud is asked once an hour.
MORE = 7


@dataclass(frozen=True, kw_only=True)
class Jump:
    """Where the clock stands at first, how far it jumps, and whether it comes back."""

    what: str
    begins: datetime = NOON
    jumps: tuple[timedelta, ...] = ()

    def __str__(self) -> str:
        """Return the name that the table shows."""
        return self.what


JUMPS = (
    Jump(what="the clock jumps a day ahead, and back", jumps=(DAY, -DAY)),
    Jump(what="the clock jumps a day back, and ahead", jumps=(-DAY, DAY)),
    Jump(what="summer time ends", begins=AUTUMN, jumps=(timedelta(),)),
    Jump(what="summer time begins", begins=SPRING, jumps=(timedelta(),)),
    Jump(what="the clock is set a day late, after the start", begins=NOON - DAY, jumps=(DAY,)),
)


@pytest.fixture
async def there(hass: HomeAssistant, virtual_time: VirtualTime) -> AsyncIterator[Site]:
    """The house, in Madrid."""
    hass.loop.set_debug(False)
    await hass.config.async_set_time_zone("Europe/Madrid")
    async with site() as found:
        yield found


@pytest.mark.parametrize("column", COLUMNS, ids=str)
@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_clock(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, jump: Jump, column: Column, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody notices, and the devices are asked as often as before."""
    settled, lasts = max(120.0, 2 * column.interval), LASTS * column.interval
    lead = 0.0 if any(jump.jumps) else settled + lasts + BEFORE
    virtual_time.set_wall(jump.begins - timedelta(seconds=lead))
    entry = await column.add(hass, there)
    await virtual_time.run(settled)
    watch = Watch(hass, {name: value for name, value in shown(hass, entry.entry_id).items() if not name.endswith(BY_THE_CLOCK)})
    hass.bus.async_listen("state_changed", watch.see)
    asked = column.asked(there)
    await virtual_time.run(lasts)
    usual = column.asked(there) - asked
    caplog.clear()
    for step in jump.jumps:
        virtual_time.set_wall(dt_util.utcnow() + step)
        asked = column.asked(there)
        span = max(lasts, 2 * BEFORE)
        await virtual_time.run(span)
        asked = column.asked(there) - asked
        assert usual * span / lasts * 0.5 <= asked <= usual * span / lasts * 1.25 + MORE
    assert watch.missing() == set()
    assert (watch.wrong, watch.gone_at) == ([], None)
    assert errors(caplog) == said(caplog, logging.WARNING) == []
    assert await hass.config_entries.async_unload(entry.entry_id)
    await virtual_time.until(lambda: column.open(there) == 0, within=5)


# What has to be told by the clock


def counted(quota: Quota, there: Site) -> bool:
    """Tell whether all calls are counted, one that is on its way included."""
    return quota.limit - quota.remaining - len(there.v2c.calls) in (0, 1)


async def test_the_calls_of_a_day(hass: HomeAssistant, virtual_time: VirtualTime, there: Site) -> None:
    """A clock that is a day ahead for a while gives no calls back, nor does it after a restart."""
    virtual_time.set_wall(NOON)
    entry = await CLOUD.add(hass, there)
    await virtual_time.run(1800)
    quota = entry.runtime_data.account.device.quota
    assert counted(quota, there)
    virtual_time.set_wall(NOON + DAY)
    await virtual_time.run(1800)
    assert counted(quota, there)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await virtual_time.run(600)
    virtual_time.set_wall(NOON + timedelta(hours=2))
    await virtual_time.run(600)
    quota = entry.runtime_data.account.device.quota
    assert counted(quota, there)
    began = entry.runtime_data.chargers[CHARGER].session_since
    assert began is not None
    assert abs((began - NOON).total_seconds() - 3000) < 1200
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("began", [datetime(2026, 10, 25, 0, 10, tzinfo=UTC), datetime(2026, 10, 25, 0, 50, tzinfo=UTC)])
async def test_a_session_in_the_hour_that_comes_twice(
    hass: HomeAssistant, virtual_time: VirtualTime, there: Site, began: datetime
) -> None:
    """What ended in the first of the two is over; Home Assistant is not kept busy with it."""
    madrid = ZoneInfo("Europe/Madrid")
    ended = began + timedelta(minutes=5)
    there.trydan.unplug()
    there.v2c.add_session(CHARGER, began.astimezone(madrid), ended.astimezone(madrid), [1.0])
    virtual_time.set_wall(ended + timedelta(minutes=1))
    entry = await CLOUD.add(hass, there)
    await virtual_time.run(600)
    (sessions,) = hass.states.async_all("calendar")
    jumps = virtual_time.jumps
    await virtual_time.run(3600)
    assert virtual_time.jumps - jumps < 20000
    (sessions,) = hass.states.async_all("calendar")
    assert sessions.state == "off"
    await virtual_time.run(3600)
    (sessions,) = hass.states.async_all("calendar")
    assert (sessions.state, sessions.attributes["message"][:4]) == ("off", "1.00")
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_an_order_ends_in_time(hass: HomeAssistant, virtual_time: VirtualTime, there: Site) -> None:
    """A clock that is set back does not let the battery charge for a day, not even when the unit restarts meanwhile."""
    entry = await MODBUS.add(hass, there)
    await virtual_time.run(60)
    order = {"power": 600, "duration": 30}
    await hass.services.async_call("titan_izypower", "charge", order, blocking=True, return_response=True)
    assert there.titan.house.order[0] == 1
    await virtual_time.run(300)
    virtual_time.set_wall(dt_util.utcnow() - DAY)
    there.titan.reboot()
    await virtual_time.until(lambda: there.titan.house.order[0] == 1, within=600, every=1)
    await virtual_time.until(lambda: there.titan.house.order[0] == 0, within=1500, every=1)
    assert await hass.config_entries.async_unload(entry.entry_id)


def test_an_order_that_was_left_running() -> None:
    """A machine that starts with a clock of years ago does not let it run for years."""
    kept = Running(order=Order(action=Action.CHARGE, power=500, soc=90), until=time.monotonic() + 600).as_dict()
    kept["until"] += 1e8
    found = Running.restored(kept)
    assert found is not None
    assert found.left == pytest.approx(600, abs=5)


async def test_settings_of_a_day(hass: HomeAssistant, virtual_time: VirtualTime, there: Site) -> None:
    """The flash memory does not heal because a clock was set."""
    entry = await MODBUS.add(hass, there)
    await virtual_time.run(60)
    titan = entry.runtime_data.device
    await titan.write(titan.settings, Settings.backup_soc, 33)
    virtual_time.set_wall(dt_util.utcnow() + 2 * DAY)
    assert titan.settings_budget.used() == 1
    assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("back", [True, False])
def test_a_day_that_was_counted_before(*, back: bool) -> None:
    """A clock that is a day behind, or ahead, for a minute does not lose what the day has brought."""
    ledger = Ledger()
    noon = datetime(2026, 10, 14, 12, tzinfo=ZoneInfo("Europe/Madrid"))
    step = -DAY if back else DAY
    ledger.observe("sun", 1000.0, noon - DAY / 2 - timedelta(minutes=1))
    for minutes, level in ((0, 1000.0), (720, 4000.0)):
        ledger.observe("sun", level, noon - DAY / 2 + timedelta(minutes=minutes))
    ledger.observe("sun", 4010.0, noon + timedelta(minutes=1) + step)
    ledger.observe("sun", 4020.0, noon + timedelta(minutes=2))
    assert ledger.since("sun", noon.date()) == pytest.approx(3020, abs=1)
    # The next midnight is a usual one.
    ledger.observe("sun", 5000.0, noon + DAY / 2 - timedelta(minutes=1))
    ledger.observe("sun", 5010.0, noon + DAY / 2 + timedelta(minutes=1))
    assert ledger.since("sun", (noon + DAY).date()) == pytest.approx(5, abs=1)
