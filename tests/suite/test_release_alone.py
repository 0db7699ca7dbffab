"""Each artefact in a real Home Assistant that has nothing else of ours, of every version; then every combination of them."""

from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import pytest

from demo.console import DemoError
from release.archive import SUITE
from release.sources import Files
from tests.suite.artefacts import HERE, read_tree, read_zip
from tests.suite.installers import Config, hacs, packed
from tests.suite.real_home import VERSIONS, real_home

VERSION = HERE.version()
SEVEN = [each for count in (1, 2, 3) for each in combinations(HERE.domains, count)]
# Several times what the slowest takes. The heartbeat of a connection outlives it by a moment.
pytestmark = [pytest.mark.timeout(300), pytest.mark.parametrize("expected_lingering_timers", [True])]


def installed(dist: Path, domains: Iterable[str]) -> Files:
    """Return what an installation leaves: one integration as HACS does it, two from zips, all from the zip of all."""
    chosen = list(domains)
    if len(chosen) == 1:
        from_hacs = Config()
        hacs(from_hacs, packed(read_tree(dist / chosen[0])))
        return {f"{name}/{path}": each for name, folder in from_hacs.files.items() for path, each in folder.items()}
    names = [SUITE] if len(chosen) == len(HERE.domains) else chosen
    return {path: each for name in names for path, each in read_zip(dist / f"{name}-{VERSION}.zip").items()}


@pytest.mark.parametrize("domains", SEVEN, ids="+".join)
@pytest.mark.parametrize("version", VERSIONS)
async def test_it_works_with_nothing_else_of_ours(dist: Path, tmp_path: Path, version: str, domains: tuple[str, ...]) -> None:
    """The flow makes an entry, values come, only the installed files are used, and nothing is left behind."""
    async with real_home(tmp_path) as home:
        home.install(installed(dist, domains))
        async with home.running(version) as user:
            await user.move_in(domains)
            assert await user.wrong_values(domains) == []
            modules = await user.modules()
            assert {name.split(".")[1] for name in modules} == {*domains}
            for domain in domains:
                assert f"custom_components.{domain}.energy_core.device" in modules
            assert [file for file in modules.values() if not Path(file).is_relative_to(home.components)] == []
            await user.reload(domains)
            assert await user.states(domains) == {domain: ["loaded"] for domain in domains}
            assert await user.wrong_values(domains) == []
            await user.move_out(domains)
            assert await user.left(domains) == []
            assert await user.complaints() == []
        assert home.stored(HERE.domains) == []
        assert home.errors() == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_forgotten_file_stops_it(dist: Path, tmp_path: Path, version: str) -> None:
    """Home Assistant finds nothing of ours beside what was installed: without its core it does not even begin."""
    async with real_home(tmp_path) as home:
        home.install(installed(dist, ["v2c_cloud"]))
        (home.components / "v2c_cloud/energy_core/pacing.py").unlink()
        async with home.running(version) as user:
            with pytest.raises(DemoError):
                await user.move_in(["v2c_cloud"])
            assert await user.left(["v2c_cloud"]) == []
            assert any("energy_core.pacing" in each for each in await user.complaints())
        assert home.errors() != []
