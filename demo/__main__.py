"""Run the demo: scripts/demo [--check] [--port N] [--keep]."""

import argparse
import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
import signal
import sys

from .charger import AT_REST, history
from .checks import run_checks
from .config_dir import PASSWORD, USER
from .console import DemoError, failures, say, table
from .envoy import SOLAR_ONLY
from .flow import TITAN, add_charger, add_envoy, add_titan
from .frontend import prepare
from .loops import add_loops
from .processes import tail
from .registry import read_house
from .runtime import Demo, running
from .simulator import DAYLIGHT, PACKS, STEADY
from .waiting import wait_values

DEFAULT_PORT = 8123
# The whole of a check: something hangs when it takes longer.
TIME_LIMIT = 1200
# The battery packs follow the first values a few readings later; the dashboard wants to show them.
PACKS_WITHIN = 60
# What a shell reports for a program that Ctrl-C ended.
INTERRUPTED = 130


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="A real Home Assistant on a simulated house.")
    parser.add_argument("--check", action="store_true", help="check it all on free ports, print a table, end with 0 or 1")
    parser.add_argument("--port", type=int, help=f"port of Home Assistant (default {DEFAULT_PORT}; with --check a free one)")
    parser.add_argument("--home-assistant", metavar="VERSION", help="another version of Home Assistant, by its lock in locks/")
    parser.add_argument("--keep", action="store_true", help="keep the configuration folder")
    return parser.parse_args(argv)


async def run(options: argparse.Namespace) -> int:
    """Run what was asked for and return the exit code."""
    port = options.port or (None if options.check else DEFAULT_PORT)
    say("Starting the simulated house and Home Assistant …")
    stack = running(port=port, keep=options.keep, version=options.home_assistant)
    async with asyncio.timeout(TIME_LIMIT if options.check else None), stack as demo:
        try:
            return await _demo(demo, options)
        except DemoError:
            say(f"--- end of Home Assistant's log\n{tail(demo.log)}\n---")
            raise


async def _demo(demo: Demo, options: argparse.Namespace) -> int:
    await demo.simulator.change(STEADY if options.check else DAYLIGHT)
    await demo.simulator.change({"trydan": AT_REST} | history(datetime.now().astimezone()))
    await demo.simulator.change({"envoy": {"options": SOLAR_ONLY}})
    title = await add_titan(demo.hass, demo.simulator.modbus_port)
    say(f"{title} was added through the set-up form.")
    title = await add_charger(demo.hass, demo.simulator.cloud_port, demo.simulator.trydan_port)
    say(f"{title} was added through the set-up form, and the address of its charger through the options.")
    title = await add_envoy(demo.hass, demo.simulator.envoy_port)
    say(f"{title} was added through the set-up form, with the account of its owner.")
    if options.check:
        return await _check(demo)
    await demo.simulator.change({"car": {"connected": True, "soc": 40}})
    await wait_values(partial(read_house, demo.hass, TITAN), demo.hass, parts=PACKS + 1, limit=PACKS_WITHIN)
    await prepare(demo.hass)
    await add_loops(demo.hass)
    _welcome(demo)
    await asyncio.Event().wait()
    return 0


async def _check(demo: Demo) -> int:
    rows = await run_checks(demo.hass, demo.simulator)
    say(table(rows))
    failed = failures(rows)
    for row in failed:
        say(f"\nFAILED {row.check}\n  expected {row.expected}\n  got      {row.got}")
    say(f"\n{len(rows) - len(failed)} of {len(rows)} checks passed.")
    return 1 if failed else 0


def _welcome(demo: Demo) -> None:
    say(f"""
  Home Assistant   {demo.hass.url}   user {USER}, password {PASSWORD}
  Simulated house  {demo.simulator.control}   look at it and change it
  Log              {demo.log}

Press Ctrl-C to stop; everything is removed then.""")


def main() -> int:
    """Run until the end or until a signal; the children end in both cases."""

    async def guarded() -> int:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def stop() -> None:
            # Once: a second Ctrl-C must not cut the clean-up short.
            if task is not None and not task.cancelling():
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop)
        return await run(arguments())

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        say("Stopped.")
        return INTERRUPTED
    except TimeoutError:
        say(f"error: not done after {TIME_LIMIT} s")
    except DemoError as error:
        say(f"error: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
