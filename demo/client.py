"""A user of Home Assistant: logs in, calls the REST API and holds one WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import itertools
import time
from typing import Any, Self

import aiohttp

from .config_dir import PASSWORD, USER
from .console import DemoError

POLL_SECONDS = 0.5
ANSWER_SECONDS = 30


@dataclass(kw_only=True)
class HomeAssistant:
    """An authenticated connection to a running Home Assistant."""

    url: str
    session: aiohttp.ClientSession
    tokens: dict[str, Any]
    socket: aiohttp.ClientWebSocketResponse
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str) -> AsyncIterator[Self]:
        """Log in as the demo's user and stay connected while the block runs."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(base_url=url, timeout=timeout) as session:
            tokens = await _log_in(session, f"{url}/")
            async with session.ws_connect("/api/websocket", max_msg_size=0, heartbeat=ANSWER_SECONDS) as socket:
                await socket.receive_json(timeout=ANSWER_SECONDS)
                await socket.send_json({"type": "auth", "access_token": tokens["access_token"]})
                answer = await socket.receive_json(timeout=ANSWER_SECONDS)
                if answer["type"] != "auth_ok":
                    raise DemoError(f"Home Assistant refused the WebSocket: {answer}")
                yield cls(url=url, session=session, tokens=tokens, socket=socket)

    async def command(self, command: str, **payload: object) -> Any:
        """Send a WebSocket command and return its result. One at a time."""
        number = next(self.ids)
        await self.socket.send_json({"id": number, "type": command, **payload})
        async with asyncio.timeout(ANSWER_SECONDS):
            while (answer := await self.socket.receive_json())["id"] != number:
                continue
        if not answer["success"]:
            raise DemoError(f"{command}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]

    async def action(self, name: str, *, response: bool = False, **data: object) -> Any:
        """Call an action (domain.service) and return its response, if it was asked for one."""
        domain, service = name.split(".")
        result = await self.command("call_service", domain=domain, service=service, service_data=data, return_response=response)
        return result.get("response")

    async def states(self) -> dict[str, dict[str, Any]]:
        """Return the states of all entities by entity id."""
        return {state["entity_id"]: state for state in await self.command("get_states")}

    async def get(self, path: str) -> Any:
        """Return the JSON of a REST resource."""
        return await self._request("GET", path, None)

    async def post(self, path: str, payload: object) -> Any:
        """Post to a REST resource and return the JSON of its answer."""
        return await self._request("POST", path, payload)

    async def delete(self, path: str) -> Any:
        """Delete a REST resource."""
        return await self._request("DELETE", path, None)

    async def wait_running(self) -> None:
        """Return once Home Assistant has finished its start."""
        while (await self.get("/api/config"))["state"] != "RUNNING":  # noqa: ASYNC110 another process
            await asyncio.sleep(POLL_SECONDS)

    async def _request(self, method: str, path: str, payload: object) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        async with self.session.request(method, path, json=payload, headers=headers) as response:
            if not response.ok:
                raise DemoError(f"{method} {path}: {response.status} {await response.text()}")
            return await response.json()


async def answers(url: str) -> bool:
    """Tell whether a Home Assistant serves its login page data at this address yet."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/auth/providers") as response:
            return response.ok
    except aiohttp.ClientError:
        return False


async def _log_in(session: aiohttp.ClientSession, client_id: str) -> dict[str, Any]:
    """Go through the login form and return the tokens as the frontend keeps them."""
    start = {"client_id": client_id, "handler": ["homeassistant", None], "redirect_uri": client_id}
    async with session.post("/auth/login_flow", json=start) as response:
        flow = await response.json()
    form = {"client_id": client_id, "username": USER, "password": PASSWORD}
    async with session.post(f"/auth/login_flow/{flow['flow_id']}", json=form) as response:
        step = await response.json()
    if step["type"] != "create_entry":
        raise DemoError(f"the demo's user cannot log in: {step.get('errors')}")
    grant = {"grant_type": "authorization_code", "code": step["result"], "client_id": client_id}
    async with session.post("/auth/token", data=grant) as response:
        tokens: dict[str, Any] = await response.json()
    expires = int((time.time() + tokens["expires_in"]) * 1000)
    return tokens | {"hassUrl": client_id.rstrip("/"), "clientId": client_id, "expires": expires}
