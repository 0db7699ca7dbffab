"""Child processes that are asked in lines of JSON, and end when nobody can ask them any more."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import subprocess
import sys
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
# What an idle child needs to end, in seconds.
PATIENCE: Final = 20

type Answerer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class ChildError(Exception):
    """A child ended before it had answered."""


class Child:
    """A Python module of ours in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        """Speak to ``process``."""
        self._process = process
        self._name = name

    def say(self, **what: Any) -> None:
        """Send a question; the answer may take a while."""
        assert self._process.stdin is not None
        try:
            print(json.dumps(what), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise ChildError(f"{self._name} has ended") from None

    def hear(self) -> dict[str, Any]:
        """Return the answer to the oldest question."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ChildError(f"{self._name} ended without an answer; its last words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, **what: Any) -> dict[str, Any]:
        """Send a question and wait for its answer."""
        self.say(**what)
        return self.hear()


@contextmanager
def child(module: str, *arguments: str) -> Iterator[Child]:
    """Run ``module`` until the block is left."""
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        # Ctrl-C is for the parent: its children end after it, in order.
        start_new_session=True,
    ) as process:
        try:
            yield Child(process, module)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


async def serve(answer: Answerer) -> None:
    """Be a child: answer questions until there are no more; nobody else may write where the answers go."""
    answers, sys.stdout = sys.stdout, sys.stderr
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await answer(json.loads(line))), file=answers, flush=True)
