"""Starts the simulated house and talks to its control API."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
from pathlib import Path
import signal
import sys
from typing import Any, Self

import aiohttp

from .compare import Expected
from .console import DemoError
from .processes import LOOPBACK, child, ensure_running, tail

START_SECONDS = 30
ANSWER_SECONDS = 10
# Nothing may move while numbers are compared, and no two inputs may be mistaken for each other.
STEADY: Mapping[str, object] = {"pv_inputs": [310, 240, 160, 90], "load_w": 420, "ev_w": 0, "soc": 50}
# Whatever the time of day: sun to spare, so that the battery charges.
DAYLIGHT: Mapping[str, object] = {"pv_inputs": [420, 380, 310, 250], "load_w": 480, "ev_w": 0, "soc": 62}
# Extension packs; the unit's own battery is one more.
PACKS = 2
# The device rounds each of its four inputs to 1 W, energies to 1 Wh, and Home Assistant is one reading behind.
ROUND_W = 4.0
ROUND_WH = 5.0
ROUND_SOC = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class Simulator:
    """The running simulated house."""

    session: aiohttp.ClientSession
    control: str
    modbus_port: int
    http_port: int
    trydan_port: int
    cloud_port: int
    envoy_port: int
    enphase_cloud: str

    @classmethod
    @asynccontextmanager
    async def start(cls, folder: Path, root: Path) -> AsyncIterator[Self]:
        """Run the simulator on free ports while the block runs."""
        log = folder / "simulator.log"
        zeros = (word for name in ("titan-modbus", "titan-http", "control") for word in (f"--{name}-port", "0"))
        command = [sys.executable, "-m", "simulators", "--host", LOOPBACK, "--packs", str(PACKS), "--envoy-phases", "1", *zeros]
        pipe = asyncio.subprocess.PIPE
        async with child(command, log=log, cwd=root, stop_signal=signal.SIGTERM, stdout=pipe) as process:
            if process.stdout is None:
                raise DemoError("the simulator has no output")
            try:
                async with asyncio.timeout(START_SECONDS):
                    line = await process.stdout.readline()
            except TimeoutError:
                raise DemoError(f"the simulator did not start:\n{tail(log)}") from None
            if not line:
                await process.wait()
                ensure_running(process, "the simulator", log)
            ports = json.loads(line)
            timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            control = f"http://{LOOPBACK}:{ports['control']}"
            async with aiohttp.ClientSession(base_url=control, timeout=timeout) as session:
                yield cls(
                    session=session,
                    control=control,
                    modbus_port=ports["titan_modbus"],
                    http_port=ports["titan_http"],
                    trydan_port=ports["trydan"],
                    cloud_port=ports["v2c_cloud"],
                    envoy_port=ports["envoy"],
                    enphase_cloud=f"http://{LOOPBACK}:{ports['enphase_cloud']}",
                )

    async def state(self) -> dict[str, Any]:
        """Return everything that is going on right now: house, titan, trydan, v2c, envoy, enphase_cloud."""
        async with self.session.get("/api/state") as response:
            response.raise_for_status()
            state: dict[str, Any] = await response.json()
        return state

    async def house(self) -> dict[str, Any]:
        """Return the physics of the house right now."""
        house: dict[str, Any] = (await self.state())["house"]
        return house

    async def change(self, change: Mapping[str, object]) -> None:
        """Change the house."""
        async with self.session.post("/api/state", json=change) as response:
            if not response.ok:
                raise DemoError(f"the simulator refused {change}: {await response.text()}")


def expectations(house: Mapping[str, Any]) -> list[Expected]:
    """Return the numbers that Home Assistant must show for this state of the house."""
    energy = house["energy"]
    ac_output = house["pv_w"] + house["battery_w"]
    watts = {
        "battery_power": house["battery_w"],
        "dc_input_power": house["pv_w"],
        **{f"dc_input_power_{number}": power for number, power in enumerate(house["pv_inputs"], 1)},
        "ac_output_power": max(0.0, ac_output),
        "ac_input_power": max(0.0, -ac_output),
        "meter_power": house["grid_w"],
    }
    watt_hours = {
        "daily_production": energy["pv"][1],
        "cumulative_production": energy["pv"][0],
        "battery_daily_charging_energy": energy["charge"][1],
        "battery_daily_discharging_energy": energy["discharge"][1],
        "battery_total_charging_energy": energy["charge"][0],
        "battery_total_discharging_energy": energy["discharge"][0],
    }
    return [
        Expected(key="battery_soc", value=house["soc"], tolerance=ROUND_SOC, unit="%"),
        *(Expected(key=key, value=value, tolerance=ROUND_W, unit="W") for key, value in watts.items()),
        *(Expected(key=key, value=value, tolerance=ROUND_WH, unit="Wh") for key, value in watt_hours.items()),
    ]
