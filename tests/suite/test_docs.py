"""The documents: links lead somewhere, pictures are there, code is code, and every command is run by somebody."""

import argparse
import ast
from collections.abc import Callable, Sequence
import contextlib
import io
import json
import os
from pathlib import Path
import re
import shlex
import socket
import subprocess
import sys
from textwrap import dedent
import tomllib
from typing import Any
from urllib.request import Request, urlopen

import pytest

from bench import __main__ as bench, control as bench_control
from bench.gateway import command as bench_gateway
from bench.mutation import __main__ as mutation
from bench.soak import command as bench_soak
from capture import __main__ as capture
from demo import __main__ as demo
from release import __main__ as release
from simulators import __main__ as simulators
from tests.source_tree import ROOT
from tests.suite.artefacts import HERE
from tests.suite.commands import RUN_BY, Command, commands, runner
from tests.suite.pages import Code, Page, page, pages

EACH = pytest.mark.parametrize("one", pages(), ids=str)
WEB = re.compile(r"[a-z]+:")
COMMANDS = {each for one in pages() for each in commands(one)}
# Programs whose options can be read without running them.
PARSERS: dict[str, Callable[[Sequence[str]], argparse.Namespace]] = {
    "scripts/bench control": bench_control.arguments,
    "scripts/bench gateway": bench_gateway.arguments,
    "scripts/bench soak": bench_soak.arguments,
    "scripts/mutate": mutation.arguments,
    "scripts/bench": bench.arguments,
    "scripts/capture": capture.arguments,
    "scripts/demo": demo.arguments,
    ".venv/bin/python -m simulators": lambda given: simulators.arguments(list(given)),
}
# Languages of code blocks, and what reads them; YAML has a test of its own (test_docs_yaml.py).
LANGUAGES = {"", "sh", "bash", "python", "json", "yaml", "toml", "diff", "text", "mermaid"}


# Links


def wrong_links(one: Page) -> list[str]:
    """Return what links to nowhere."""
    found = []
    for each in one.links:
        if WEB.match(each.target):
            continue
        path, anchor = one.leads_to(each.target)
        target = ROOT / path
        if not target.exists():
            found.append(f"{each.target}: no such file")
        elif anchor and (target.suffix != ".md" or anchor not in (one if path == one.path else page(path)).anchors):
            found.append(f"{each.target}: no such heading")
    return found


@EACH
def test_every_link_leads_somewhere(one: Page) -> None:
    """Files and headings of this repository."""
    assert wrong_links(one) == []


def test_a_dead_link_is_found() -> None:
    """The check above can fail."""
    sample = Page("docs/safety.md", "# A b\n[a](#a-b) [b](#b) [c](titan.md#nothing) [d](gone.md) [e](../README.md) `[f](no)`")
    assert [each.partition(":")[0] for each in wrong_links(sample)] == ["#b", "titan.md#nothing", "gone.md"]


def test_every_picture_is_shown_and_there() -> None:
    """A picture that nobody shows is made for nothing."""
    shown = {one.leads_to(each.target)[0] for one in pages() for each in one.links if each.picture}
    told = {one.leads_to(each)[0] for one in pages() for each in re.findall(r'<img[^>]* src="([^"]+)"', one.text)}
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "images").rglob("*") if path.is_file()}
    assert {path for path in shown | told if not WEB.match(path)} == there


def test_every_page_can_be_found() -> None:
    """From the front page, by links."""
    seen, waiting = set(), ["README.md", "README.fr.md", "AGENTS.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.endswith(".md") or not (ROOT / path).is_file():
            continue
        seen.add(path)
        waiting += [page(path).leads_to(each.target)[0] for each in page(path).links if not WEB.match(each.target)]
    folder = {one.path for one in pages() if one.path.startswith("docs/decisions/")}
    assert {one.path for one in pages()} - folder <= seen


# Code


def problem_of(block: Code) -> str | None:
    """Return why a block is not what it says it is."""
    if block.language not in LANGUAGES:
        return f"unknown language {block.language}"
    try:
        if block.language == "python":
            compile(dedent(block.text), "docs", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if block.language == "json":
            text = block.text.strip()
            json.loads(text if text[0] in "{[" else f"{{{text}}}")
        if block.language == "toml":
            tomllib.loads(block.text)
    except (SyntaxError, ValueError) as error:
        return str(error)
    return None


@EACH
def test_code_is_code(one: Page) -> None:
    """Python compiles, JSON parses."""
    assert [f"line {block.line}: {wrong}" for block in one.code if (wrong := problem_of(block))] == []


@pytest.mark.parametrize(("language", "text"), [("python", "def x("), ("json", '"a": {'), ("cobol", "x"), ("toml", "=")])
def test_wrong_code_is_found(language: str, text: str) -> None:
    """The check above can fail."""
    assert problem_of(Code(1, language, text))
    assert problem_of(Code(1, "json", '"a": {"b": 1}')) is None


# Commands


@pytest.mark.parametrize("command", sorted(COMMANDS, key=str), ids=str)
def test_every_command_is_run_by_somebody(command: Command) -> None:
    """Add a line to ``RUN_BY`` when this fails: which test, or which step of CI, runs it?"""
    found = runner(command.words)
    assert found, f"nobody runs {command}"
    path, text = ROOT / found[0], found[1]
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    assert any(text in each.read_text(encoding="utf-8") for each in files), f"{found[0]} does not have {text!r}"


def test_nothing_is_listed_in_vain() -> None:
    """A line of the table that no page needs is out of date."""
    used = {each for each in RUN_BY for command in COMMANDS if f"{command.words} ".startswith(f"{each} ")}
    assert RUN_BY.keys() - used == set()


def test_a_command_that_nobody_runs_is_found() -> None:
    """The check above can fail."""
    sample = Page("x.md", "```\nscripts/fly --high   # up\n```\n`scripts/demo`, `scripts/`, `scripts/make_brand.py`")
    assert [each.words for each in commands(sample)] == ["scripts/fly --high", "scripts/demo"]
    assert runner("scripts/fly --high") is None
    assert runner("scripts/demolish") is None


@pytest.mark.parametrize("command", sorted(COMMANDS, key=str), ids=str)
def test_a_program_knows_its_options(command: Command) -> None:
    """What the docs give it, it takes; a script that is named can be started."""
    words = shlex.split(command.words)
    if words[0].startswith(("scripts/", ".ci/")):
        assert os.access(ROOT / words[0], os.X_OK), f"{words[0]} cannot be started"
    for start, parse in sorted(PARSERS.items(), key=lambda each: -len(each[0])):
        if command.words == start:
            return  # alone, it may only be spoken of
        if command.words.startswith(f"{start} "):
            given = words[len(shlex.split(start)) :]
            assert taken(parse, [re.sub(r"^<(.+)>$|^([A-Z]+)$", "1", each) for each in given]) == ""
            return


def taken(parse: Callable[[Sequence[str]], argparse.Namespace], given: list[str]) -> str:
    """Return what a parser says against its options."""
    with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.suppress(SystemExit):
        parse(given)
    return said.getvalue()


def test_a_wrong_option_is_found() -> None:
    """The check above can fail."""
    with pytest.raises(AssertionError, match="unrecognized"):
        test_a_program_knows_its_options(Command("x.md", "scripts/demo --fly"))
    with pytest.raises(AssertionError, match="cannot be started"):
        test_a_program_knows_its_options(Command("x.md", "scripts/fly"))


def of(start: str) -> list[str]:
    """Return the commands that begin so."""
    return sorted({each.words for each in COMMANDS if f"{each.words} ".startswith(f"{start} ")})


@pytest.mark.parametrize("words", [each for each in of("scripts/test") if " " in each])
def test_the_tests_that_the_docs_name_are_there(words: str) -> None:
    """Each path is there, and has tests that the rest of the command leaves over."""
    given = [each for each in shlex.split(words)[1:] if each != "--home-assistant"]
    for path in (each for each in given if each.startswith("tests/")):
        assert (ROOT / path.partition("::")[0]).exists(), path
    if "-k" in given:
        found = subprocess.run(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", *given],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("words", of("scripts/build_release"))
def test_a_release_is_built_as_the_docs_say(words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script starts the builder, and the builder takes what the page gives it."""
    assert 'exec .venv/bin/python -m release "$@"' in (ROOT / "scripts/build_release").read_text()
    given = [HERE.version() if each == "<version>" else each for each in shlex.split(words)[1:]]
    code = release.main([*given, "--into", str(tmp_path)])
    wanted = [each for each in given if re.fullmatch(r"\d+\.\d+\.\d+", each)]
    assert code == (0 if wanted in ([], [HERE.version()]) else 1), capsys.readouterr().err


def test_the_simulators_answer_as_the_docs_say() -> None:
    """They start as the page starts them, and take each request that it makes; only the ports are free ones."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ports = ["--titan-modbus-port", "0", "--titan-http-port", "0", "--control-port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators", *ports], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert str(port) in json.dumps(told)
        asked = [curl(words, port) for words in of("curl http://127.0.0.1:8100/api/state")]
        assert len(asked) >= 2
        assert all("soc" in json.dumps(answer) for answer in asked)
    finally:
        process.terminate()
        process.wait(10)


def curl(words: str, port: int) -> Any:
    """Do what a line with curl does."""
    _, address, *more = shlex.split(words)
    assert more[::2] in ([], ["-d"]), f"what does {words} do?"
    request = Request(address.replace(":8100/", f":{port}/"), data=more[1].encode() if more else None)
    with urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def test_the_bench_measures(tmp_path: Path) -> None:
    """Shortly: one site, one round, one minute. Whether every bar is cleared on a busy machine is not asked here."""
    figures = tmp_path / "figures.json"
    asked = ["gateway", "--site", "standard", "--minutes", "1", "--rounds", "1", "--json", str(figures)]
    done = subprocess.run([sys.executable, "-m", "bench", *asked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    assert [each["site"] for each in json.loads(figures.read_text())["results"]] == ["standard"]


def test_the_hooks_install(tmp_path: Path) -> None:
    """In a repository with our configuration."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".pre-commit-config.yaml").write_bytes((ROOT / ".pre-commit-config.yaml").read_bytes())
    subprocess.run([ROOT / ".venv/bin/prek", "install"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / ".git/hooks/pre-commit").is_file()


def test_the_locks_are_of_one_making() -> None:
    """``uv lock`` and ``uv export`` were run after pyproject.toml was changed."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"]
    exported = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    for each in wanted:
        name, _, version = re.sub(r"\[.*\]", "", each).partition("==")
        assert name in exported, f"{name} is not locked"
        assert version in ("", exported[name])
    # It has addresses, and so stays where it was made.
    if (ROOT / "uv.lock").is_file():
        locked = {each["name"]: each.get("version") for each in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
        assert exported == {name: version for name, version in locked.items() if name != "energy-core"}
