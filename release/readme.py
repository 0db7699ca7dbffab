"""The README of a built repository: the page of its device, with links that lead somewhere."""

from dataclasses import dataclass
import posixpath
import re
from typing import Final

from .sources import Files, ReleaseError, Sources

MAIN: Final = "https://github.com/energy-core/energy-core"
OWNER: Final = "https://github.com/energy-core"
# Which page is about which integration.
PAGES: Final = {"enphase_envoy": "docs/envoy.md", "titan_izypower": "docs/titan.md", "v2c_cloud": "docs/v2c.md"}

_CODE = re.compile(r"(^ *```.*?^ *```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?P<mark>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_FROM_HERE = """\
In HACS: ⋮ → **Custom repositories**, add `{repository}` with the type *Integration*, download **{name}**, and restart Home
Assistant. From Home Assistant 2026.11 on, the built-in **Marketplace** takes the same address.

By hand: unpack `{domain}-{version}.zip` of a [release]({main}/releases) into the `custom_components` folder of your Home
Assistant configuration, in place of the folder that is there, and restart Home Assistant."""
_BACK = "Remove the download in HACS or the Marketplace, or delete `custom_components/{domain}`, and restart."
_TAKES_OVER = "remove its download and keep its entries, [install](#installation) this one, and restart."
_COMES_IN = """\
[Install](#installation) this one, let it replace what is built in when the Marketplace asks, and restart."""
# What a page says of this repository, and what it says of the built one: where to get it, how to be rid of it.
_EVERYWHERE: Final = {
    r"Copy `custom_components/.*?\(Why not HACS: see the \[README\]\(\.\./README\.md#install\)\.\)": _FROM_HERE,
    r"Delete both folders from `custom_components`.*?restart\.": _BACK,
}
_PASSAGES: Final = {
    "enphase_envoy": {r"Put our two folders into `custom_components` and restart\.": _COMES_IN},
    "v2c_cloud": {r"put our two\s+folders in the place of its one, and restart\.": _TAKES_OVER},
}
_OTHERWISE = re.compile(r"(two|both) folders", re.IGNORECASE)
_ORIGIN = """\
> Built from [energy-core]({main}), version {version}. Changes and [issues]({main}/issues) belong there: what is changed
> here is overwritten by the next version."""


def repository(domain: str) -> str:
    """Return the address of the repository that users of an integration add."""
    return f"{OWNER}/{domain.replace('_', '-')}"


@dataclass(frozen=True, kw_only=True)
class Page:
    """The page of one device."""

    sources: Sources
    domain: str
    version: str

    @property
    def path(self) -> str:
        """Where it stands in this repository."""
        if self.domain not in PAGES:
            raise ReleaseError(f"release/readme.py does not say which page is about {self.domain}.")
        return PAGES[self.domain]

    def files(self) -> Files:
        """Return ``README.md`` and the pictures that it shows."""
        pictures: Files = {}
        text = self.sources.text(self.path)
        for pattern, said in (_EVERYWHERE | _PASSAGES.get(self.domain, {})).items():
            text, count = re.subn(pattern, self._said(said), text, flags=re.DOTALL)
            if count != 1:
                raise ReleaseError(f"{self.path} has {count} passages like {pattern!r} instead of one.")
        if found := _OTHERWISE.search(text):
            raise ReleaseError(f"{self.path} speaks of {found[0]!r} where users have one.")
        title, _, rest = text.partition("\n")
        whole = f"{title}\n\n{self._said(_ORIGIN)}\n{rest}"
        parts = _CODE.split(whole)
        parts[::2] = [_LINK.sub(lambda link: self._led(link, pictures), part) for part in parts[::2]]
        return {"README.md": "".join(parts).encode(), **pictures}

    def _said(self, text: str) -> str:
        name = self.sources.manifest(self.domain)["name"]
        return text.format(main=MAIN, domain=self.domain, version=self.version, name=name, repository=repository(self.domain))

    def _led(self, link: re.Match[str], pictures: Files) -> str:
        """Return a link that works in the built repository; note the picture that it shows."""
        path, mark, anchor = link["target"].partition("#")
        if not path or re.match(r"[a-z]+:", path):
            return link[0]
        here = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), path))
        if link["mark"]:
            name = f"images/{posixpath.basename(here)}"
            pictures[name] = self.sources.bytes(here)
            return f"![{link['text']}]({name})"
        if here == self.path:
            return f"[{link['text']}]({mark}{anchor})"
        if not (self.sources.root / here).exists():
            raise ReleaseError(f"{self.path} points to {here}, which is not there.")
        kind = "tree" if (self.sources.root / here).is_dir() else "blob"
        return f"[{link['text']}]({MAIN}/{kind}/v{self.version}/{here}{mark}{anchor})"
