"""Runs Home Assistant and the simulated house together, and ends both."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile

from .client import POLL_SECONDS, HomeAssistant, answers
from .config_dir import write_config
from .console import DemoError, say
from .processes import LOOPBACK, child, ensure_running, free_port, port_is_free, tail
from .simulator import Simulator

ROOT = Path(__file__).resolve().parent.parent
# What is to be installed, and what only the demo has.
INTEGRATIONS = (ROOT / "custom_components", ROOT / "demo" / "integrations")
STAND_INS = ROOT / "demo" / "stand_ins"
# Where scripts/setup puts other versions of Home Assistant.
CACHE = Path(os.environ.get("ENERGY_CORE_CACHE", ROOT / ".cache"))
# A small machine under load needs 20 s; without an answer after this there will be none.
START_SECONDS = 180


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """What runs: a user's connection to Home Assistant, the house behind it, and where the files are."""

    hass: HomeAssistant
    simulator: Simulator
    folder: Path

    @property
    def log(self) -> Path:
        """The log of Home Assistant."""
        return self.folder / "home-assistant.out"


def interpreter(version: str | None) -> Path:
    """Return the Python that has a version of Home Assistant, or our own."""
    if version is None:
        return Path(sys.executable)
    python = CACHE / "home-assistant" / version / "bin" / "python"
    if not python.exists():
        raise DemoError(f"Home Assistant {version} is not installed: scripts/setup --home-assistant {version}")
    return python


@asynccontextmanager
async def running(*, port: int | None, keep: bool, version: str | None = None) -> AsyncIterator[Demo]:
    """Start everything in a throw-away folder; end and remove it all afterwards."""
    python = interpreter(version)
    if port is not None and not port_is_free(port):
        raise DemoError(f"port {port} is taken: stop what uses it, or choose another one with --port")
    chosen = port or free_port()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(_folder(keep=keep))
        simulator = await stack.enter_async_context(Simulator.start(folder, ROOT))
        write_config(folder, INTEGRATIONS, chosen, simulator.enphase_cloud)
        hass = await stack.enter_async_context(home_assistant(python, folder, f"http://{LOOPBACK}:{chosen}"))
        yield Demo(hass=hass, simulator=simulator, folder=folder)


@asynccontextmanager
async def home_assistant(python: Path, folder: Path, url: str) -> AsyncIterator[HomeAssistant]:
    """Run Home Assistant on a configuration folder while the block runs; of all else it sees nothing that is ours."""
    log = folder / "home-assistant.out"
    command = [str(python), "-m", "homeassistant", "--config", str(folder), "--skip-pip"]
    # SIGINT: a killed Home Assistant loses what it has not yet written, and never stops the battery.
    async with (
        child(command, log=log, cwd=folder, stop_signal=signal.SIGINT, modules=STAND_INS) as process,
        AsyncExitStack() as stack,
    ):
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await answers(url):
                    ensure_running(process, "Home Assistant", log)
                    await asyncio.sleep(POLL_SECONDS)
                hass = await stack.enter_async_context(HomeAssistant.connect(url))
                await hass.wait_running()
        except TimeoutError:
            raise DemoError(f"Home Assistant did not start within {START_SECONDS} s:\n{tail(log)}") from None
        yield hass


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    """Make a throw-away folder."""
    folder = Path(tempfile.mkdtemp(prefix="energy-core-demo-"))
    try:
        yield folder
    finally:
        if keep:
            say(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
