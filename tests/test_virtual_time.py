"""Virtual time: all clocks agree, sockets and threads are served first, and an hour is short."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
import logging
import threading
import time

from aiohttp import ClientSession, ClientTimeout, web
from homeassistant.core import HomeAssistant
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util import dt as dt_util
import pytest

from custom_components.energy_core.pacing import Budget, Pacer
from simulators.house import House
from simulators.titan import TitanSimulator
from tests import virtual_time as module
from tests.titan_izypower.ha.house import add, state
from tests.virtual_time import StuckError, VirtualTime


@pytest.fixture
async def sim() -> AsyncGenerator[TitanSimulator]:
    """A unit in a house that lives in virtual time without being told to."""
    async with TitanSimulator(packs=2) as titan:
        yield titan


async def test_all_clocks_agree(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """None stands still, none runs ahead, also those in default arguments."""
    clocks = (
        asyncio.get_running_loop().time,
        time.monotonic,
        time.time,
        lambda: datetime.now(UTC).timestamp(),
        lambda: dt_util.utcnow().timestamp(),
        House().clock,
        Pacer(1.0)._clock,
        Budget(1).clock,
        lambda: time.monotonic_ns() / 1e9,
        lambda: time.time_ns() / 1e9,
    )
    before = [clock() for clock in clocks]
    real = time.perf_counter()
    await virtual_time.run(1234.567)
    assert [clock() - was for clock, was in zip(clocks, before, strict=True)] == pytest.approx([1234.567] * 10, abs=2e-5)
    assert time.perf_counter() - real < 5
    assert virtual_time.elapsed == pytest.approx(1234.567, abs=1)


async def test_it_begins_at_noon(virtual_time: VirtualTime) -> None:
    """The same hour each time, so that no test meets midnight now and then; it can be put elsewhere."""
    assert dt_util.utcnow().hour == 12
    monotonic = time.monotonic()
    virtual_time.set_wall(datetime(2027, 3, 28, 0, 59, 50, tzinfo=UTC))
    assert time.monotonic() == monotonic
    await virtual_time.run(20)
    assert dt_util.utcnow() == datetime(2027, 3, 28, 1, 0, 10, tzinfo=UTC)


async def test_sleepers_wake_in_order(virtual_time: VirtualTime) -> None:
    """Each at its time."""
    woken: list[tuple[float, float]] = []
    began = time.monotonic()

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((seconds, round(time.monotonic() - began, 4)))

    seconds = [3600.0, 0.001, 5.0, 4.999, 86400.0 * 3, 0.5, 0.0]
    await asyncio.gather(*map(sleep, seconds))
    assert woken == [(each, each) for each in sorted(seconds)]


async def test_timers_of_home_assistant(hass: HomeAssistant, virtual_time: VirtualTime) -> None:
    """Its timers compare two clocks, and find them agreeing."""
    fired: list[datetime] = []
    stop = async_track_time_interval(hass, fired.append, timedelta(seconds=30))
    async_call_later(hass, 45.5, fired.append)
    began = dt_util.utcnow()
    await virtual_time.run(100)
    stop()
    assert [(each - began).total_seconds() for each in fired] == pytest.approx([30, 45.5, 60, 90], abs=0.01)
    hass.states.async_set("a.b", "1")
    await virtual_time.run(7)
    hass.states.async_set("a.b", "1")
    found = hass.states.get("a.b")
    assert found is not None
    assert (found.last_reported - found.last_changed).total_seconds() == pytest.approx(7, abs=0.001)


async def test_a_request_does_not_time_out(virtual_time: VirtualTime) -> None:
    """What takes no time takes none, what the server takes is counted, and a deadline is kept."""

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(float(request.query.get("pause", "0")))
        return web.Response(text="x" * int(request.query.get("size", "1")))

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (address, port), *_ = runner.addresses
    url = f"http://{address}:{port}/"
    async with ClientSession(timeout=ClientTimeout(total=0.5)) as session:
        began = time.monotonic()
        for _ in range(50):
            async with session.get(url, params={"size": "3000000"}) as response:
                assert len(await response.text()) == 3_000_000
        assert time.monotonic() - began < 0.5
        began = time.monotonic()
        async with session.get(url, params={"pause": "0.4"}) as response:
            await response.text()
        assert time.monotonic() - began == pytest.approx(0.4, abs=0.01)
        with pytest.raises(TimeoutError):
            await session.get(url, params={"pause": "9"})
        assert time.monotonic() - began == pytest.approx(0.9, abs=0.02)
    await runner.cleanup()


@pytest.mark.parametrize("job", [50, 300])
async def test_a_thread_is_waited_for(hass: HomeAssistant, virtual_time: VirtualTime, job: int) -> None:
    """Time stands still while it works, however many timers are due."""

    def work() -> float:
        # A plain sleep: a thread takes real time.
        time.sleep(job / 1000)
        return time.perf_counter()

    began = time.monotonic()
    async with asyncio.timeout(0.01):
        await asyncio.to_thread(work)
        await hass.async_add_executor_job(work)
        await asyncio.get_running_loop().run_in_executor(None, work)
    assert time.monotonic() == began


async def test_a_thread_that_never_ends(
    virtual_time: VirtualTime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Patience ends, and is not tried again on the same thread."""
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    monkeypatch.setattr(module, "GLANCE", 0.02)
    loop = asyncio.get_running_loop()

    def waits_for_the_loop() -> str:
        return asyncio.run_coroutine_threadsafe(asyncio.sleep(60, "slept"), loop).result()

    real = time.perf_counter()
    assert await asyncio.to_thread(waits_for_the_loop) == "slept"
    assert virtual_time.elapsed == pytest.approx(60, abs=0.01)
    assert time.perf_counter() - real < 2
    assert [each.levelno for each in caplog.records if each.name == module.__name__] == [logging.WARNING]


async def test_held(virtual_time: VirtualTime) -> None:
    """For what goes on where nobody counts it."""
    task = asyncio.create_task(virtual_time.run(5))
    await asyncio.sleep(0)
    ready, loop = asyncio.Event(), asyncio.get_running_loop()
    with virtual_time.held():
        threading.Timer(0.05, loop.call_soon_threadsafe, (ready.set,)).start()
        await ready.wait()
    assert virtual_time.elapsed < 0.001
    await task
    assert virtual_time.elapsed == pytest.approx(5, abs=0.001)


async def test_until(virtual_time: VirtualTime) -> None:
    """How long something takes, or that it does not come."""
    began = time.monotonic()
    assert await virtual_time.until(lambda: time.monotonic() > began + 17, within=20) == pytest.approx(17, abs=0.11)
    with pytest.raises(StuckError, match="not within 20 s"):
        await virtual_time.until(lambda: False, within=20)


async def test_an_hour_with_a_titan(hass: HomeAssistant, virtual_time: VirtualTime, sim: TitanSimulator) -> None:
    """Polled through its real socket for an hour, it counts an hour's energy and misses no poll."""
    sim.house.load_w = 1000
    real = time.perf_counter()
    entry = await add(hass, sim)
    before, asked, began = sim.house.energy.load.total, len(sim.requests), time.monotonic()
    await virtual_time.run(3600)
    took = time.perf_counter() - real
    assert took < 20
    assert sim.house.energy.load.total - before == pytest.approx(1000, rel=0.001)
    polls = [each.at for each in sim.requests[asked:]]
    assert polls[-1] - polls[0] == pytest.approx(3600, abs=65)
    assert time.monotonic() - began == pytest.approx(3600, abs=0.01)
    assert float(state(hass, "meter_power").state) == pytest.approx(0, abs=60)
    assert (dt_util.utcnow() - state(hass, "battery_power").last_reported).total_seconds() <= 31
    assert entry.runtime_data.last_update_success
    assert await hass.config_entries.async_unload(entry.entry_id)
