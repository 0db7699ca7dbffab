"""The control API and the command line."""

import asyncio
import json
from pathlib import Path
import signal
import sys

import aiohttp

from simulators.control import Control
from tests.simulators.raw_clients import RawHttp

ROOT = Path(__file__).parents[2]


async def test_state_patch_and_page(titan, house, clock) -> None:
    sim = await titan()
    control = Control(house, sim)
    await control.start()
    url = f"http://127.0.0.1:{control.port}"
    try:
        async with aiohttp.ClientSession() as session:
            change = {
                "load_w": 900,
                "pv_inputs": [100, 100],
                "soc": 70,
                "faults": {"http": "status:503*1"},
                "set": {"System SOC": 12},
                "options": {"missing_points": [6002]},
                "backup_soc": 15,
            }
            async with session.post(f"{url}/api/state", json=change) as response:
                assert response.status == 200
            clock.now += 5
            async with session.get(f"{url}/api/state") as response:
                state = await response.json()
            assert state["house"]["grid_w"] == 0
            assert state["house"]["battery_w"] == 700
            assert state["house"]["soc"] < 70.01
            assert state["titan"]["faults"] == {"modbus": None, "http": "status"}
            assert state["titan"]["registers"]["System SOC"] == 12
            assert state["titan"]["ports"] == {"modbus": sim.modbus_port, "http": sim.http_port}
            assert len(state["titan"]["registers"]) == 351
            assert sim.options.missing_points == {6002}
            for bad in ({"loud_w": 1}, {"faults": {"http": "x"}}, {"scenario": "x"}, {"load_w": "much"}, [1]):
                async with session.post(f"{url}/api/state", json=bad) as response:
                    assert response.status == 400, bad
            async with session.get(url) as response:
                page = await response.text()
            assert "grid_w" in page
            assert 'value="midnight"' in page
            async with session.post(f"{url}/scenario", data={"scenario": "charging"}) as response:
                assert response.status == 200
            assert (house.mode, house.order[0]) == (4, 1)
            async with session.post(f"{url}/scenario", data={"scenario": "nothing"}) as response:
                assert response.status == 400
            async with session.post(f"{url}/api/state", json={"mode": 1, "order": [0, 0, 0], "reboot": True}) as response:
                assert response.status == 200
            assert sim.value(7586) == 4
    finally:
        await control.stop()


async def test_command_line_starts_reports_and_stops(socket_enabled: None) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulators",
        "--titan-modbus-port",
        "0",
        "--titan-http-port",
        "0",
        "--trydan-port",
        "0",
        "--v2c-cloud-port",
        "0",
        "--control-port",
        "0",
        "--speed",
        "60",
        "--scenario",
        "charging",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    async with asyncio.timeout(15):
        ports = json.loads(await process.stdout.readline())
        assert ports["host"] == "127.0.0.1"
        found = await RawHttp(ports["titan_http"]).get(7101)
        assert found == {"7101": 4}
        status, text = await RawHttp(ports["trydan"]).text("/RealTimeData")
        assert (status, json.loads(text)["ID"]) == (200, "SIMV2C")
        assert (await RawHttp(ports["v2c_cloud"]).text("/kong/v2c_service/pairings/me"))[0] == 401
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert process.returncode == 0
    assert errors == b""
