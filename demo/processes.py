"""Child processes that always end: started in their own session, stopped by their own PID."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal
import socket

from .console import DemoError

LOOPBACK = "127.0.0.1"
# Home Assistant gives its shutdown stages up to 100 s together; an idle one needs 2 s.
STOP_PATIENCE = 40


def free_port() -> int:
    """Return a port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Tell whether a server may be started on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


@asynccontextmanager
async def child(
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path,
    stop_signal: signal.Signals,
    stdout: int | None = None,
    modules: Path | None = None,
) -> AsyncIterator[Process]:
    """Run a command until the block is left, then stop it with its signal; what it says goes to the log.

    ``modules`` is a folder that comes first on the module path of a Python command. The command's own session keeps
    the terminal's Ctrl-C away from it: the demo stops its children in its own order.
    """
    paths = [str(modules) if modules else "", os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(one for one in paths if one)
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            env=os.environ | ({"PYTHONPATH": path} if path else {}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink if stdout is None else stdout,
            stderr=sink,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await asyncio.shield(_stop(process, stop_signal))


def ensure_running(process: Process, name: str, log: Path) -> None:
    """Raise with the end of the log when the process has ended by itself."""
    if process.returncode is not None:
        raise DemoError(f"{name} ended with code {process.returncode}:\n{tail(log)}")


def tail(log: Path, lines: int = 25) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


async def _stop(process: Process, stop_signal: signal.Signals) -> None:
    """Ask the process to end, and end it when it does not."""
    if process.returncode is not None:
        return
    process.send_signal(stop_signal)
    try:
        async with asyncio.timeout(STOP_PATIENCE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
