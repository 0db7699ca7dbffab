"""The fake gateway: it says what was captured, to those who may ask, and fails as it is told."""

import asyncio
import json
from pathlib import Path
import ssl
from typing import Any

import aiohttp
import jwt
import pytest

from tests.enphase_envoy.capture_gateway import (
    FAULTS,
    OWN,
    Answer,
    CaptureGateway,
    capture_firmware,
    capture_serial,
    captures,
    file_name,
    label,
    new_tls,
    tls,
    token_for,
    version,
)

BATTERY = OWN / "8.2.127_battery"
READINGS = "/ivp/meters/readings"


async def ask(
    gateway: CaptureGateway, path: str, *, method: str = "GET", token: str | None = None, **more: Any
) -> tuple[int, str]:
    """Ask as a client with a token does; return the status and the body."""
    header = f"Bearer {gateway.token if token is None else token}"
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session,
        session.request(method, gateway.base_url + path, headers={"Authorization": header}, **more) as response,
    ):
        return response.status, await response.text()


@pytest.mark.parametrize("folder", captures(OWN), ids=lambda folder: folder.name)
async def test_every_file_is_served(folder: Path) -> None:
    """Each captured answer stands at its path, with the captured status."""
    async with CaptureGateway(folder) as gateway:
        for path in answers(folder):
            log = folder / f"{path.name}_log.json"
            status = json.loads(log.read_text(encoding="utf-8"))["code"] if log.exists() else 200
            asked = "/" + path.name.replace("production.json_details_1", "production.json?details=1")
            if asked.startswith(("/ivp_", "/admin_", "/api_")):
                asked = next(each for each in candidates(asked) if file_name(each) == path.name and gateway.captured(each))
            assert await ask(gateway, asked) == (status, path.read_text(encoding="utf-8")), asked


def answers(folder: Path) -> list[Path]:
    """Return the files of a capture that are answers."""
    return [each for each in folder.iterdir() if not each.name.endswith("_log.json")]


def candidates(name: str) -> list[str]:
    """Return the paths that a file's name may stand for: some underscores are slashes."""
    depths = range(1, name.count("_") + 1)
    return [name.replace("_", "/", depth) for depth in depths]


async def test_names_and_queries() -> None:
    """A query has its own file or that of the path alone; some answers have two names; the rest is 404."""
    assert file_name("/production.json?details=1") == "production.json_details_1"
    async with CaptureGateway(BATTERY) as gateway:
        plain, deleted = await ask(gateway, "/inventory.json"), await ask(gateway, "/inventory.json?deleted=1")
        assert plain == deleted == await ask(gateway, "/inventory")
        assert plain[0] == 200
        assert (await ask(gateway, "/info.xml"))[0] == 200
        assert (await ask(gateway, "/production.json"))[0] == 404
        assert (await ask(gateway, "/installer/agf/index.json"))[0] == 404


def test_what_a_capture_says_of_itself() -> None:
    """Serial number, firmware, and which of two with one name it is."""
    assert capture_serial(OWN / "3.9.36") == "122000000001"
    assert capture_firmware(OWN / "3.9.36") == "3.9.36"
    assert capture_firmware(BATTERY) == "8.2.127"
    assert version("3.9.36") < version("3.17.3") < version("7.0.0") < version("8.2.127")
    assert label(BATTERY) == "own/8.2.127_battery"
    assert label(Path("/elsewhere/3.9.36")) == "public/3.9.36"


def test_tokens() -> None:
    """ES256, for a year unless told otherwise, and for the gateway named."""
    claims = jwt.decode(token_for("122000000400"), options={"verify_signature": False})
    assert jwt.get_unverified_header(token_for("1"))["alg"] == "ES256"
    assert (claims["aud"], claims["enphaseUser"], claims["exp"] - claims["iat"]) == ("122000000400", "owner", 31_536_000)
    short = jwt.decode(token_for("1", lifetime=43_200, role="installer"), options={"verify_signature": False})
    assert (short["enphaseUser"], short["exp"] - short["iat"]) == ("installer", 43_200)


# Who may ask


async def test_a_token_is_needed() -> None:
    """From firmware 7 on, for everything except ``/info``."""
    async with CaptureGateway(BATTERY) as gateway:
        for token in ("", "abc", "a.b.c"):
            assert (await ask(gateway, READINGS, token=token))[0] == 401
            assert (await ask(gateway, "/auth/check_jwt", token=token))[0] == 401
            assert (await ask(gateway, "/info", token=token))[0] == 200
        status, text = await ask(gateway, "/auth/check_jwt")
        assert (status, "Valid token." in text) == (200, True)


async def test_digest() -> None:
    """Below 7 nobody is asked, unless users are given; then the right password is needed."""
    path = "/api/v1/production/inverters"
    async with CaptureGateway(OWN / "5.0.62") as gateway:
        assert gateway.base_url.startswith("http://")
        assert (await ask(gateway, path))[0] == 200
    async with CaptureGateway(OWN / "5.0.62", users={"envoy": "000100"}) as gateway, aiohttp.ClientSession() as session:
        assert (await ask(gateway, path))[0] == 401
        assert (await ask(gateway, "/api/v1/production"))[0] == 200
        for user, password, wanted in (("envoy", "000100", 200), ("envoy", "000101", 401), ("installer", "000100", 401)):
            digest = aiohttp.DigestAuthMiddleware(user, password)
            async with session.get(gateway.base_url + path, middlewares=(digest,)) as response:
                assert response.status == wanted, (user, password)


async def test_certificates() -> None:
    """One for all gateways, unless another is wanted."""
    assert tls() is tls()

    async def shown(gateway: CaptureGateway) -> bytes:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port, ssl=context)
        found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return found

    async with (
        CaptureGateway(BATTERY) as first,
        CaptureGateway(OWN / "7.6.175_mono") as second,
        CaptureGateway(BATTERY, tls_context=new_tls()) as other,
    ):
        assert await shown(first) == await shown(second) != await shown(other)


# Faults


@pytest.mark.parametrize("fault", FAULTS)
async def test_faults(fault: str) -> None:
    """Each does what its name says, to its own path alone."""
    whole = (BATTERY / "ivp_meters_readings").read_text(encoding="utf-8")
    async with CaptureGateway(BATTERY, broken={READINGS: fault}) as gateway:
        if fault in ("reset", "hang"):
            error = TimeoutError if fault == "hang" else aiohttp.ServerDisconnectedError
            with pytest.raises(error):
                await ask(gateway, READINGS, timeout=aiohttp.ClientTimeout(0.3))
        else:
            status, text = await ask(gateway, READINGS)
            assert status == (int(fault) if fault.isdigit() else 200)
            match fault:
                case "object" | "null" | "list":
                    assert text == {"object": "{}", "null": "null", "list": "[]"}[fault]
                case "truncated":
                    assert whole.startswith(text)
                    assert text != whole
                case "nan":
                    assert '"activePower": NaN' in text
                case _:
                    assert text.startswith("<!DOCTYPE html>")
        assert (await ask(gateway, "/ivp/meters"))[0] == 200
        assert gateway.max_in_flight == 1
        gateway.broken.clear()
        assert await ask(gateway, READINGS) == (200, whole)


async def test_a_fault_may_be_of_one_query_or_of_all() -> None:
    """The path alone stands for every query."""
    async with CaptureGateway(BATTERY, broken={"/production.json": "503"}) as gateway:
        assert (await ask(gateway, "/production.json?details=1"))[0] == 503
        gateway.broken = {"/inventory.json?deleted=1": "500"}
        assert (await ask(gateway, "/inventory.json?deleted=1"))[0] == 500
        assert (await ask(gateway, "/inventory.json"))[0] == 200
        gateway.broken = {"/info": "503"}
        assert (await ask(gateway, "/info.xml"))[0] == 503


async def test_overrides() -> None:
    """JSON, text, or a whole answer in place of what was captured."""
    moved = Answer(b"", 302, "text/html", {"Location": "https://localhost/"})
    given = {"/ivp/meters": [{"eid": 1}], "/home": "<html>", "/production.json": moved}
    async with CaptureGateway(BATTERY, overrides=given) as gateway:
        assert json.loads((await ask(gateway, "/ivp/meters"))[1]) == [{"eid": 1}]
        assert await ask(gateway, "/home") == (200, "<html>")
        assert (await ask(gateway, "/production.json?details=1", allow_redirects=False))[0] == 302


# Record and writes


async def test_the_record() -> None:
    """Method, path with query, times, status; and how many at once."""
    async with CaptureGateway(BATTERY, delay=0.05) as gateway:
        await asyncio.gather(ask(gateway, "/ivp/meters"), ask(gateway, "/inventory.json?deleted=1"), ask(gateway, "/nothing"))
        assert gateway.max_in_flight == 3
        assert gateway.in_flight == 0
        (inventory,) = gateway.asked("/inventory.json")
        assert (inventory.method, inventory.path, inventory.status) == ("GET", "/inventory.json?deleted=1", 200)
        assert inventory.end - inventory.start >= 0.05
        assert [each.status for each in gateway.asked("/nothing")] == [404]
        gateway.forget()
        assert (gateway.requests, gateway.max_in_flight) == ([], 0)


async def test_writes_are_read_back() -> None:
    """Objects are merged, lists by id, and the body is kept as it came."""
    async with CaptureGateway(BATTERY) as gateway:
        body = {"tariff": {"storage_settings": {"reserved_soc": 55}}}
        assert (await ask(gateway, "/admin/lib/tariff", method="PUT", json=body))[0] == 200
        assert gateway.asked(method="PUT")[0].body == body
        settings = json.loads((await ask(gateway, "/admin/lib/tariff"))[1])["tariff"]["storage_settings"]
        assert (settings["reserved_soc"], settings["mode"]) == (55, "self-consumption")
        contact = {"dry_contacts": {"id": "NC1", "status": "open"}}
        assert (await ask(gateway, "/ivp/ensemble/dry_contacts", method="POST", json=contact))[0] == 200
        shown = json.loads((await ask(gateway, "/ivp/ensemble/dry_contacts"))[1])["dry_contacts"]
        assert [each["status"] for each in shown] == ["open", "open", "open", "closed"]
        assert (await ask(gateway, "/ivp/ensemble/relay", method="POST", json={"mains_admin_state": "open"}))[0] == 200
        groups = json.loads((await ask(gateway, "/ivp/ensemble/inventory"))[1])
        assert groups[1]["devices"][0]["mains_oper_state"] == "open"
        assert (await ask(gateway, "/ivp/ensemble/relay", method="POST", json={"mains_admin_state": "ajar"}))[0] == 404
        assert (await ask(gateway, "/ivp/ss/gen_mode", method="POST", json={"gen_cmd": "on"}))[0] == 404


async def test_sleep_of_ac_batteries() -> None:
    """Sleep and wake change the inventory and the list of sleepers."""
    path, serial = "/admin/lib/acb_config", "122000000607"
    async with CaptureGateway(OWN / "8.2.4382_acb") as gateway:
        asked = {"acb_sleep": [{"serial_num": serial, "sleep_min_soc": 40, "sleep_max_soc": 45}]}
        assert (await ask(gateway, path, method="PUT", json=asked))[0] == 200
        assert json.loads((await ask(gateway, path))[1]) == asked
        battery = gateway.document("/inventory.json?deleted=1")[1]["devices"][0]
        assert (battery["sleep_enabled"], battery["sleep_min_soc"]) == (True, 40)
        assert (await ask(gateway, path, method="DELETE", json={"acb_sleep": [{"serial_num": serial}]}))[0] == 200
        assert json.loads((await ask(gateway, path))[1]) == {"acb_sleep": []}
