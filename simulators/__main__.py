"""Run the simulated house: python -m simulators --titan-http-port 8080 --trydan-port 8081 --control-port 8100."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from time import monotonic, time
from typing import TYPE_CHECKING

from .control import Control
from .enphase_cloud import EnphaseCloudSimulator
from .envoy import EnvoySimulator
from .house import House
from .scenarios import SCENARIOS
from .titan import TitanSimulator
from .trydan import TrydanSimulator
from .v2c_cloud import V2CCloudSimulator

if TYPE_CHECKING:
    from collections.abc import Callable


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="simulators", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--titan-modbus-port", type=int, default=8899)
    parser.add_argument("--titan-http-port", type=int, default=8080)
    parser.add_argument("--trydan-port", type=int, default=0)
    parser.add_argument("--v2c-cloud-port", type=int, default=0)
    parser.add_argument("--enphase-cloud-port", type=int, default=0)
    parser.add_argument("--trydan-firmware", default="2.5.0")
    parser.add_argument("--envoy-port", type=int, default=0)
    parser.add_argument("--envoy-profile", default="8.3", help="firmware of the Enphase gateway; below 7 it speaks plain HTTP")
    parser.add_argument("--envoy-phases", type=int, default=3, choices=(1, 2, 3))
    parser.add_argument("--control-port", type=int, default=8100)
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per real second")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="sunny")
    parser.add_argument("--packs", type=int, default=2, choices=range(6))
    parser.add_argument("--dead-time", type=float, default=0.5, help="seconds before the battery follows an order")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


def scaled(speed: float) -> Callable[[], float]:
    """Give a clock that runs speed times as fast as real time."""
    began = monotonic()
    return lambda: (monotonic() - began) * speed


def gateway(house: House, options: argparse.Namespace, cloud: EnphaseCloudSimulator) -> EnvoySimulator:
    """Give an Enphase gateway whose batteries are the battery of the house; it believes the tokens of this cloud."""
    envoy = EnvoySimulator(
        house,
        profile=options.envoy_profile,
        host=options.host,
        port=options.envoy_port,
        phases=options.envoy_phases,
        inverters=12,
        clock=time,
        token_key=cloud.public_key,
    )
    if envoy.options.firmware.tokens:
        envoy.change(encharges=2, enpower=True, storage_ct=True)
    return envoy


async def run(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    house = House(
        clock=scaled(options.speed),
        seed=options.seed,
        packs=options.packs,
        dead_time=options.dead_time,
        auto_midnight=True,
    )
    titan = TitanSimulator(house, host=options.host, modbus_port=options.titan_modbus_port, http_port=options.titan_http_port)
    trydan = TrydanSimulator(house, host=options.host, port=options.trydan_port, firmware=options.trydan_firmware)
    cloud = V2CCloudSimulator([trydan], host=options.host, port=options.v2c_cloud_port)
    enphase_cloud = EnphaseCloudSimulator(host=options.host, port=options.enphase_cloud_port)
    envoy = gateway(house, options, enphase_cloud)
    control = Control(house, titan, trydan, cloud, envoy=envoy, enphase_cloud=enphase_cloud)
    control.patch({"scenario": options.scenario})
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(control.stop)
        for device in (titan, trydan, cloud, envoy, enphase_cloud):
            await stack.enter_async_context(device)
        await control.start(options.host, options.control_port)
        ports = {
            "titan_modbus": titan.modbus_port,
            "titan_http": titan.http_port,
            "trydan": trydan.port,
            "v2c_cloud": cloud.port,
            "envoy": envoy.port,
            "enphase_cloud": enphase_cloud.port,
            "control": control.port,
        }
        sys.stdout.write(json.dumps({"host": options.host, **ports}) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(run(arguments()))
