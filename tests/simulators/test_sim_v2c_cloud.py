"""The gate of the V2C cloud: keys, quota, methods, parameters, outages; and what it reads out."""

import json

import aiohttp
import pytest

from simulators.trydan import TrydanSimulator
from simulators.v2c_cloud_endpoints import ENDPOINTS

VALUES = {
    "value": "1",
    "kw": "5",
    "minutes": "10",
    "timerId": "0",
    "mode": "x",
    "ssid": "net",
    "password": "secret",
    "tag": "Anna",
    "code": "aa23b601",
    "name": "P",
    "updateAt": "2026-01-01T00:00:00Z",
}
BETTER = {"intensity": "10", "max_car_int": "20", "min_car_int": "8", "ocpp_addr": "ws://x", "inverter_ip": "192.0.2.7"}
BODY = {"daysOfWeek": "8", "timeStart": "10:00", "timeEnd": "11:00", "mode": "solar", "value": 3}
EVERY = [(method, path) for path, methods in ENDPOINTS.items() for method in methods]
# They need something that is not there in a fresh cloud.
NEEDS = {"rfid_rename", "rfid_delete", "profile_update", "profile_get", "profile_delete"}


def parameters(method: str, path: str) -> dict[str, str]:
    """Give good parameters of an endpoint."""
    endpoint = ENDPOINTS[path][method]
    found = {name: VALUES[name] for name in endpoint.params}
    if "value" in found:
        found["value"] = BETTER.get(endpoint.name, "1")
    return found | ({endpoint.id: "SIMV2C"} if endpoint.id else {})


@pytest.mark.parametrize(("method", "path"), EVERY)
async def test_every_endpoint(cloud, method: str, path: str) -> None:
    client = await cloud()
    endpoint, params = ENDPOINTS[path][method], parameters(method, path)
    status, text = await client.call(method, path, body=BODY if endpoint.body else None, **params)
    assert status == (404 if endpoint.name in NEEDS else 200), text
    assert ("RateLimit-Remaining" in client.headers) == (status == 200)
    for name in params:
        left = {key: value for key, value in params.items() if key != name}
        assert (await client.call(method, path, body=BODY, **left))[0] == 400
    if endpoint.id:
        wrong = "id" if endpoint.id == "deviceId" else "deviceId"
        renamed = {wrong if key == endpoint.id else key: value for key, value in params.items()}
        assert (await client.call(method, path, body=BODY, **renamed))[0] == 400
        assert (await client.call(method, path, body=BODY, **(params | {endpoint.id: "OTHER"})))[0] == 403
    assert (await client.call("PATCH", path, **params))[0] == 405
    if endpoint.body:
        assert (await client.call(method, path, **params))[0] == 400


async def test_paths_that_do_not_exist(cloud) -> None:
    client = await cloud()
    for path in ("/device/light_led", "/device/contracted_power", "/device/logoled", "/", ""):
        assert (await client.call("POST", path, deviceId="SIMV2C", value="1"))[0] == 404


async def test_the_key_opens_the_account_that_it_belongs_to(cloud, bare_house) -> None:
    boxes = [TrydanSimulator(bare_house, lan=False, device_id=f"BOX{n}") for n in (1, 2, 3)]
    client = await cloud(*boxes, accounts={"A": ["BOX1", "BOX2"], "B": ["BOX3"], "C": []}, pairings_shape="openapi")
    for key, ids in {"A": ["BOX1", "BOX2"], "B": ["BOX3"], "C": []}.items():
        status, text = await client.call("GET", "/pairings/me", key=key)
        assert (status, [each["id"] for each in json.loads(text)]) == (200, ids)
    assert await client.call("GET", "/pairings/me", key="SIM-KEY") == (401, "")
    assert (await client.call("GET", "/device/connected", key="B", deviceId="BOX1"))[0] == 403
    async with client.session.get(client.cloud.base_url + "/pairings/me") as response:
        assert (response.status, await response.text()) == (401, "")
    assert client.cloud.left("A") == 999
    assert client.cloud.left("B") == 998


async def test_the_quota_is_counted_from_the_first_call_of_a_day(cloud, clock) -> None:
    client = await cloud(quota=3)
    for left in ("2", "1", "0"):
        clock.now += 10
        assert (await client.call("GET", "/pairings/me"))[0] == 200
        assert (client.headers["RateLimit-Limit"], client.headers["RateLimit-Remaining"]) == ("3", left)
    assert (await client.call("GET", "/pairings/me"))[0] == 429
    assert not {"RateLimit-Limit", "RateLimit-Remaining", "Retry-After"} & client.headers.keys()
    client.cloud.options.retry_after = 60
    clock.now = 86_409
    assert (await client.call("GET", "/pairings/me"))[0] == 429
    assert client.headers["Retry-After"] == "60"
    clock.now = 86_410
    assert (await client.call("GET", "/pairings/me"))[0] == 200
    assert client.cloud.left() == 2


async def test_calls_are_recorded(cloud, clock) -> None:
    client = await cloud()
    clock.now = 5
    await client.call("GET", "/pairings/me")
    await client.call("POST", "/device/ocpp", id="SIMV2C", value="1")
    await client.call("POST", "/device/ocpp", deviceId="SIMV2C", value="1")
    assert client.cloud.calls == [
        (5, "GET", "/pairings/me", "", 200),
        (5, "POST", "/device/ocpp", "SIMV2C", 200),
        (5, "POST", "/device/ocpp", "SIMV2C", 400),
    ]
    assert client.cloud.calls_by_path() == {"/pairings/me": 1, "/device/ocpp": 2}


@pytest.mark.parametrize("outage", [401, 403, 429, 500, 503])
async def test_an_outage_costs_nothing_and_does_nothing(cloud, outage: int) -> None:
    client = await cloud()
    client.cloud.outage = outage
    assert await client.call("POST", "/device/pausecharge", deviceId="SIMV2C") == (outage, "")
    client.cloud.outage = None
    assert client.cloud.left() == 1000
    assert (await client.reported())["pause"] == "0"


async def test_outages_of_the_wire(cloud) -> None:
    client = await cloud()
    client.cloud.outage = "html"
    status, text = await client.call("GET", "/pairings/me")
    assert (status, text[:6]) == (200, "<html>")
    client.cloud.outage = "refuse"
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.call("GET", "/pairings/me")
    client.cloud.outage = "hang"
    with pytest.raises(TimeoutError):
        await client.session.get(client.cloud.base_url + "/pairings/me", timeout=aiohttp.ClientTimeout(0.05))
    client.cloud.outage = None
    assert (await client.call("GET", "/pairings/me"))[0] == 200
    assert [call.status for call in client.cloud.calls] == [200, 0, 200]
    with pytest.raises(ValueError, match="nonsense"):
        client.cloud.outage = "nonsense"


async def test_an_outage_of_one_path(cloud) -> None:
    client = await cloud()
    client.cloud.outage = 503
    client.cloud.path_outage = {"/pairings/me": 403, "/device/reported": None, "/version": "refuse"}
    assert (await client.call("GET", "/pairings/me"))[0] == 403
    assert (await client.call("GET", "/device/reported", deviceId="SIMV2C"))[0] == 200
    assert (await client.call("GET", "/device/connected", deviceId="SIMV2C"))[0] == 503
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.call("GET", "/version", deviceId="SIMV2C")


async def test_faults_as_on_every_wire(cloud) -> None:
    client = await cloud()
    for fault, status, text in (
        ("status:502", 502, "error"),
        ("null", 200, "null"),
        ("list", 200, "[1,2,3]"),
        ("too_many:9", 429, ""),
    ):
        client.cloud.faults.http = f"{fault}*1"
        assert await client.call("POST", "/device/pausecharge", deviceId="SIMV2C") == (status, text)
    client.cloud.faults.http = "refuse_write"
    assert (await client.call("POST", "/device/pausecharge", deviceId="SIMV2C"))[0] == 400
    client.cloud.faults.http = "lost_write"
    assert (await client.call("POST", "/device/pausecharge", deviceId="SIMV2C"))[0] == 200
    assert (await client.reported())["pause"] == "0"
    assert [call.status for call in client.cloud.calls] == [502, 200, 200, 429, 400, 200, 200]


async def test_dialects_of_pairings(cloud) -> None:
    client = await cloud()
    (pairing,) = await client.get("/pairings/me")
    assert (pairing["deviceId"], pairing["tag"], pairing["price"]) == ("SIMV2C", "Trydan SIMV2C", 0.15)
    assert {"latitude", "longitude", "model", "priceMode", "coCost", "master", "createdAt", "updatedAt"} <= pairing.keys()
    client.cloud.options.pairings_shape = "openapi"
    assert await client.get("/pairings/me") == [{"id": "SIMV2C", "name": "Trydan SIMV2C"}]
    client.cloud.options.pairings_shape = "double"
    assert json.loads(await client.get("/pairings/me")) == [pairing]


async def test_chargers_come_and_go(cloud, bare_house) -> None:
    client = await cloud()
    client.cloud.pair(TrydanSimulator(bare_house, lan=False, device_id="OTHER"))
    assert [each["deviceId"] for each in await client.get("/pairings/me")] == ["SIMV2C", "OTHER"]
    client.cloud.unpair("SIMV2C")
    assert [each["deviceId"] for each in await client.get("/pairings/me")] == ["OTHER"]
    assert (await client.call("GET", "/device/reported", deviceId="SIMV2C"))[0] == 403


async def test_connected_is_an_empty_answer(cloud) -> None:
    client = await cloud()
    assert await client.call("GET", "/device/connected", deviceId="SIMV2C") == (200, "")
    client.cloud.offline_devices.add("SIMV2C")
    assert await client.get("/device/connected", deviceId="SIMV2C") == {"connected": False}
    client.cloud.options.connected_shape = "text"
    assert await client.call("GET", "/device/connected", deviceId="SIMV2C") == (200, "false")
    client.cloud.offline_devices = set()
    client.cloud.options.connected_shape = "json"
    assert await client.get("/device/connected", deviceId="SIMV2C") == {"connected": True}


async def test_versions(cloud) -> None:
    client = await cloud()
    assert await client.get("/version", deviceId="SIMV2C") == {"versionId": "2.5.0", "modelName": "Trydan"}
    client.cloud.options.version_shape = "init"
    assert (await client.get("/version", deviceId="SIMV2C"))["versionId"] == "INIT"
    client.cloud.options.version_shape = "text"
    assert await client.call("GET", "/version", deviceId="SIMV2C") == (200, "2.5.0")
