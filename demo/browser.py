"""Headless Chromium, driven over its DevTools protocol: open a page, run a script, take a picture."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import itertools
from pathlib import Path
import re
import shutil
import signal
from typing import Any, Self

import aiohttp

from .console import DemoError
from .processes import LOOPBACK, child, ensure_running, tail

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Root needs --no-sandbox; the rest keeps the browser from looking for hosts on the network.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--lang=en-GB",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
    "--remote-debugging-address=127.0.0.1",
)
# Of a picture, unless it needs more.
SIZE = (1280, 900)
START_SECONDS = 60
ANSWER_SECONDS = 60
LOOK_SECONDS = 0.5
# Visits every element, also inside the shadow roots of which Home Assistant's frontend is made.
WALKER = """
const walk = (node, visit) => {
  for (const child of node.children || []) {
    visit(child);
    if (child.shadowRoot) walk(child.shadowRoot, visit);
    walk(child, visit);
  }
};
const all = (selector) => {
  const found = [];
  walk(document, (element) => { if (element.matches(selector)) found.push(element); });
  return found;
};
const inputs = () => all("input").map((element) => element.value).join("\\n");
const texts = () => {
  const found = [];
  const read = (node) => {
    if (node.nodeType === 3) { const text = node.textContent.trim(); if (text) found.push(text); return; }
    if (["STYLE", "SCRIPT"].includes(node.nodeName)) return;
    if (node.shadowRoot) node.shadowRoot.childNodes.forEach(read);
    (node.childNodes || []).forEach(read);
  };
  read(document.body);
  return found.join("\\n");
};
"""


def find_browser() -> str | None:
    """Return the path of an installed Chromium, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass(kw_only=True)
class Page:
    """One tab of the browser."""

    socket: aiohttp.ClientWebSocketResponse
    origin: str
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    @asynccontextmanager
    async def open(cls, browser: str, folder: Path, origin: str, size: tuple[int, int]) -> AsyncIterator[Self]:
        """Run a browser with one empty tab while the block runs."""
        log, profile = folder / "chromium.log", folder / "chromium"
        command = [browser, *FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}", "about:blank"]
        async with child(command, log=log, cwd=folder, stop_signal=signal.SIGTERM) as process:
            port = await _debugging_port(log, lambda: ensure_running(process, "Chromium", log))
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://{LOOPBACK}:{port}/json/list") as response:
                    tabs = await response.json()
                address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    page = cls(socket=socket, origin=origin)
                    await page.resize(size)
                    yield page

    async def resize(self, size: tuple[int, int]) -> None:
        """Give the tab another size."""
        width, height = size
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    async def call(self, method: str, **params: object) -> Any:
        """Send a DevTools command and return its result."""
        number = next(self.ids)
        await self.socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(ANSWER_SECONDS):
            while (answer := await self.socket.receive_json()).get("id") != number:
                continue
        if "error" in answer:
            raise DemoError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    async def run(self, script: str) -> Any:
        """Run the body of a function in the page and return its value."""
        wrapped = f"(async () => {{ {WALKER} {script} }})()"
        answer = await self.call("Runtime.evaluate", expression=wrapped, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise DemoError(f"the page's script failed: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    async def visit(self, path: str) -> None:
        """Open a page of the origin."""
        await self.call("Page.navigate", url=f"{self.origin}{path}")

    async def wait_for(self, condition: str, limit: float = ANSWER_SECONDS) -> None:
        """Wait until a JavaScript expression is true; say what the page shows when it does not become so."""
        try:
            async with asyncio.timeout(limit):
                while not await self._holds(condition):  # noqa: ASYNC110 the page tells nobody
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            shown = await self.run("return location.pathname + '\\n' + texts();")
            raise DemoError(f"the page never met: {condition}\nIt shows: {str(shown)[:1500]}") from None

    async def picture(self, path: Path) -> None:
        """Write what the tab shows as a PNG."""
        answer = await self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))  # noqa: ASYNC240 small file, nothing else runs

    async def _holds(self, condition: str) -> bool:
        """Evaluate a condition; while a page is loading there is nothing to evaluate it in."""
        try:
            return bool(await self.run(f"return Boolean({condition});"))
        except DemoError:
            return False


async def _debugging_port(log: Path, check: Callable[[], None]) -> int:
    """Return the port that the browser says it listens on."""
    try:
        async with asyncio.timeout(START_SECONDS):
            while not (found := re.search(r"DevTools listening on ws://[^:]+:(\d+)/", tail(log, 200))):
                check()
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise DemoError(f"Chromium did not start:\n{tail(log)}") from None
    return int(found[1])
