"""Every page of an Enphase gateway that can be read and changes nothing."""

from argparse import Namespace
import time

from aiohttp import ClientSession

from custom_components.energy_core.tokens import Token, TokenKeeper
from custom_components.enphase_envoy.connect import Gateway, digest_of, identify, opened, pin_of
from custom_components.enphase_envoy.envoy.auth import Bearer, Digest
from custom_components.enphase_envoy.envoy.cloud import EnphaseCloud
from custom_components.enphase_envoy.envoy.endpoints import ENDPOINTS, PAGE
from custom_components.enphase_envoy.envoy.link import Link
from custom_components.enphase_envoy.envoy.privacy import secrets_in
from custom_components.enphase_envoy.envoy.token_claims import token_for

from .asking import Found, Say, entered, note, session

# What nobody reads every day, and a bug may hide in.
MORE = (
    *("/production.json", "/ivp/ensemble/status", "/ivp/sc/pvlimit", "/ivp/ss/gen_config", "/ivp/ss/gen_schedule"),
    *("/ivp/ss/dry_contact_settings", "/ivp/livedata/status", "/ivp/peb/newscan", "/ivp/meters/reports/consumption"),
)
DEADLINE = 30.0


async def capture(options: Namespace, say: Say) -> Found:
    """Find out who it is and how it is opened, then ask page after page."""
    found = Found(maker="Enphase")
    async with session(verified=False) as local:
        gateway = await identify(local, options.host)
        found.model, found.firmware = gateway.part_number, gateway.firmware
        found.secrets.add(gateway.serial)
        auth = await (_token(local, gateway, found) if gateway.wants_token else _password(local, gateway, found))
        link = Link(local, gateway.base, auth, pin=await pin_of(gateway))
        for path in dict.fromkeys((*(each.path for each in ENDPOINTS.values()), PAGE.path, *MORE)):
            await note(found, f"GET {path}", link.send("GET", path, deadline=DEADLINE), say)
    told = [each["body"] for each in found.recorder.capture()["exchanges"]]
    found.secrets |= {each for each in secrets_in(told) if each}
    return found


async def _password(local: ClientSession, gateway: Gateway, found: Found) -> Digest:
    """Open firmware before 7; most gateways still have the password that they came with."""
    password = entered("Password of the gateway, if somebody has changed it")
    found.secrets |= {password} - {""}
    return await digest_of(local, gateway, password)


async def _token(local: ClientSession, gateway: Gateway, found: Found) -> Bearer:
    """Open later firmware with a token, or with the account that gives one out."""
    text = entered("Token, or nothing to enter the account")
    if not text:
        username, password = entered("E-mail address of the Enphase account"), entered("Password of the account")
        found.secrets |= {username, password}
        async with session(verified=True) as cloud:
            text = await EnphaseCloud(cloud, username=username, password=password).fetch_token(gateway.serial)
    token: Token = token_for(text, gateway.serial, now=time.time())
    found.secrets.add(token.text)
    return await opened(
        local, gateway, TokenKeeper(token, clock=time.time, renew=None, changed=lambda _token: None), await pin_of(gateway)
    )
