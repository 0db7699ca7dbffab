"""Lets Home Assistant's voice, camera and radio parts be imported without their libraries.

Home Assistant always loads these parts, whatever its configuration says, and its frontend shows no page at all when
one of them cannot be imported. Their libraries need a compiler or a codec, and a demo of a battery needs none of them.
What is installed is used as it is; only what is missing gets a module in which every name is an inert class.

Python imports this file by its name at start-up: the demo puts this folder on the path of its Home Assistant.
"""

from collections.abc import Generator, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
import sys
from types import ModuleType
from typing import Any, override

LIBRARIES = frozenset(
    {
        "gazetteer_matcher",
        "haffmpeg",
        "hassil",
        "home_assistant_intents",
        "infrared_protocols",
        "mutagen",
        "pymicro_vad",
        "pyspeex_noise",
        "rf_protocols",
        "turbojpeg",
    }
)


class _Names(type):
    """A class on which every public name is the inert class again."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __iter__(cls) -> Iterator[Any]:
        return iter(())


class Inert(metaclass=_Names):
    """Takes every call and does nothing."""

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        """Take anything."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __await__(self) -> Generator[Any, Any]:
        yield from ()


class _Library(ModuleType):
    """A module in which every public name is inert."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert


class StandIns(MetaPathFinder, Loader):
    """The last to be asked for a module: answers for the libraries that nobody else has."""

    @override
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Stand in for the listed libraries and everything in them."""
        if fullname.split(".", maxsplit=1)[0] not in LIBRARIES:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    @override
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return an inert module."""
        return _Library(spec.name)

    @override
    def exec_module(self, module: ModuleType) -> None:
        """Leave the module as it is."""


sys.meta_path.append(StandIns())
