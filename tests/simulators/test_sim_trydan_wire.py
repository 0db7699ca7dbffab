"""The Trydan's wire: one request at a time, haste is punished, and every fault does what its name says."""

import asyncio
from math import isinf

import pytest

from simulators.faults import Fault
from simulators.trydan import TrydanSimulator
from simulators.trydan_http import HURRY, KINDS
from tests.simulators.raw_clients import RawHttp

OK = (200, "OK")


async def test_requests_wait_for_each_other_and_are_counted(trydan) -> None:
    sim = await trydan(response_delay=0.02)
    http = RawHttp(sim.port)
    assert sim.most_open == 0
    assert isinf(sim.smallest_gap)
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(http.text(f"/write/Intensity={amps}") for amps in (7, 8, 9)))
    assert asyncio.get_running_loop().time() - began >= 0.06
    assert (sim.most_open, sim.smallest_gap) == (3, 0)
    sim.forget()
    assert sim.requests == []
    for _ in range(2):
        assert (await http.text("/RealTimeData"))[0] == 200
        await asyncio.sleep(0.05)
    assert sim.most_open == 1
    assert 0.045 < sim.smallest_gap < 1


async def test_haste_is_answered_with_404(trydan) -> None:
    sim = await trydan(hurried_404=True)
    http = RawHttp(sim.port)
    assert await http.text("/write/Intensity=7") == OK
    assert await http.text("/write/Intensity=8") == (404, "this URI does not exist")
    await asyncio.sleep(HURRY + 0.01)
    assert await http.text("/write/Intensity=9") == OK
    sim.options.response_delay = 0.03
    await asyncio.sleep(HURRY + 0.01)
    answers = await asyncio.gather(*(http.text("/RealTimeData") for _ in range(2)))
    assert sorted(status for status, _ in answers) == [200, 404]
    assert sim.written == [("Intensity", "7"), ("Intensity", "8"), ("Intensity", "9")]
    assert [request.outcome for request in sim.writes] == ["OK", "hurried", "OK"]
    assert sim.value("Intensity") == 9


async def test_a_client_that_gave_up_leaves_the_box_free(trydan) -> None:
    sim = await trydan()
    http = RawHttp(sim.port)
    for fault in ("no_answer*1", "half_open*1", "delay:30*1"):
        sim.faults.http = fault
        with pytest.raises(TimeoutError):
            await http.raw("/RealTimeData", seconds=0.03)
        await asyncio.sleep(0.01)
        assert (await http.text("/RealTimeData"))[0] == 200
    assert sim.most_open == 1


@pytest.mark.parametrize(
    ("fault", "answer", "done"),
    [
        ("lost_write", OK, False),
        ("refuse_write", (200, "ERROR"), False),
        ("silent_write", (200, ""), False),
        ("silent_write:done", (200, ""), True),
        ("status:500", (500, "error"), False),
        ("status:404", (404, "error"), False),
        ("empty", (200, ""), False),
        ("html", (200, "<html><body><h1>It works!</h1></body></html>"), False),
        ("delay:0.01", OK, True),
        ("drip:0.0001", OK, True),
        ("truncated", (200, "O"), True),
        ("text_numbers", OK, True),
    ],
)
async def test_faults_of_a_write(trydan, fault: str, answer: tuple[int, str], done: bool) -> None:
    sim = await trydan()
    sim.faults.http = fault
    assert await RawHttp(sim.port).text("/write/Paused=1") == answer
    assert sim.value("Paused") == int(done)


@pytest.mark.parametrize("fault", sorted(KINDS["http"] - {"silent_write", "lost_write", "refuse_write", "huge", "refuse"}))
async def test_faults_of_a_reading_strike_once_and_pass(trydan, fault: str) -> None:
    sim = await trydan()
    http = RawHttp(sim.port)
    good = await http.raw("/RealTimeData")
    sim.faults.http = Fault(fault, times=1, value="0.0001" if fault in ("drip", "delay") else "")
    try:
        found = await http.raw("/RealTimeData", seconds=0.2 if fault in ("no_answer", "half_open") else 2)
    except ConnectionError, TimeoutError:
        found = b""
    assert (found == good) == (fault in ("drip", "delay"))
    await asyncio.sleep(0.01)
    assert await http.raw("/RealTimeData") == good


async def test_nan_and_text_pass_through_whatever_is_no_object(trydan) -> None:
    sim = await trydan(firmware="2.5.0")
    for fault in ("nan", "text_numbers"):
        sim.faults.http = fault
        assert (await RawHttp(sim.port).text("/read/LightLED")) == (200, "100")


async def test_a_reboot_drops_connections_and_takes_its_time(trydan) -> None:
    sim = await trydan(reboot_seconds=0.05)
    sim.write("Intensity", 11)
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
    await asyncio.sleep(0.01)
    assert sim.connections == 1
    sim.reboot()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await RawHttp(sim.port).text("/RealTimeData")
    await asyncio.sleep(0.06)
    assert await RawHttp(sim.port).text("/read/Intensity") == (200, "11")


async def test_refuse_and_come_back_at_the_same_address(trydan) -> None:
    sim = await trydan()
    address = sim.address
    sim.faults.http = "refuse"
    with pytest.raises(ConnectionRefusedError):
        await RawHttp(sim.port).text("/RealTimeData")
    sim.faults.http = None
    assert (await RawHttp(sim.port).text("/RealTimeData"))[0] == 200
    assert sim.address == address == f"{sim.host}:{sim.port}"


async def test_a_box_moves_to_another_address(trydan) -> None:
    sim = await trydan()
    old = sim.port
    await sim.move("127.0.0.2")
    assert sim.address == f"127.0.0.2:{sim.port}"
    with pytest.raises(ConnectionRefusedError):
        await RawHttp(old).text("/RealTimeData")
    await sim.move("127.0.0.1")
    assert (await RawHttp(sim.port).text("/RealTimeData"))[0] == 200


async def test_a_box_without_lan_listens_nowhere(trydan) -> None:
    sim = await trydan(lan=False)
    sim.faults.http = "refuse"
    sim.faults.http = None
    sim.reboot()
    assert sim.port == 0
    assert sim.value("ChargeState") == 0


async def test_stop_leaves_nothing_behind() -> None:
    async with TrydanSimulator(response_delay=30) as sim:
        task = asyncio.create_task(RawHttp(sim.port).raw("/RealTimeData", seconds=20))
        await asyncio.sleep(0.02)
        assert sim.connections == 1
    assert sim.connections == 0
    with pytest.raises(ConnectionResetError):
        await task
