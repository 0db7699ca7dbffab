"""A real Home Assistant, of any version, in a process of its own that has nothing of ours but what was installed."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import re
import shutil
import sys
from typing import Any, Final

from homeassistant.const import __version__ as own
import pytest

from demo.charger import AT_REST, charger_expectations, read_charger
from demo.checks import LOGGERS
from demo.client import HomeAssistant
from demo.compare import Expected, log_complaints
from demo.config_dir import CONFIGURATION, storage_seeds
from demo.console import failures
from demo.envoy import SOLAR_ONLY, envoy_expectations, read_envoy
from demo.flow import ENVOY, TITAN, V2C, add_charger, add_envoy, add_titan
from demo.processes import LOOPBACK, free_port
from demo.registry import House, read_house
from demo.runtime import CACHE, home_assistant
from demo.simulator import STEADY, Simulator, expectations
from demo.waiting import agree
from release.sources import Files
from tests.source_tree import ROOT

PROBE: Final = Path(__file__).with_name("suite_probe")
ENTRY: Final = "/api/config/config_entries/entry"
# Where Home Assistant stores them.
ENTRIES: Final = "core.config_entries"
# Seconds until the last part of a device has been read.
PATIENCE: Final = 30
# What the library says when a request was given up, which a machine under load does, and its answer comes after all.
LATE: Final = "Received unexpected response with Transaction ID"
# The one of the development environment; each other one has a lock.
DEVELOPMENT: Final = "2026.10"
LOCKED: Final = sorted(path.stem.removeprefix("home-assistant-") for path in (ROOT / "locks").glob("*.lock"))
VERSIONS: Final = sorted([DEVELOPMENT, *LOCKED], key=lambda each: [int(part) for part in each.split(".")])


def python_of(version: str) -> Path:
    """Return the Python that has this version of Home Assistant; skip the test, or fail it in CI, when there is none."""
    if own.startswith(f"{version}."):
        return Path(sys.executable)
    home = ROOT / ".venv" if version == DEVELOPMENT else CACHE / "home-assistant" / version
    python = home / "bin/python"
    if not python.exists():
        reason = f"Home Assistant {version} is not installed: scripts/setup --home-assistant {version}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return python


@dataclass(frozen=True, kw_only=True)
class Device:
    """How a user adds a device, what its numbers in Home Assistant are, and what the simulator says that they are."""

    add: Callable[[HomeAssistant, Simulator], Awaitable[str]]
    read: Callable[[HomeAssistant], Awaitable[House]]
    expected: Callable[[Mapping[str, Any]], list[Expected]]


DEVICES: Final = {
    TITAN: Device(
        add=lambda hass, there: add_titan(hass, there.modbus_port),
        read=lambda hass: read_house(hass, TITAN),
        expected=lambda state: expectations(state["house"]),
    ),
    V2C: Device(
        add=lambda hass, there: add_charger(hass, there.cloud_port, there.trydan_port),
        read=read_charger,
        expected=lambda state: charger_expectations(state["trydan"]),
    ),
    ENVOY: Device(
        add=lambda hass, there: add_envoy(hass, there.envoy_port),
        read=read_envoy,
        expected=lambda state: envoy_expectations(state["envoy"]),
    ),
}


@dataclass
class Home:
    """A configuration folder, and the simulated house that stays while Home Assistant comes and goes."""

    config: Path
    simulator: Simulator
    port: int = field(default_factory=free_port)

    @property
    def components(self) -> Path:
        """Where integrations are installed."""
        return self.config / "custom_components"

    @property
    def log(self) -> str:
        """Everything that Home Assistant said."""
        return (self.config / "home-assistant.out").read_text(encoding="utf-8", errors="replace")

    def install(self, files: Files) -> None:
        """Put files below ``custom_components``; a folder that was there before goes first, as all installers do it."""
        for domain in {path.partition("/")[0] for path in files}:
            shutil.rmtree(self.components / domain, ignore_errors=True)
        for path, content in files.items():
            (self.components / path).parent.mkdir(parents=True, exist_ok=True)
            (self.components / path).write_bytes(content)

    @asynccontextmanager
    async def running(self, version: str) -> AsyncGenerator[Resident]:
        """Run this version of Home Assistant until the block ends."""
        python = python_of(version)
        async with home_assistant(python, self.config, f"http://{LOOPBACK}:{self.port}") as hass:
            told = await hass.get("/api/config")
            assert told["version"].startswith(f"{version}."), told["version"]
            yield Resident(hass, self)

    def stored(self, words: Iterable[str]) -> list[str]:
        """Return the files of ``.storage`` that have one of these words in their name."""
        return sorted(path.name for path in (self.config / ".storage").iterdir() if any(word in path.name for word in words))

    def errors(self) -> list[str]:
        """Return the records of the log that no user should see: of ours, from errors up or with a traceback."""
        records = re.split(r"^(?=\d{4}-\d\d-\d\d )", self.log, flags=re.MULTILINE)
        bad = [each for each in records if re.search(r"^\S+ \S+ (ERROR|CRITICAL) |^Traceback", each, re.MULTILINE)]
        return [each for each in bad if any(name in each for name in LOGGERS)]


@dataclass
class Resident:
    """A user of the Home Assistant that runs."""

    hass: HomeAssistant
    home: Home

    async def move_in(self, domains: Iterable[str]) -> None:
        """Add an entry for each integration through its flow; it has to load."""
        for domain in domains:
            await DEVICES[domain].add(self.hass, self.home.simulator)

    async def entries(self, domain: str) -> list[dict[str, Any]]:
        """Return the entries of an integration."""
        found: list[dict[str, Any]] = await self.hass.command("config_entries/get", domain=domain)
        return found

    async def states(self, domains: Iterable[str]) -> dict[str, list[str]]:
        """Return the states of the entries of integrations."""
        return {domain: [each["state"] for each in await self.entries(domain)] for domain in domains}

    async def reload(self, domains: Iterable[str]) -> None:
        """Load every entry anew."""
        for domain in domains:
            for entry in await self.entries(domain):
                await self.hass.post(f"{ENTRY}/{entry['entry_id']}/reload", {})

    async def move_out(self, domains: Iterable[str]) -> None:
        """Remove every entry."""
        for domain in domains:
            for entry in await self.entries(domain):
                await self.hass.delete(f"{ENTRY}/{entry['entry_id']}")

    async def wrong_values(self, domains: Iterable[str]) -> list[str]:
        """Return each number that is not the simulator's, also after a few polls."""
        found = []
        for domain in domains:
            device = DEVICES[domain]

            async def numbers(device: Device = device) -> list[Expected]:
                return device.expected(await self.home.simulator.state())

            rows = await agree(self.hass, await device.read(self.hass), numbers, 1)
            found += [f"{domain}: {row.check}: {row.expected}, not {row.got}" for row in failures(rows)]
        return found

    async def modules(self) -> dict[str, str]:
        """Return the modules of ours that are loaded, each with its file."""
        loaded: dict[str, str] = await self.hass.command("suite_probe/modules")
        return {name: file for name, file in loaded.items() if name.split(".")[1] != PROBE.name}

    async def complaints(self) -> list[str]:
        """Return what the log says of ours, from warnings up."""
        return [each for each in log_complaints(await self.hass.command("system_log/list"), LOGGERS) if LATE not in each]

    async def entities(self, domains: Iterable[str]) -> dict[str, str]:
        """Return the unique ids of all entities of integrations with their entity ids."""
        listed = await self.hass.command("config/entity_registry/list")
        return {f"{each['platform']} {each['unique_id']}": each["entity_id"] for each in listed if each["platform"] in domains}

    async def abandoned(self) -> list[str]:
        """Return the entities of the registry that no integration serves any more; parts of a device may come later."""
        for _ in range(PATIENCE):
            states = await self.hass.states()
            found = sorted(name for name, state in states.items() if state["attributes"].get("restored"))
            if not found:
                break
            await asyncio.sleep(1)
        return found

    async def left(self, domains: Iterable[str]) -> list[str]:
        """Return what there is of integrations: entries, devices, entities, states, repairs."""
        devices = await self.hass.command("config/device_registry/list")
        issues = (await self.hass.command("repairs/list_issues"))["issues"]
        found = [f"entry {each['title']}" for domain in domains for each in await self.entries(domain)]
        found += [f"device {each['name']}" for each in devices if {each[0] for each in each["identifiers"]} & {*domains}]
        found += (await self.entities(domains)).values()
        return found + [f"repair {each['issue_id']}" for each in issues if each["domain"] in domains]


def _configure(folder: Path, port: int, enphase_cloud: str) -> None:
    """Fill a configuration folder with everything but integrations of ours."""
    probe = f"{PROBE.name}:\n  enphase: {enphase_cloud}\n"
    (folder / "configuration.yaml").write_text(CONFIGURATION + probe, encoding="utf-8")
    shutil.copytree(PROBE, folder / "custom_components" / PROBE.name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".storage").mkdir()
    for name, content in storage_seeds(port).items():
        (folder / ".storage" / name).write_text(json.dumps(content), encoding="utf-8")


@asynccontextmanager
async def real_home(folder: Path) -> AsyncGenerator[Home]:
    """Make a configuration without any integration of ours, and run the house."""
    async with Simulator.start(folder, ROOT) as simulator:
        await simulator.change(STEADY)
        await simulator.change({"trydan": AT_REST, "envoy": {"options": SOLAR_ONLY}})
        home = Home(folder, simulator)
        _configure(folder, home.port, simulator.enphase_cloud)
        yield home
