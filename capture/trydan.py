"""Everything that a Trydan tells on the local network, as it tells it; with an API key what the cloud says, too."""

from argparse import Namespace
from collections.abc import Mapping
import re
from typing import Any

from aiohttp import ClientSession

from custom_components.energy_core.capture import Recorder, private
from custom_components.energy_core.errors import DeviceProtocolError, EnergyError
from custom_components.energy_core.http import Answer, request
from custom_components.energy_core.pacing import Pacer
from custom_components.v2c_cloud.v2c import endpoints
from custom_components.v2c_cloud.v2c.address import netloc, split
from custom_components.v2c_cloud.v2c.cloud import BASE_URL, CloudClient
from custom_components.v2c_cloud.v2c.lan import DEADLINE, GAP, HEADERS, MAX_BYTES, REALTIME
from custom_components.v2c_cloud.v2c.privacy import NAMES
from custom_components.v2c_cloud.v2c.quota import Quota
from custom_components.v2c_cloud.v2c.repair import KEYWORDS, realtime

from .asking import Found, Say, entered, note, session

# Reads of one charger that cost a call each and wake nothing; a scan for networks is none of them.
OF_CHARGER = (
    *(endpoints.REPORTED, endpoints.LIVE, endpoints.CONNECTED, endpoints.VERSION),
    *(endpoints.RFID_CARDS, endpoints.SESSIONS, endpoints.PROFILES),
)

# In a text that is no JSON, too.
PRIVATE = re.compile(r'"(?:ID|SSID|IP|MAC)"\s*[:=]?\s*"((?:[^"\\]|\\.)+)"', re.IGNORECASE)


async def capture(options: Namespace, say: Say) -> Found:
    """Ask the box, gently; then the cloud, if there is a key to it."""
    found = Found(maker="V2C", model="Trydan", names=NAMES, blanks_all=True)
    async with session(verified=False) as opened:
        await _by_lan(opened, options.host, found, say)
    if options.cloud:
        async with session(verified=True) as opened:
            await _by_cloud(opened, options.base_url or BASE_URL, entered("API key"), found, say)
    return found


async def _by_lan(opened: ClientSession, host: str, found: Found, say: Say) -> None:
    url, pacer = f"http://{netloc(*split(host))}", Pacer(GAP)

    async def get(path: str) -> Answer:
        async with pacer.turn():
            return await request(opened, "GET", url + path, deadline=DEADLINE, headers=HEADERS, max_bytes=MAX_BYTES)

    await note(found, f"GET {REALTIME}", get(REALTIME), say)
    told = _told(found)
    found.firmware = str(told["FirmwareVersion"]) if "FirmwareVersion" in told else None
    # Whatever was not understood is private all the same where it stands under such a name.
    for text in (each["body"] for each in found.recorder.capture()["exchanges"] if isinstance(each["body"], str)):
        for value in PRIVATE.findall(text):
            found.secrets |= {value, value.encode().decode("unicode_escape", errors="ignore")}
        found.recorder.note(f"GET {REALTIME}", PRIVATE.sub(lambda match: match[0].replace(match[1], "REDACTED"), text), 200)
    for keyword in (each for each in KEYWORDS if told and each not in ("ID", "SSID", "IP")):
        await note(found, f"GET /read/{keyword}", get(f"/read/{keyword}"), say)
    known = (dict(told), found.recorder.capture()["exchanges"])
    found.secrets |= {each for one in known for each in private(one, NAMES) if each}
    found.secrets |= {str(told[name]) for name in ("ID", "SSID", "IP") if told.get(name)}


def _told(found: Found) -> Mapping[str, Any]:
    """Return what was understood of the first answer; what was not is in the capture all the same."""
    for each in found.recorder.capture()["exchanges"]:
        body = each["body"]
        if isinstance(body, dict):
            return body
        try:
            return realtime(str(body).encode())
        except DeviceProtocolError:
            continue
    return {}


async def _by_cloud(opened: ClientSession, base: str, key: str, found: Found, say: Say) -> None:
    """Make one call for the account and a few for each charger; the account has a thousand a day."""
    quota, pacer = Quota(), Pacer(1.0)
    found.secrets.add(key)

    async def call(recorder: Recorder, endpoint: endpoints.Endpoint, charger: str | None = None) -> Any:
        client = CloudClient(opened, key, quota=quota, base_url=base, pacer=pacer, recorder=recorder)
        try:
            answer = await client.call(endpoint, charger)
        except EnergyError as error:
            found.silent[endpoint.name] = str(error)
            say(f"{endpoint.name}: {error}")
            return None
        say(endpoint.name)
        return answer

    pairings = await call(found.recorder, endpoints.PAIRINGS)
    chargers = [str(each["deviceId"]) for each in pairings or [] if isinstance(each, dict) and each.get("deviceId")]
    found.secrets |= set(chargers)
    for number, charger in enumerate(chargers, 1):
        told = Recorder()
        for endpoint in OF_CHARGER:
            await call(told, endpoint, charger)
        for each in told.capture()["exchanges"]:
            found.recorder.note(f"{each['request']} of charger {number}", each["body"], each["status"])
    found.secrets |= {each for each in private(found.recorder.capture()["exchanges"], NAMES) if each}
