"""What we ask of everything under ``.github``, as functions that return what is wrong.

Each takes text or data, not the repository, so that a test can prove with a bad sample that it can fail.
"""

from collections.abc import Iterable, Iterator, Mapping
import json
from pathlib import Path
import re
import subprocess
import tomllib
from typing import Any

import probatio
import yaml

from tests.hassfest_rules import problems_by
from tests.source_tree import ROOT

PIN = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # (v?\d+(\.\d+)*|main|master)( \d{4}-\d\d-\d\d)?$")
# Triggers that run with our rights on what strangers wrote.
DANGEROUS = {"issue_comment", "pull_request_target", "workflow_run"}
# The only jobs that may write, and what.
WRITERS = {("nightly.yml", "report"): {"issues"}, ("release.yml", "announce"): {"contents"}}
FIXED_IMAGE = re.compile(r"ubuntu-\d\d\.\d\d")
OUR_FILE = re.compile(r"(?<![\w/.$-])(?:\.?/)?((?:\.ci|\.github|capture|demo|locks|release|scripts|tests)/[\w./-]+)")
# What writes an environment, or each command with what it was given, into the log.
TELLTALE = re.compile(r"\bset -[a-z]*x|\bprintenv\b|\becho [^\n]*TOKEN|^\s*env\s*$", re.MULTILINE)
OUR_MODULE = re.compile(r"\bpython -m ([\w.]+)")

type Workflow = dict[str, Any]


def parsed(text: str) -> Workflow:
    """Return a workflow; YAML takes its ``on`` for a truth."""
    loaded = yaml.safe_load(text)
    return {"on" if key is True else key: value for key, value in loaded.items()}


def jobs(workflow: Workflow) -> dict[str, Workflow]:
    """Return the jobs of a workflow."""
    return dict(workflow.get("jobs", {}))


def steps(workflow: Workflow) -> Iterator[tuple[str, Workflow]]:
    """Yield each step, with the name of its job."""
    for name, job in jobs(workflow).items():
        yield from ((name, step) for step in job.get("steps", []))


def workflow_problems(name: str, text: str) -> list[str]:
    """Return everything that is wrong with one workflow."""
    try:
        workflow = parsed(text)
    except yaml.YAMLError as error:
        return [f"no YAML: {error}"]
    found = [*_trigger_problems(workflow), *_pin_problems(text), *_permission_problems(name, workflow)]
    for job, content in jobs(workflow).items():
        found += [f"{job}: {problem}" for problem in _job_problems(content)]
    for job, step in steps(workflow):
        found += [f"{job}: {problem}" for problem in _step_problems(step)]
    return found


def _trigger_problems(workflow: Workflow) -> Iterator[str]:
    triggers = workflow.get("on")
    if not isinstance(triggers, Mapping):
        yield "on: triggers are a map"
        return
    yield from (f"on: {each} runs with our rights on what strangers wrote" for each in sorted(DANGEROUS & triggers.keys()))


def _pin_problems(text: str) -> Iterator[str]:
    for used in re.findall(r"^\s*(?:- )?uses:[ ]*(.+)$", text, re.MULTILINE):
        if used.startswith(("$/", "./")):
            if not (ROOT / used[2:]).is_file():
                yield f"uses: there is no {used}"
        elif not PIN.fullmatch(used):
            yield f"uses: {used} is not pinned by a whole commit with the version behind it"


def _permission_problems(name: str, workflow: Workflow) -> Iterator[str]:
    if workflow.get("permissions") != {}:
        yield "permissions: a workflow has none, each job says its own"
    for job, content in jobs(workflow).items():
        stated = content.get("permissions")
        if not isinstance(stated, Mapping):
            yield f"{job}: permissions are not stated one by one"
            continue
        written = {each for each, level in stated.items() if level != "read"}
        if written != WRITERS.get((name, job), set()):
            yield f"{job}: permissions: writes {sorted(written)}"


def _job_problems(job: Workflow) -> Iterator[str]:
    if "uses" in job:
        return
    if not FIXED_IMAGE.fullmatch(str(job.get("runs-on"))):
        yield f"runs-on: {job.get('runs-on')} is another machine every year"
    if not isinstance(job.get("timeout-minutes"), int):
        yield "no timeout-minutes"
    if "environment" not in job and "secrets." in json.dumps(job):
        yield "a secret outside of an environment"
    if "secrets." in json.dumps({**job, "steps": [{**step, "env": None} for step in job.get("steps", [])]}):
        yield "a secret for more than one step"


def _step_problems(step: Workflow) -> Iterator[str]:
    if str(step.get("uses", "")).startswith("actions/checkout@") and step.get("with", {}).get("persist-credentials") is not False:
        yield "checkout: leaves its token in the folder"
    if "run" in step:
        yield from (f"run: {problem}" for problem in script_problems(str(step["run"])))


def script_problems(script: str) -> list[str]:
    """Return what is wrong with a script of a workflow: its shell, what it would insert, and the files that it names."""
    found = [] if "${{" not in script else ["something is inserted: hand it over in env"]
    found += [f"could print a secret: {each}" for each in TELLTALE.findall(script)]
    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    found += [f"no shell: {line}" for line in checked.stderr.splitlines()]
    found += [f"there is no {path}" for path in OUR_FILE.findall(script) if not (ROOT / path).exists()]
    found += [f"there is no module {name}" for name in OUR_MODULE.findall(script) if not _module(name)]
    return found + [problem for line in script.splitlines() for problem in _option_problems(line)]


def _module(name: str) -> str:
    """Return the source of what ``python -m`` runs, if it is ours."""
    path = ROOT / name.replace(".", "/")
    return next((each.read_text() for each in (path.with_suffix(".py"), path / "__main__.py") if each.is_file()), "")


def _option_problems(line: str) -> Iterator[str]:
    """Check that what a line runs of ours knows the options that it is given: itself, or the module that it hands them to."""
    ran = [ROOT / path for path in OUR_FILE.findall(line) if path.startswith((".ci/", "scripts/"))]
    told = "".join(path.read_text() for path in ran if path.is_file())
    told += "".join(_module(name) for name in re.findall(r"-m ([a-z]\w*(?:\.\w+)*)", told + line))
    if told:
        given = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", line))
        yield from (f"nobody knows {option} in {line.strip()}" for option in sorted(given) if option not in told)


def pins(texts: Iterable[str]) -> dict[str, set[str]]:
    """Return by action the pins that it has, with what is said of their version."""
    found: dict[str, set[str]] = {}
    for text in texts:
        for action, pin in re.findall(r"uses:[ ]*([\w.-]+/[\w./-]+)@(.+)$", text, re.MULTILINE):
            found.setdefault(action, set()).add(pin)
    return found


def matrix(workflow: Workflow, key: str) -> dict[str, list[str]]:
    """Return by job what its matrix says for a key."""
    matrices = {name: job.get("strategy", {}).get("matrix", {}) for name, job in jobs(workflow).items()}
    return {name: [str(each) for each in found[key]] for name, found in matrices.items() if key in found}


# Versions of Home Assistant


def version_problems(test: Workflow, hacs: Mapping[str, Any], locks: Mapping[str, str], ours: str) -> list[str]:
    """Check that the tests run on each version that has a lock, the least promised among them.

    ``locks`` are the locks by what their names say, ``ours`` is the lock of the development environment.
    """
    found: list[str] = []
    tested = sorted(each for versions in matrix(test, "home-assistant").values() for each in versions)
    if tested != sorted(locks):
        found.append(f"the tests run on {tested}, locks are there for {sorted(locks)}")
    locked = {name: _home_assistant(lock) for name, lock in locks.items()}
    found += [f"the lock of {name} has {version}" for name, version in locked.items() if not version.startswith(f"{name}.")]
    least = str(hacs.get("homeassistant"))
    ordered = sorted([*locked.values(), _home_assistant(ours)], key=_order)
    if not ordered or ordered[0] != least:
        found.append(f"hacs.json promises {least}, the least that is tested is {ordered[0]}")
    return found


def _home_assistant(lock: str) -> str:
    found = re.search(r"^homeassistant==(\S+)", lock, re.MULTILINE)
    return found[1] if found else "no version"


def _order(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def lock_problems(project: str, lock: str) -> list[str]:
    """Check that what ``pyproject.toml`` pins for development is what the lock has."""
    wanted = tomllib.loads(project)["dependency-groups"]["dev"]
    exact = [re.sub(r"\[.*?\]", "", each) for each in wanted if "==" in each]
    locked = set(re.findall(r"^([\w.-]+==[^\s\\;]+)", lock, re.MULTILINE))
    return [f"the lock does not have {each}" for each in exact if each not in locked]


# Issue forms, as far as GitHub documents them


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise probatio.Invalid("no text")
    return value


def _choices(value: Any) -> list[str]:
    if not isinstance(value, list) or not value or len({str(each) for each in value}) != len(value):
        raise probatio.Invalid("choices are a list, and each is another")
    if any(str(each).casefold() == "none" for each in value):
        raise probatio.Invalid("none is a word that GitHub keeps for itself")
    return [_text(each) for each in value]


def _label(value: Any) -> str:
    if re.search(r"password|passcode|credit card|social security", _text(value), re.IGNORECASE):
        raise probatio.Invalid("GitHub forbids this word in a label")
    return str(value)


_ID = probatio.All(str, probatio.Match(r"^[A-Za-z0-9_-]+$"))
_NEEDED = {probatio.Optional("required"): bool}
_ASKED: dict[Any, Any] = {probatio.Required("label"): _label, probatio.Optional("description"): _text}
_TYPED: dict[Any, Any] = {**_ASKED, probatio.Optional("placeholder"): _text, probatio.Optional("value"): _text}
_KINDS: dict[str, dict[Any, Any]] = {
    "input": _TYPED,
    "textarea": {**_TYPED, probatio.Optional("render"): _text},
    "dropdown": {
        **_ASKED,
        probatio.Required("options"): _choices,
        probatio.Optional("multiple"): bool,
        probatio.Optional("default"): int,
    },
    "checkboxes": {
        **_ASKED,
        probatio.Required("options"): [{probatio.Required("label"): _text, probatio.Optional("required"): bool}],
    },
}
_ELEMENT = probatio.Any(
    {probatio.Required("type"): "markdown", probatio.Required("attributes"): {probatio.Required("value"): _text}},
    *(
        {
            probatio.Required("type"): kind,
            probatio.Required("id"): _ID,
            probatio.Required("attributes"): attributes,
            probatio.Optional("validations"): _NEEDED,
        }
        for kind, attributes in _KINDS.items()
    ),
)
FORM = probatio.Schema(
    {
        probatio.Required("name"): _text,
        probatio.Required("description"): _text,
        probatio.Required("body"): probatio.All([_ELEMENT], probatio.Length(min=1)),
        probatio.Optional("title"): _text,
        probatio.Optional("labels"): [_text],
        probatio.Optional("assignees"): [_text],
    }
)
CHOOSER = probatio.Schema(
    {
        probatio.Required("blank_issues_enabled"): bool,
        probatio.Optional("contact_links"): [
            {
                probatio.Required("name"): _text,
                probatio.Required("about"): _text,
                probatio.Required("url"): probatio.All(str, probatio.Match(r"^https://")),
            }
        ],
    }
)


def form_problems(form: Any) -> list[str]:
    """Check one issue form."""
    found = problems_by(FORM, form)
    if found:
        return found
    asked = [each for each in form["body"] if each["type"] != "markdown"]
    if not asked:
        return ["nothing is asked"]
    for kind, values in (("id", [each["id"] for each in asked]), ("label", [each["attributes"]["label"] for each in asked])):
        found += [f"{kind} {value!r} is there twice" for value in sorted(set(values)) if values.count(value) > 1]
    for each in asked:
        boxes = [box["label"] for box in each["attributes"]["options"]] if each["type"] == "checkboxes" else []
        if len(set(boxes)) != len(boxes):
            found.append(f"{each['id']}: a box is there twice")
    return found


# Dependabot

DEPENDABOT = probatio.Schema(
    {
        probatio.Required("version"): 2,
        probatio.Required("updates"): [
            {
                probatio.Required("package-ecosystem"): probatio.In(["github-actions", "pip", "uv"]),
                probatio.Exclusive("directory", "where"): _text,
                probatio.Exclusive("directories", "where"): [_text],
                probatio.Required("schedule"): {probatio.Required("interval"): probatio.In(["daily", "weekly", "monthly"])},
                # What was published a moment ago may be taken back tomorrow.
                probatio.Required("cooldown"): {
                    probatio.Required("default-days"): probatio.All(int, probatio.Range(min=7, max=90))
                },
                probatio.Required("groups"): {str: {probatio.Required("patterns"): [_text]}},
                # From the top, without a slash before it: the others want one.
                probatio.Optional("exclude-paths"): [probatio.All(str, probatio.Match(r"^[^/]"))],
                probatio.Optional("ignore"): [{probatio.Required("dependency-name"): _text}],
            }
        ],
    }
)


def dependabot_problems(config: Any, root: Path = ROOT) -> list[str]:
    """Check what is watched, and that each folder has something to watch."""
    found = problems_by(DEPENDABOT, config)
    if found:
        return found
    for update in config["updates"]:
        for folder in update.get("directories", [update.get("directory")]):
            kind = update["package-ecosystem"]
            if not _watched(root, kind, str(folder)):
                found.append(f"{kind}: nothing to watch in {folder}")
    return found


def _watched(root: Path, kind: str, folder: str) -> bool:
    """Tell whether Dependabot finds something in a folder: of the top folder it takes the workflows."""
    if kind != "github-actions":
        return (root / folder.strip("/") / "pyproject.toml").is_file()
    place = ".github/workflows" if folder == "/" else folder.strip("/")
    return any((root / place).glob("*.yml"))
