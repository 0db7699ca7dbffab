"""Which of our English words a page shows although it speaks another language."""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
import re
from typing import Any

from playwright.sync_api import Page

COMPONENTS = Path(__file__).parents[2] / "custom_components"
# Shorter words are units and signs.
SHORT = 3
PLACE = re.compile(r"\\{\w+\\}")
# Every text that can be seen, also inside the shadow roots of which Home Assistant's frontend is made.
READ = """
() => {
  const found = [];
  const read = (node) => {
    if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent.replace(/\\s+/g, " ").trim());
    if (["STYLE", "SCRIPT"].includes(node.nodeName) || (node instanceof Element && getComputedStyle(node).display === "none")) return;
    (node.shadowRoot?.childNodes ?? []).forEach(read);
    node.childNodes.forEach(read);
  };
  read(document.body);
  return found.filter(Boolean);
}
"""


def leaves(tree: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a file of translations with its place."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}/{key}")
        elif isinstance(value, str):
            yield f"{path}/{key}", value


def texts(domain: str, language: str) -> dict[str, Any]:
    """Return what an integration says in a language."""
    said: dict[str, Any] = json.loads((COMPONENTS / domain / "translations" / f"{language}.json").read_text())
    return said


def foreign(language: str) -> dict[str, re.Pattern[str]]:
    """Return a pattern for each English text of ours that is another one in this language."""
    english: set[str] = set()
    own: set[str] = set()
    for folder in COMPONENTS.glob("*/translations"):
        here = dict(leaves(texts(folder.parent.name, language)))
        for place, text in leaves(texts(folder.parent.name, "en")):
            own.add(here[place])
            english |= {text} if len(text) > SHORT else set()
    return {text: re.compile(PLACE.sub(".+", re.escape(" ".join(text.split())))) for text in english - own}


def english_words(page: Page, language: str) -> list[str]:
    """Return the texts of a page that stand in English."""
    patterns = foreign(language).values()
    shown = set(page.evaluate(READ))
    return sorted(text for text in shown if any(pattern.fullmatch(text) for pattern in patterns))
