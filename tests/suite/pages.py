"""The documents as data: headings with their anchors, tables, links, code."""

from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
import posixpath
import re

from tests.source_tree import ROOT

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
_LINK = re.compile(r"(?P<mark>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)")
_SPAN = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Code:
    """A fenced block: where it begins, what it is written in, and what it says."""

    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Link:
    """A link or a picture, and what stands right behind it."""

    text: str
    target: str
    behind: str
    picture: bool


@dataclass(frozen=True)
class Page:
    """One document."""

    path: str
    text: str

    def __str__(self) -> str:
        return self.path

    @cached_property
    def code(self) -> list[Code]:
        """Its fenced blocks, without their indentation."""
        return [
            Code(
                self.text.count("\n", 0, each.start()) + 1,
                each["language"],
                "".join(line.removeprefix(each["indent"]) for line in each["text"].splitlines(keepends=True)),
            )
            for each in _FENCE.finditer(self.text)
        ]

    @cached_property
    def prose(self) -> str:
        """Everything but the fenced blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def headings(self) -> list[tuple[int, str]]:
        """Level and words of each heading."""
        return [(len(each[1]), each[2]) for each in _HEADING.finditer(self.prose)]

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may name behind ``#``, as GitHub makes it."""
        seen: Counter[str] = Counter()
        found = set()
        for _, words in self.headings:
            anchor = slug(words)
            found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
        return found

    @cached_property
    def tables(self) -> list[list[list[str]]]:
        """Cells of the rows of each table, its head first."""
        found: list[list[list[str]]] = []
        before = ""
        for line in self.prose.splitlines():
            if line.startswith("|"):
                if not before.startswith("|"):
                    found.append([])
                if not re.fullmatch(r"[|\s:-]+", line):
                    found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))])
            before = line
        return found

    @cached_property
    def links(self) -> list[Link]:
        """Every link and picture, in order."""
        text = _SPAN.sub(lambda each: "·" * len(each[0]) if "](" in each[0] else each[0], self.prose)
        return [
            Link(each["text"], each["target"], text[each.end() : each.end() + 6], bool(each["mark"]))
            for each in _LINK.finditer(text)
        ]

    @cached_property
    def spans(self) -> list[str]:
        """Words between backticks, with their line breaks taken out."""
        return [" ".join(each[1].split()) for each in _SPAN.finditer(self.prose)]

    def leads_to(self, target: str) -> tuple[str, str]:
        """Return the path from the root, and the anchor, of a relative link."""
        path, _, anchor = target.partition("#")
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.path), path)) if path else self.path, anchor


def slug(words: str) -> str:
    """Return the anchor of a heading."""
    plain = _LINK.sub(lambda each: each["text"], words).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")


def spans(text: str) -> list[str]:
    """Return the words between backticks."""
    return _SPAN.findall(text)


@cache
def page(path: str) -> Page:
    """Return one document."""
    return Page(path, (ROOT / path).read_text(encoding="utf-8"))


@cache
def pages() -> tuple[Page, ...]:
    """Return every document that people read to use or change this."""
    found: list[Path] = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    return tuple(page(path.relative_to(ROOT).as_posix()) for path in found)
