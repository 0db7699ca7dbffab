"""The machine's own Chromium, which reaches nothing but this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
import shutil

from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Root needs --no-sandbox; the rest keeps the browser from looking for hosts on the network.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
SIZE = (1280, 900)


def find_browser() -> str | None:
    """Return the path of an installed Chromium, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def opened(path: str, url: str) -> Iterator[Page]:
    """Have a tab of a browser open while the block runs; nobody is signed in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        width, height = SIZE
        context = browser.new_context(
            base_url=url, viewport={"width": width, "height": height}, locale="en-GB", service_workers="block"
        )
        try:
            yield context.new_page()
        finally:
            browser.close()
