"""Every fault does on the wire what its name says."""

import asyncio
import gzip
import json
from pathlib import Path
import time

import pytest

from simulators.faults import HTTP_KINDS, MODBUS_KINDS, Fault, Faults
from simulators.http_bodies import BOMB, NOT_HTTP
from tests.simulators.raw_clients import RawHttp

GOOD = bytes.fromhex("000100000005010302") + b"\x01\xf4"


async def answer(titan, dial, fault: str, seconds: float = 0.3) -> bytes:
    """Ask register 7266.. through a fault and give every byte that came."""
    sim = await titan()
    sim.set(1151, 500)
    sim.faults.modbus = fault
    client = await dial(sim)
    await client.send(3, 1151, 1)
    return await client.rest(seconds)


async def test_no_fault(titan, dial) -> None:
    sim = await titan()
    sim.set(1151, 500)
    client = await dial(sim)
    await client.send(3, 1151, 1)
    assert await client.frame() == GOOD


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("close_mid_frame", GOOD[:5]),
        ("half_open", b""),
        ("no_answer", b""),
        ("drip:0.001", GOOD),
        ("delay:0.05", GOOD),
        ("late:0.05", GOOD),
        ("wrong_transaction", b"\0\2" + GOOD[2:]),
        ("wrong_unit", GOOD[:6] + b"\2" + GOOD[7:]),
        ("wrong_function", GOOD[:7] + b"\4" + GOOD[8:]),
        ("short_frame", bytes.fromhex("000100000003010302")),
        ("byte_count_off", GOOD[:8] + b"\4" + GOOD[9:]),
        ("long_frame", bytes.fromhex("00010000000701030201f41234")),
        ("huge_length", GOOD[:4] + b"\xff\xff" + GOOD[6:]),
        ("garbage_prefix", b"\xde\xad\xbe\xef\x00" + GOOD),
        ("duplicate", GOOD + GOOD),
        ("exception:6", bytes.fromhex("000100000003018306")),
        ("exception:99", bytes.fromhex("000100000003018363")),
        ("other_device", bytes.fromhex("000100000003018302")),
        ("other_device:registers", GOOD[:9] + (1151 * 37 % 1000).to_bytes(2)),
        ("close_after_each", GOOD),
    ],
)
async def test_bytes_on_the_modbus_wire(titan, dial, fault: str, expected: bytes) -> None:
    assert await answer(titan, dial, fault) == expected


async def test_foreign_protocols(titan, dial) -> None:
    assert (await answer(titan, dial, "http_server")).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert (await answer(titan, dial, "solarman"))[0] == 0xA5
    found = await answer(titan, dial, "garbage")
    assert len(found) == len(GOOD)
    assert found != GOOD


async def test_resets(titan, dial) -> None:
    sim = await titan()
    client = await dial(sim)
    sim.faults.modbus = "reset_mid_frame"
    await client.send(3, 1151, 1)
    assert len(await client.reader.readexactly(5)) == 5
    with pytest.raises(ConnectionResetError):
        await client.reader.read(1)
    sim.faults.modbus = "reset_on_connect*1"
    client = await dial(sim)
    with pytest.raises(ConnectionResetError):
        await client.reader.read(1)
    assert await (await dial(sim)).read(7534) == [19]


@pytest.mark.parametrize("wire", ["modbus", "http"])
async def test_refuse_and_open_again_on_the_same_port(titan, dial, wire: str) -> None:
    sim = await titan()
    port = sim.modbus_port if wire == "modbus" else sim.http_port
    _, open_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(0.02)
    sim.faults.set(wire, "refuse")
    await asyncio.sleep(0.02)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    open_writer.close()
    sim.faults.set(wire, None)
    if wire == "modbus":
        assert await (await dial(sim)).read(7534) == [19]
    else:
        assert (await RawHttp(port).call("/rpc/Sys.GetConfig"))[0] == 200


async def test_a_late_answer_lets_the_next_request_pass_first(titan, dial) -> None:
    sim = await titan()
    client = await dial(sim)
    sim.faults.modbus = "late:0.15*1"
    await client.send(3, 7534, 1)
    await asyncio.sleep(0.02)
    await client.send(3, 7537, 1)
    assert [(await client.frame())[:2] for _ in range(2)] == [b"\0\2", b"\0\1"]


async def test_times_and_scope(titan, dial) -> None:
    sim = await titan()
    client = await dial(sim)
    sim.faults.modbus = Fault("exception", times=2, value="4", on="write")
    assert await client.read(7534) == [19]
    assert [await client.write(1142, 30) for _ in range(3)] == [4, 4, 0]
    assert sim.faults.modbus is None
    sim.faults.modbus = "exception:6*1"
    assert [await client.read(7534) for _ in range(2)] == [6, [19]]
    assert [r.outcome for r in sim.requests][-2:] == ["fault exception", "ok"]


def test_an_unknown_fault_is_an_error() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Faults().modbus = "nonsense"
    with pytest.raises(ValueError, match="html"):
        Faults().set("modbus", "html")


CONFIG = "/rpc/Indevolt.GetData?config=%7B%22t%22:[4,7534,142]%7D"


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        ("status:503", 503, b"error"),
        ("truncated", 200, b'{"4": 2400, '),
        ("html", 200, b"<html><body><h1>It works!</h1></body></html>"),
        ("empty", 200, b""),
        ("null", 200, b"null"),
        ("list", 200, b"[1,2,3]"),
        ("object", 200, b"{}"),
        ("nan", 200, b'{"4": NaN, "142": NaN}'),
        ("numbers:null", 200, b'{"4": null, "142": null}'),
        ("numbers:1e308", 200, b'{"4": 1e+308, "142": 1e+308}'),
        ("text_numbers", 200, b'{"4": "2400", "142": "5.376"}'),
        ("missing_comma", 200, b'{"4": 2400 "142": 5.376}'),
        ("duplicate_key", 200, b'{"4": "?", "4": 2400, "142": 5.376}'),
        ("extra_keys", 200, b'{"news": 1, "4": 2400, "142": 5.376}'),
        ("close_after_each", 200, b'{"4": 2400, "142": 5.376}'),
        ("content_type", 200, b'{"4": 2400, "142": 5.376}'),
        ("redirect", 302, b""),
        ("unauthorized", 401, b""),
        ("too_many:30", 429, b""),
        ("too_many:silent", 429, b""),
        ("nested", 200, b"[" * 100_000 + b"]" * 100_000),
        ("drip:0.0001", 200, b'{"4": 2400, "142": 5.376}'),
        ("delay:0.05", 200, b'{"4": 2400, "142": 5.376}'),
        ("garbage", 200, bytes(range(128, 256))),
    ],
)
async def test_http_answers(titan, fault: str, status: int, body: bytes) -> None:
    kind = Fault.parse(fault).kind
    sim = await titan()
    sim.faults.http = fault
    data = await RawHttp(sim.http_port).raw(CONFIG)
    head, _, found = data.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert found == body
    marks = {
        "redirect": b"Location: http://192.0.2.1/",
        "unauthorized": b"WWW-Authenticate: Digest",
        "too_many": b"Retry-After: 30" if fault.endswith("30") else b"",
        "content_type": b"Content-Type: text/plain",
    }
    assert marks.get(kind, b"") in head
    assert (b"Retry-After" in head) == (fault == "too_many:30")
    assert (b"Connection: close" in head) == (kind != "close_after_each")


async def test_http_broken_connections(titan) -> None:
    sim = await titan()
    http = RawHttp(sim.http_port)
    for fault in ("reset", "reset_on_connect", "reset_mid_frame"):
        sim.faults.http = fault
        with pytest.raises(ConnectionResetError):
            await http.raw(CONFIG)
    sim.faults.http = None
    whole = await http.raw(CONFIG)
    sim.faults.http = "close_mid_frame"
    assert await http.raw(CONFIG) == whole[: len(whole) // 2]
    sim.faults.http = "half_open"
    with pytest.raises(TimeoutError):
        await http.raw(CONFIG, seconds=0.1)
    sim.faults.http = "huge:3"
    head, _, body = (await http.raw(CONFIG)).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert len(json.loads(body)["0"]) == 3_000_000 - 9
    sim.faults.http = "not_http"
    assert await http.raw(CONFIG) == NOT_HTTP
    sim.faults.http = "bomb"
    head, _, body = (await http.raw(CONFIG)).partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert len(body) < 100_000
    assert len(gzip.decompress(body)) > BOMB
    sim.faults.clear()
    assert await http.raw(CONFIG) == whole


async def test_an_endless_answer_ends_with_the_client(titan) -> None:
    sim = await titan()
    sim.faults.http = "endless"
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.http_port)
    writer.write(f"GET {CONFIG} HTTP/1.1\r\n\r\n".encode())
    assert b"chunked" in await reader.readuntil(b"\r\n\r\n")
    assert len(await reader.readexactly(1_000_000)) == 1_000_000
    writer.transport.abort()
    await asyncio.sleep(0.05)
    assert sim.connections["http"] == 0


async def test_http_refused_write(titan) -> None:
    sim = await titan()
    sim.faults.http = Fault("refuse_write", times=1, on="write")
    http = RawHttp(sim.http_port)
    assert await http.get(4) == {"4": 2400}
    assert not await http.set(1142, 30)
    assert await http.set(1142, 30)


async def test_stop_leaves_nothing_behind_even_in_the_middle_of_a_fault(titan, dial) -> None:
    sim = await titan()
    sim.faults.modbus = "delay:30"
    client = await dial(sim)
    await client.send(3, 7534, 1)
    await asyncio.sleep(0.02)
    began = time.monotonic()
    await sim.stop()
    assert time.monotonic() - began < 1
    assert sim.connections == {"modbus": 0, "http": 0}


def test_every_kind_is_tested() -> None:
    """Each is named by a test; which process ran it does not matter."""
    named = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_sim_titan_writes.py"))
    named += Path(__file__).read_text(encoding="utf-8")
    assert {kind for kind in MODBUS_KINDS | HTTP_KINDS if f'"{kind}' not in named} == set()
