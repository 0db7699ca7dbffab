"""What a picture is, and how a series of them is taken while a story runs."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .browser import SIZE, Page
from .console import say
from .runtime import Demo

# Cards fade in, and graphs draw their first curve.
SETTLE_SECONDS = 4
# Conditions in the page: what a finished page holds.
LISTED = "/\\d+ entities/.test(texts())"
DEVICE = "all('ha-device-entities-card').length"
DRAWN = "all('hui-tile-card').length > 5 && all('canvas').length"
FORM = "all('step-flow-form').length && all('ha-textfield, ha-input, wa-input').length"
MENU = "all('step-flow-menu').length"

type Story = Callable[[Demo], Coroutine[Any, Any, None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """A picture: its file, the page, what must be there, what is done before it is taken, and its size."""

    name: str
    path: str
    ready: str
    action: Callable[[Page], Awaitable[None]] | None = None
    size: tuple[int, int] = SIZE


async def take_series(demo: Demo, page: Page, folder: Path, series: list[Shot], story: Story | None = None) -> list[Path]:
    """Take pictures while a story runs; the last one waits until it is told."""
    taken = []
    async with asyncio.TaskGroup() as tasks:
        told = tasks.create_task(story(demo)) if story is not None else None
        for number, shot in enumerate(series, 1):
            if told is not None and number == len(series):
                await told
            path = folder / f"{shot.name}.png"
            await _take(page, shot, path)
            taken.append(path)
            say(f"Picture: {path}")
    return taken


async def _take(page: Page, shot: Shot, path: Path) -> None:
    await page.resize(shot.size)
    await page.visit(shot.path)
    await page.wait_for(shot.ready)
    if shot.action is not None:
        await shot.action(page)
    await asyncio.sleep(SETTLE_SECONDS)
    await page.picture(path)


async def open_form(page: Page) -> None:
    """Press "Add entry" on the integration's page, as a user does, and wait for a form."""
    await _press(page, "^add (entry|hub|device|service)")
    await page.wait_for(FORM)


async def open_menu(page: Page) -> None:
    """Press "Add entry" on the integration's page, and wait for a menu."""
    await _press(page, "^add (entry|hub|device|service)")
    await page.wait_for(MENU)


def opens_subentry(button: str, *, choice: str | None = None) -> Callable[[Page], Awaitable[None]]:
    """Return what presses a button that adds a subentry, chooses from its menu, if it has one, and waits for the form."""

    async def action(page: Page) -> None:
        await _press(page, f"^{button}$")
        if choice is not None:
            await page.wait_for(MENU)
            await _press(page, f"^{choice}", "step-flow-menu ha-list-item, ha-list-item, ha-md-list-item, ha-list-item-button")
        await page.wait_for(FORM)

    return action


async def _press(page: Page, text: str, what: str = "ha-button") -> None:
    """Click what shows this text."""
    await page.run(
        f"""
        const found = all('{what}').find((el) => /{text}/i.test(el.textContent.trim()));
        if (!found) throw new Error('nothing to press: {text}');
        found.click();
        """
    )
