"""What users install: complete, alone, the same every time, and accepted by those who install it."""

from collections.abc import Callable
import json
from pathlib import Path
import re
import zipfile

import pytest

from release.archive import SUITE, build, zipped
from release.readme import MAIN
from release.sources import COMPONENTS, Files
from tests.source_tree import ROOT
from tests.suite.artefacts import HERE, folder_of, ours, read_tree, read_zip, wrong_with
from tests.suite.installers import SPOILT, Config, RefusedError, hacs, marketplace, packed, validators_of_hacs

EACH = pytest.mark.parametrize("domain", HERE.domains)
VERSION = HERE.version()
BUILT_IN = {"enphase_envoy"}


@pytest.fixture
def tree(dist: Path, domain: str) -> Files:
    """The repository of one integration."""
    return read_tree(dist / domain)


# What is in it


@EACH
def test_nothing_is_wrong_with_it(tree: Files, domain: str) -> None:
    """Every file is there, no import leads out, and hassfest's rules hold."""
    assert wrong_with(tree, domain) == []


def test_it_is_the_same_every_time(dist: Path, tmp_path: Path) -> None:
    """Same sources, same bytes; a second build replaces the first, and leaves nothing of it."""
    build(HERE, tmp_path, VERSION)
    (tmp_path / "v2c_cloud/custom_components/v2c_cloud/left_over.py").touch()
    (tmp_path / "v2c_cloud-0.0.9.zip").touch()
    build(HERE, tmp_path, VERSION)
    assert read_tree(tmp_path) == read_tree(dist)


def test_a_zip_tells_nothing_of_where_it_was_made(dist: Path) -> None:
    """Names in order, one time, one permission, nothing compressed."""
    zips = sorted(dist.glob("*.zip"))
    assert [path.name for path in zips] == sorted(f"{name}-{VERSION}.zip" for name in (*HERE.domains, SUITE))
    for path in zips:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        assert [each.filename for each in members] == sorted(each.filename for each in members)
        told = {(each.date_time, each.external_attr >> 16, each.create_system, each.compress_type) for each in members}
        assert told == {((1980, 1, 1, 0, 0, 0), 0o100644, 3, zipfile.ZIP_STORED)}
    assert zipped({"b": b"2", "a": b"1"}) == zipped({"a": b"1", "b": b"2"})


@EACH
def test_a_zip_is_what_the_tree_installs(dist: Path, tree: Files, domain: str) -> None:
    """Unpacked into ``custom_components``, it is the same; the suite is all of them."""
    alone, suite = read_zip(dist / f"{domain}-{VERSION}.zip"), read_zip(dist / f"{SUITE}-{VERSION}.zip")
    assert alone == {f"{domain}/{path}": content for path, content in folder_of(tree, domain).items()}
    assert {path: each for path, each in suite.items() if path.startswith(f"{domain}/")} == alone
    assert {path.partition("/")[0] for path in suite} == set(HERE.domains)


@EACH
def test_hacs_json_is_the_template_under_its_own_name(tree: Files, domain: str) -> None:
    """The least version of Home Assistant stands in one place."""
    template = json.loads(HERE.text("hacs.json"))
    assert json.loads(tree["hacs.json"]) == {**template, "name": HERE.manifest(domain)["name"]}


@EACH
def test_every_link_of_the_readme_leads_somewhere(tree: Files, domain: str) -> None:
    """To a heading, a file beside it, or a file of this repository at this version."""
    text = tree["README.md"].decode()
    heads = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        here = re.fullmatch(rf"{MAIN}/(?:blob|tree)/v{re.escape(VERSION)}/([^#]+)(?:#.*)?", target)
        if here:
            assert (ROOT / here[1]).exists(), target
        elif target.startswith("#"):
            assert target[1:] in heads, target
        else:
            assert target in tree or target.startswith("https://"), target
    pictures = {path for path in tree if path.startswith("images/")}
    assert pictures == set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text))
    assert f"{domain}-{VERSION}.zip" in text
    assert "Both folders" not in text
    assert "both folders" not in text


# Who installs it


@EACH
def test_hacs_and_the_marketplace_install_the_same(dist: Path, tree: Files, domain: str) -> None:
    """Both take the one folder that there is, whole, and it is what the zip has."""
    one, other = Config(), Config()
    assert hacs(one, packed(tree)) == domain
    assert marketplace(other, packed(tree), owner=domain, built_in=BUILT_IN, confirmed=True) == domain
    assert one.files == other.files == {domain: folder_of(tree, domain)}
    assert validators_of_hacs(tree) == []


def test_all_three_stand_beside_each_other(dist: Path) -> None:
    """Each from its own repository, and updated from it."""
    config = Config()
    for domain in [*HERE.domains, *HERE.domains]:
        marketplace(config, packed(read_tree(dist / domain)), owner=domain, built_in=BUILT_IN, confirmed=True)
    assert sorted(config.files) == HERE.domains


def test_the_marketplace_asks_before_it_replaces_what_is_built_in(dist: Path) -> None:
    """Our Envoy has the domain of Home Assistant's own."""
    archive = packed(read_tree(dist / "enphase_envoy"))
    with pytest.raises(RefusedError, match="not confirmed"):
        marketplace(Config(), archive, owner="ours", built_in=BUILT_IN)


def test_the_marketplace_refuses_a_domain_that_somebody_else_has(dist: Path) -> None:
    """The integration that had ``v2c_cloud`` before has to go first."""
    with pytest.raises(RefusedError, match="another repository"):
        marketplace(Config(owners={"v2c_cloud": "theirs"}), packed(read_tree(dist / "v2c_cloud")), owner="ours")


def test_this_repository_itself_is_refused() -> None:
    """Its first folder is the core. README says so; should it change, README has to change."""
    for install in (lambda: hacs(Config(), packed(ours())), lambda: marketplace(Config(), packed(ours()), owner="ours")):
        with pytest.raises(RefusedError, match="energy_core has no manifest"):
            install()
    assert "3 manifests" in validators_of_hacs(ours())


@pytest.mark.parametrize(("spoil", "reason"), SPOILT.values(), ids=SPOILT)
def test_the_replay_refuses_what_the_marketplace_refuses(
    dist: Path, spoil: Callable[[Files], object], reason: str | None
) -> None:
    """A replay that takes everything would prove nothing."""
    tree = read_tree(dist / "v2c_cloud")
    spoil(tree)
    if reason is None:
        marketplace(Config(), packed(tree), owner="ours")
        return
    with pytest.raises(RefusedError, match=reason):
        marketplace(Config(), packed(tree), owner="ours")


# Mutations: each makes a check fail


def _json(path: str, change: Callable[[dict], object]) -> Callable[[Files], None]:
    def spoil(folder: Files) -> None:
        content = json.loads(folder[path])
        folder[path] = json.dumps(change(content) or content).encode()

    return spoil


def _add(path: str, text: bytes) -> Callable[[Files], None]:
    return lambda folder: folder.update({path: folder.get(path, b"") + text})


def _swap(path: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def spoil(folder: Files) -> None:
        assert old in folder[path]
        folder[path] = folder[path].replace(old, new, 1)

    return spoil


def _drop(path: str) -> Callable[[Files], None]:
    return lambda folder: folder.pop(path) and None


MUTATIONS: list[tuple[str, Callable[[Files], None], str]] = [
    ("a text in one language", _json("translations/fr.json", lambda texts: texts["exceptions"].popitem() and None), "fr: lacks"),
    ("a text in English", _json("translations/en.json", lambda texts: texts["services"].popitem() and None), "in the texts"),
    ("order of the manifest", _json("manifest.json", lambda each: dict(reversed(each.items()))), "alphabetical"),
    ("another domain", _json("manifest.json", lambda each: each | {"domain": "v2c_cloud"}), "domain is not the folder"),
    ("no version", _json("manifest.json", lambda each: each.pop("version") and None), "version"),
    ("a dependency", _json("manifest.json", lambda each: each.pop("dependencies") and None), "does not depend"),
    ("a sibling", _add("sensor.py", b"from ..v2c_cloud import const\n"), "leaves the folder"),
    ("a sibling, absolute", _add("sensor.py", b"import custom_components.v2c_cloud\n"), "which no user has"),
    ("a sibling, as if it were inside", _add("sensor.py", b"from .v2c_cloud import const\n"), "there is no"),
    ("a simulator", _add("sensor.py", b"def f():\n    from simulators import house\n"), "which no user has"),
    ("the core, absolute", _add("titan/device.py", b"from custom_components import energy_core\n"), "which no user has"),
    ("two dots", _swap("sensor.py", b"from .energy_core", b"from ..energy_core"), "leaves the folder"),
    ("three dots", _swap("titan/device.py", b"from ..energy_core", b"from ...energy_core"), "leaves the folder"),
    ("one dot too few", _swap("titan/device.py", b"from ..energy_core", b"from .energy_core"), "there is no"),
    ("another core", _add("energy_core/pacing.py", b"X = 1\n"), "not as it was"),
    ("another line", _add("titan/device.py", b"X = 1\n"), "more than the dots"),
    ("a module", _drop("titan/codes.py"), "there is no"),
    ("a module of the core", _drop("energy_core/pacing.py"), "there is no"),
    ("the core's folder", _drop("energy_core/__init__.py"), "energy_core/__init__.py"),
    ("a platform", _drop("sensor.py"), "sensor.py is missing"),
    ("the manifest", _drop("manifest.json"), "manifests: none"),
    ("a language", _drop("translations/it.json"), "there is no language it"),
    ("the icons", _drop("icons.json"), "in the icons"),
    ("the actions", _drop("services.yaml"), "services.yaml"),
    ("the picture", _drop("brand/icon.png"), "brand/icon.png"),
    ("the licence", _drop("LICENSE"), "LICENSE is missing"),
    ("a second manifest", _add("energy_core/manifest.json", b"{}"), "manifests:"),
    ("bytecode", _add("__pycache__/x.pyc", b""), "too much"),
]


@pytest.mark.parametrize(("spoil", "word"), [each[1:] for each in MUTATIONS], ids=[each[0] for each in MUTATIONS])
def test_a_mutation_is_found(dist: Path, spoil: Callable[[Files], None], word: str) -> None:
    """Each check can fail."""
    domain = "titan_izypower"
    tree = read_tree(dist / domain)
    folder = folder_of(tree, domain)
    spoil(folder)
    spoilt = {path: each for path, each in tree.items() if not path.startswith(COMPONENTS)}
    spoilt |= {f"{COMPONENTS}/{domain}/{path}": each for path, each in folder.items()}
    found = wrong_with(spoilt, domain)
    assert any(word in each for each in found), found


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "hacs.json"])
def test_a_forgotten_file_beside_the_integration_is_found(dist: Path, name: str) -> None:
    """HACS would refuse the repository, or the licence would be broken."""
    tree = read_tree(dist / "titan_izypower")
    del tree[name]
    assert f"{name} is missing" in wrong_with(tree, "titan_izypower")


def test_an_unknown_key_of_hacs_json_is_found(dist: Path) -> None:
    """HACS refuses a repository for one."""
    tree = read_tree(dist / "titan_izypower")
    tree["hacs.json"] = b'{"name": "x", "homeassistant": "2026.9.0", "color": "blue"}'
    assert wrong_with(tree, "titan_izypower") == ["color is no key of hacs.json"]
    assert validators_of_hacs(tree) == ["hacs.json: color"]
