"""The control API of the Enphase gateway."""

from typing import Any

import aiohttp
import pytest

from simulators.control import Control


@pytest.fixture
async def panel(titan, envoy, house):
    """Give a control API over a Titan and a gateway, and functions to read and to change its state."""
    gateway = await envoy()
    control = Control(house, await titan(), envoy=gateway.sim)
    await control.start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{control.port}") as session:

        async def call(**change: Any) -> tuple[int, Any]:
            async with session.request("POST" if change else "GET", "/api/state", json=change or None) as response:
                return response.status, await response.json()

        yield gateway, call
        async with session.get("/") as response:
            assert "<h2>Envoy</h2>" in await response.text()
    await control.stop()


async def test_the_state_of_a_gateway(panel, clock) -> None:
    gateway, call = panel
    await call(pv_w=2000, load_w=500)
    clock.now += 3600
    await gateway.get("/ivp/meters/readings")
    await gateway.call("POST", "/ivp/ensemble/relay", {"mains_admin_state": "open"})
    state = (await call())[1]["envoy"]
    assert (state["powers"]["pv"], state["today"]["pv"], state["powers"]["load"]) == (2000.0, 2000.0, 500.0)
    assert (state["scheme"], state["software"], state["address"]) == ("https", "D8.3.5289", gateway.sim.address)
    assert (state["requests"], state["most_open"], state["port"]) == (2, 1, gateway.sim.port)
    assert state["writes"] == [["POST", "/ivp/ensemble/relay", {"mains_admin_state": "open"}]]
    assert state["violations"][0][0] == "no_relay"
    assert state["storage"]["mode"] == "self-consumption"


async def test_everything_can_be_changed(panel) -> None:
    gateway, call = panel
    sim = gateway.sim
    first = sim.fingerprint
    options = {"phases": 3, "phase_shares": [0.6, 0.2, 0.2], "role_too_low": ["/home"], "inverter_serials": {"0": "482000008888"}}
    status, _ = await call(envoy={"options": options, "faults": {"/info": "503*1"}, "new_certificate": True})
    assert status == 200
    assert sim.fingerprint != first
    assert sim.options.phase_shares == (0.6, 0.2, 0.2)
    assert [await gateway.status(path) for path in ("/info", "/info", "/home")] == [503, 200, 401]
    assert (await gateway.get("/api/v1/production/inverters"))[0]["serialNumber"] == "482000008888"
    await call(envoy={"faults": {"/info": "500", "/ivp/meters": "404"}})
    await call(envoy={"faults": {"/info": None}})
    assert sim.faults.kinds == {"/ivp/meters": "404"}
    await call(envoy={"faults": {"*": None}, "forget_sessions": True, "reboot": 60})
    assert await gateway.status("/info") == 503
    assert (await call())[1]["envoy"]["booting"]
    await call(envoy={"firmware": "5.0", "serial": "122000000055", "forget": True})
    assert (sim.scheme, sim.serial, sim.requests) == ("http", "122000000055", [])
    for bad in ({"options": {"phase": 1}}, {"faults": {"/info": "nonsense"}}, {"unknown": 1}):
        assert (await call(envoy=bad))[0] == 400
