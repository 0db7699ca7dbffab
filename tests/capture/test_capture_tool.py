"""``scripts/capture`` against the simulators: everything is in the file, nothing private is, and it can be replayed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import io
from itertools import pairwise
import json
from pathlib import Path
import re
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, TCPConnector
import pytest

from capture.__main__ import arguments, run
from custom_components.energy_core.capture import replay
from custom_components.energy_core.errors import EnergyError
from custom_components.enphase_envoy.envoy import cloud as enphase_cloud
from custom_components.enphase_envoy.envoy.endpoints import ENDPOINTS, Endpoint
from custom_components.enphase_envoy.envoy.link import Link
from custom_components.v2c_cloud.v2c.repair import KEYWORDS, realtime
from simulators import titan_table
from simulators.enphase_cloud import EnphaseCloudSimulator
from simulators.envoy import EnvoySimulator
from simulators.house import House
from simulators.titan import TitanSimulator
from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud import V2CCloudSimulator
from tests.enphase_envoy.capture_gateway import CaptureGateway
from tests.enphase_envoy.unpack import unpack
from tests.virtual_time import VirtualTime

SERIAL = "122000000001"
ACCOUNT = ("owner@example.org", "sunny day")


@pytest.fixture
def enable_custom_integrations() -> None:
    """Start no Home Assistant."""


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Type lines at the questions of the tool."""
    return lambda *lines: monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


async def captured(tmp_path: Path, *argv: str) -> tuple[dict[str, Any], str]:
    """Run the tool; return the capture and the text of its file."""
    path = tmp_path / "capture.json"
    assert await run(arguments([*argv, "--file", str(path)])) == 0
    text = path.read_text()
    return json.loads(text), text


async def test_a_titan(virtual_time: VirtualTime, tmp_path: Path) -> None:
    """Every documented register and point comes along, by both wires; a second apart."""
    async with TitanSimulator(House(seed=1, packs=2), serial="SECRET-TITAN-1") as sim:
        ports = ("--port", str(sim.modbus_port), "--http-port", str(sim.http_port))
        capture, text = await captured(tmp_path, "titan", "127.0.0.1", *ports)
        assert all(later.at - earlier.at >= 0.99 for earlier, later in pairwise(sim.log.requests))
        assert sim.log.writes == []
    assert (capture["model"], capture["maker"]) == ("CMS-SF2000", "Titan IzyPower")
    answers = replay(capture)
    words = {}
    for request, (_, body) in answers.items():
        if found := re.fullmatch(r"fc0[34] (\d+)\+(\d+)", request):
            words |= dict(zip(range(int(found[1]), int(found[1]) + int(found[2])), body, strict=True))
    assert titan_table.documented() <= words.keys()
    points = {key for request, (_, body) in answers.items() if request.startswith("Indevolt.GetData") for key in body}
    assert {"6000", "6105", "0"} <= points
    assert "SECRET-TITAN-1" not in text
    serials = [each.address for each in titan_table.registers().values() if "serial" in each.name]
    assert {words[address] for first in serials for address in range(first, first + 16)} == {None}


async def test_a_titan_with_one_wire(virtual_time: VirtualTime, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is switched off in the App leaves its half out, and the person is told."""
    async with TitanSimulator(House(seed=1), http_enabled=False) as sim:
        ports = ("--port", str(sim.modbus_port), "--http-port", "1")
        capture, _ = await captured(tmp_path, "titan", "127.0.0.1", *ports)
    assert {each["request"].split()[0] for each in capture["exchanges"]} <= {"fc03", "fc04"}
    assert "http: 0 of" in capsys.readouterr().err


@pytest.mark.parametrize("firmware", ["1.6.13", "2.4.6", "2.5.1"])
async def test_a_trydan(virtual_time: VirtualTime, tmp_path: Path, firmware: str) -> None:
    """The answer is kept as it came, blemishes and all, and understood as before but for what is private."""
    async with TrydanSimulator(device_id="SECRETV2C", firmware=firmware, ssid="Secret network") as sim:
        sim.plug()
        before = await _realtime(sim)
        capture, text = await captured(tmp_path, "trydan", sim.address)
        assert sim.log.writes == []
    assert capture["firmware"] == firmware
    body = replay(capture)["GET /RealTimeData"][1]
    after = realtime((body if isinstance(body, str) else json.dumps(body)).encode())
    told = {"ID", "SSID", "IP", "MAC"}
    assert {key: each for key, each in after.items() if key not in told} == {
        key: each for key, each in before.items() if key not in told
    }
    assert not {"SECRETV2C", "Secret network", "127.0.0.1"} & {each for each in before.values() if str(each) in text}
    asked = [each["request"] for each in capture["exchanges"]]
    # Who and where it is, nobody asks.
    assert len(asked) >= (len(KEYWORDS) - 3 if firmware == "2.5.1" else 1)
    assert not {"GET /read/ID", "GET /read/SSID", "GET /read/IP"} & set(asked)


async def _realtime(sim: TrydanSimulator) -> dict[str, Any]:
    async with ClientSession() as session, session.get(f"http://{sim.address}/RealTimeData") as answer:
        return realtime(await answer.read())


async def test_a_trydan_and_its_cloud(virtual_time: VirtualTime, tmp_path: Path, typed: Any) -> None:
    """One call for the account and a few for each charger; cards, places and the key stay at home."""
    async with TrydanSimulator(device_id="SECRETV2C", firmware="2.5.1") as sim, V2CCloudSimulator([sim]) as cloud:
        typed("SIM-KEY")
        capture, text = await captured(tmp_path, "trydan", sim.address, "--cloud", "--base-url", cloud.base_url)
        (device,) = cloud.devices.values()
        assert 5 <= len(cloud.calls) <= 10
    assert "GET /device/reported of charger 1" in replay(capture)
    assert not [
        each for each in ("SIM-KEY", "SECRETV2C", sim.options.mac, *(card["code"] for card in device.cards)) if each in text
    ]


async def test_a_wrong_key_leaves_the_box(virtual_time: VirtualTime, tmp_path: Path, typed: Any) -> None:
    """The local half is worth having."""
    async with TrydanSimulator(device_id="SECRETV2C", firmware="2.5.1") as sim, V2CCloudSimulator([sim]) as cloud:
        typed("WRONG-KEY")
        capture, text = await captured(tmp_path, "trydan", sim.address, "--cloud", "--base-url", cloud.base_url)
    assert {each["request"].split()[1].split("/")[1] for each in capture["exchanges"]} == {"RealTimeData", "read"}
    assert "WRONG-KEY" not in text


@pytest.mark.parametrize("way", ["account", "token", "digest"])
async def test_an_envoy(tmp_path: Path, typed: Any, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Page after page; a gateway made of the file says what the first one said."""
    house = House(seed=1)
    house.driver = lambda home, _: home.apply_flows([500.0] * 4, 900.0)
    profile = "5.0" if way == "digest" else "8.3"
    async with EnphaseCloudSimulator(serials=(SERIAL,)) as cloud:
        hosts = enphase_cloud.Hosts(enlighten=cloud.base_url, entrez=cloud.base_url)
        monkeypatch.setattr(enphase_cloud, "HOSTS", hosts)
        key = cloud.key.public_key()
        async with EnvoySimulator(house, serial=SERIAL, token_key=key, inverters=3, profile=profile) as envoy:
            token = cloud.token(SERIAL) if way == "token" else ""
            typed(*{"account": ("", *ACCOUNT), "token": (token,), "digest": ("",)}[way])
            capture, text = await captured(tmp_path, "envoy", envoy.address)
            assert envoy.writes == []
    private = [SERIAL, *ACCOUNT, "eyJ", *(token and [token]), "127.0.0.1"]
    assert not [each for each in private if each in text]
    assert not re.search(r"\b\d{12,14}\b", text)
    folder = tmp_path / "folder"
    assert len(unpack(capture, folder)) >= 5
    async with CaptureGateway(folder) as gateway, _link(gateway) as link:
        for name, endpoint in ENDPOINTS.items():
            status, body = replay(capture).get(f"GET {endpoint.path}", (404, None))
            if status == 200 and not str(body).startswith("<!"):
                served = (await link.send("GET", endpoint.path, deadline=5)).body
                assert understood(endpoint, served) == understood(
                    endpoint, (body if isinstance(body, str) else json.dumps(body)).encode()
                ), name


def understood(endpoint: Endpoint, body: bytes) -> Any:
    """Return what our reader makes of an answer, be it an error."""
    try:
        return endpoint.read(body)
    except EnergyError as error:
        return str(error)


@asynccontextmanager
async def _link(gateway: CaptureGateway) -> AsyncIterator[Link]:
    """Open a link with the token of a gateway that is made of a capture."""
    headers = {"Authorization": f"Bearer {gateway.token}"}
    async with ClientSession(connector=TCPConnector(ssl=False), cookie_jar=DummyCookieJar(), headers=headers) as session:
        yield Link(session, gateway.base_url)


async def test_nobody_there(virtual_time: VirtualTime, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An error in words, and no file."""
    path = tmp_path / "capture.json"
    for argv in (["titan", "127.0.0.1", "--port", "1", "--http-port", "1"], ["trydan", "127.0.0.1:1"], ["envoy", "127.0.0.1:1"]):
        assert await run(arguments([*argv, "--file", str(path)])) == 1
        assert "error: " in capsys.readouterr().err
    assert not path.exists()
