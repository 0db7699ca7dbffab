"""Home Assistant's own Marketplace (2026.11), and a Git host on loopback that it asks for repositories.

``python -P shop.py CONFIG STEPS``: does what a user does, step by step, and prints what came of each as JSON. Nothing of
the Marketplace is replaced but where it finds its host and where it keeps its books.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import hashlib
import io
import json
from pathlib import Path
import sys
from types import SimpleNamespace
from typing import Any
import zipfile

from aiogithubapi import GitHubAPI
from aiohttp import ClientSession, web
from awesomeversion import AwesomeVersion
from homeassistant import loader
from homeassistant.bootstrap import async_load_base_functionality
from homeassistant.components.marketplace.base import (
    MarketplaceCommon,
    MarketplaceConfiguration,
    MarketplaceCore,
    MarketplaceManager,
    MarketplaceStatus,
    MarketplaceSystem,
    Repositories,
)
from homeassistant.components.marketplace.enums import RepositoryCategory
from homeassistant.components.marketplace.exceptions import MarketplaceError
from homeassistant.components.marketplace.profiles import DownloadProfile, ProfileEndpoints
from homeassistant.components.marketplace.repositories.base import Repository
from homeassistant.components.marketplace.repositories.integration import IntegrationRepository
from homeassistant.config_entries import ConfigEntries
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant

INTEGRATION = RepositoryCategory.INTEGRATION
BRANCH = "main"


class Host:
    """Serves repositories as GitHub does: what is known of them, their files, their archive."""

    def __init__(self) -> None:
        """Begin without any."""
        self.archives: dict[str, Path] = {}
        self.tag = "v0.0.0"

    def application(self) -> web.Application:
        """Return the server."""
        found = web.Application(client_max_size=0)
        at = "/api/repos/{owner}/{name}"
        found.router.add_get(at, self._repository)
        found.router.add_get(f"{at}/releases", self._releases)
        found.router.add_get(f"{at}/branches/{BRANCH}", self._branch)
        found.router.add_get(f"{at}/git/trees/{{ref:.*}}", self._tree)
        found.router.add_get(f"{at}/contents/{{path:.*}}", self._contents)
        found.router.add_get("/raw/{owner}/{name}/{ref}/{path:.*}", self._raw)
        found.router.add_get("/{owner}/{name}/archive/refs/tags/{ref}", self._archive)
        return found

    def _name(self, request: web.Request) -> str:
        return f"{request.match_info['owner']}/{request.match_info['name']}"

    def _packed(self, request: web.Request) -> bytes:
        return self.archives[self._name(request)].read_bytes()

    def _file(self, request: web.Request) -> bytes:
        """Return a file of the archive, whatever its first folder is called."""
        with zipfile.ZipFile(io.BytesIO(self._packed(request))) as archive:
            for member in archive.namelist():
                if member.partition("/")[2] == request.match_info["path"]:
                    return archive.read(member)
        raise web.HTTPNotFound

    async def _repository(self, request: web.Request) -> web.Response:
        name = self._name(request)
        number = 1 + list(self.archives).index(name)
        told = {"id": number, "full_name": name, "default_branch": BRANCH, "pushed_at": "2026-11-01T00:00:00Z"}
        return web.json_response(told, headers={"Etag": f'"{number}"'})

    async def _releases(self, request: web.Request) -> web.Response:
        return web.json_response([{"tag_name": self.tag, "name": self.tag, "draft": False, "prerelease": False, "assets": []}])

    async def _branch(self, request: web.Request) -> web.Response:
        return web.json_response({"commit": {"sha": "0" * 40}})

    async def _tree(self, request: web.Request) -> web.Response:
        with zipfile.ZipFile(io.BytesIO(self._packed(request))) as archive:
            files = {member.partition("/")[2] for member in archive.namelist()} - {""}
        folders = {parent.as_posix() for path in files for parent in Path(path).parents} - {"."}
        tree = [{"path": path, "type": "tree" if path in folders else "blob"} for path in sorted(files | folders)]
        return web.json_response({"sha": "0" * 40, "truncated": False, "tree": tree})

    async def _contents(self, request: web.Request) -> web.Response:
        content = base64.b64encode(self._file(request)).decode()
        return web.json_response({"path": request.match_info["path"], "encoding": "base64", "content": content})

    async def _raw(self, request: web.Request) -> web.Response:
        return web.Response(body=self._file(request))

    async def _archive(self, request: web.Request) -> web.Response:
        return web.Response(body=self._packed(request))


class Books:
    """Where the Marketplace would keep its books."""

    async def async_write(self) -> None:
        """Keep nothing."""


class Shop(MarketplaceManager):
    """The Marketplace, as far as it needs no frontend."""

    def __init__(self, hass: HomeAssistant, session: ClientSession, url: str) -> None:
        """Trade with the host at ``url``."""
        profile = DownloadProfile(id="loopback", operator="us", api=f"{url}/api", github=url, raw=f"{url}/raw", catalog=url)
        entry: Any = SimpleNamespace(entry_id="shop")
        self.hass, self.session = hass, session
        self.configuration = MarketplaceConfiguration(config_entry=entry, profile=profile)
        self.core = MarketplaceCore(config_path=hass.config.path(), lovelace_mode="storage")
        self.version = AwesomeVersion(__version__)
        self.endpoints = ProfileEndpoints(profile)
        self.githubapi = GitHubAPI(token="", session=session, client_name="shop", base_url=profile.api)
        self.data = Books()
        self.common, self.repositories = MarketplaceCommon(categories={INTEGRATION}), Repositories()
        self.status, self.system = MarketplaceStatus(startup=False), MarketplaceSystem()
        self.coordinators = {INTEGRATION: SimpleNamespace(async_update_listeners=lambda: None)}
        self.filesystem_lock = asyncio.Lock()

    async def found(self, name: str, *, catalogue: str | None) -> Repository:
        """Return a repository: as a user adds it, or as the catalogue names it with this version."""
        if (known := self.repositories.get_by_full_name(name)) is not None:
            return known
        if catalogue is not None:
            listed = IntegrationRepository(self, name)
            listed.data.id, listed.data.last_version = f"catalogue {name}", catalogue
            self.repositories.register(listed, default=True)
            return listed
        # A refusal is remembered until the Marketplace starts anew.
        self.common.skip.discard(name)
        if errors := await self.async_register_repository(name, INTEGRATION):
            raise errors[0]
        return self.repositories.get_by_full_name(name)


def installed(config: Path) -> dict[str, str]:
    """Return every file below ``custom_components`` with its hash."""
    top = config / "custom_components"
    files = [path for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(top).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


async def done(shop: Shop, host: Host, step: dict[str, Any]) -> str | None:
    """Do what a user does; return the key of the reason when it is refused."""
    name, host.tag = step["repository"], step["tag"]
    host.archives[name] = Path(step["archive"])
    try:
        repository = await shop.found(name, catalogue=step["tag"] if step["catalogue"] else None)
        if step["remove"]:
            await repository.uninstall()
        else:
            await repository.async_install_repository(confirm_replace_built_in=step["confirmed"])
    except MarketplaceError as error:
        return error.translation_key or type(error).__name__
    return None


@asynccontextmanager
async def serving(host: Host) -> AsyncIterator[str]:
    """Run the host while the block runs; give its address."""
    runner = web.AppRunner(host.application())
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def main(config: Path, steps: list[dict[str, Any]]) -> None:
    """Do every step with one Marketplace, and print what came of it."""
    host, hass = Host(), HomeAssistant(str(config))
    hass.config_entries = ConfigEntries(hass, {})
    loader.async_setup(hass)
    await async_load_base_functionality(hass)
    async with serving(host) as url, ClientSession() as session:
        shop = Shop(hass, session, url)
        told = [{"refused": await done(shop, host, step), "files": installed(config)} for step in steps]
    await hass.async_stop(force=True)
    sys.stdout.write(f"{json.dumps(told)}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))))
