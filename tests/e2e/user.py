"""What a user does with Home Assistant in a browser, in a user's words: go, fill in, press, read."""

from dataclasses import dataclass
from pathlib import Path
import re

from playwright.sync_api import Locator, Page, expect

# A page of Home Assistant is another piece of script, and the machine may be busy.
PATIENCE_MS = 20_000
# Two pictures in a row that are equal: nothing fades or grows any more. Flows of energy never stop.
STILL_MS, STILL_LOOKS = 250, 16
SEARCH = re.compile("^(Search|Rechercher)")
# What stands on each field that opens a list: its own label, or that of the elements in which it lies.
WORDS = """
(fields) => {
  const host = (element) => element?.getRootNode().host;
  return fields.map((one) => one.label || host(one)?.label || host(host(one))?.label || one.placeholder || "");
}
"""
INTEGRATIONS = "/config/integrations/dashboard"


@dataclass(kw_only=True)
class User:
    """Somebody in front of a browser, who keeps pictures of what it shows."""

    page: Page
    album: Path
    choosy: bool = False

    def __post_init__(self) -> None:
        """Be patient."""
        self.page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)

    # Where to

    def visit(self, path: str) -> None:
        """Load a page, as with a bookmark."""
        self.page.goto(path)

    def go(self, path: str) -> None:
        """Follow a link inside of Home Assistant, which loads nothing anew."""
        self.page.evaluate("path => { history.pushState(null, '', path); dispatchEvent(new Event('location-changed')); }", path)

    def open_integration(self, domain: str) -> None:
        """Open the page of an integration."""
        self.go(f"/config/integrations/integration/{domain}")
        expect(self.button("Add", exact=False).first).to_be_visible()

    def open_device(self, device_id: str) -> None:
        """Open the page of a device."""
        self.go(f"/config/devices/device/{device_id}")
        expect(self.page.get_by_role("heading", name=re.compile("Device info|Informations sur"))).to_be_visible()

    # What is there

    def button(self, name: str | re.Pattern[str], *, exact: bool = True) -> Locator:
        """Return a button by its name."""
        return self.page.get_by_role("button", name=name, exact=exact)

    def reads(self, text: str | re.Pattern[str], *, within: float = PATIENCE_MS) -> None:
        """Wait until the page shows a text."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=within)

    def misses(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page shows a text no more."""
        expect(self.page.get_by_text(text)).to_have_count(0)

    def warned(self, text: str | re.Pattern[str]) -> None:
        """Wait until a form says what is wrong."""
        expect(self.page.locator("ha-alert").filter(has_text=text).first).to_be_visible()

    # What is done

    def press(self, name: str | re.Pattern[str], *, exact: bool = True) -> None:
        """Press a button; the last of several is the one in front."""
        self.button(name, exact=exact).last.click()

    def fill(self, label: str, value: str) -> None:
        """Type into a field."""
        name = re.compile(f"^{re.escape(label)} ?\\*?$")
        field = self.page.get_by_role("textbox", name=name).or_(self.page.get_by_role("spinbutton", name=name))
        field.last.fill(value)

    def choose(self, field: str, search: str, *words: str) -> None:
        """Pick one of many: open the field, search, take the line that has these words."""
        self._field(field).click()
        self.page.get_by_placeholder(SEARCH).last.fill(search)
        lines = self.page.locator("ha-picker-combo-box ha-combo-box-item")
        for word in words or (search,):
            lines = lines.filter(has_text=word)
        lines.last.click()

    def select(self, field: str, option: str) -> None:
        """Pick one of few."""
        self._field(field).click()
        self.page.get_by_text(option, exact=True).last.click()

    def _field(self, label: str) -> Locator:
        """Return a field that opens a list, by the words on it."""
        fields = self.page.locator("ha-picker-field")
        for _ in range(PATIENCE_MS // STILL_MS):
            words = fields.evaluate_all(WORDS)
            if label in words:
                return fields.nth(len(words) - 1 - words[::-1].index(label))
            self.page.wait_for_timeout(STILL_MS)
        raise AssertionError(f"there is no field {label} but {words}")

    def take_action(self, action: str) -> None:
        """Open the tools with an action, which is not performed yet."""
        self.go("/config/tools/action")
        expect(self.button("Perform action")).to_be_visible()
        self.choose("Action", action)

    def switch(self, number: int = -1) -> None:
        """Turn a switch by its number, that in front by default; those of forms have no name."""
        self.page.locator("ha-switch").nth(number).click()

    def begin(self, search: str, integration: str) -> None:
        """Add an integration: find it in the list of all."""
        self.go(INTEGRATIONS)
        self.press("Add integration")
        self.page.get_by_placeholder("Search for a brand name").fill(search)
        self.press(integration)

    def entry_menu(self, domain: str, option: str) -> None:
        """Choose from the menu of an integration's entry."""
        self.open_integration(domain)
        self.page.locator("ha-config-entry-row").first.get_by_role("button", name=re.compile("^Menu")).first.click()
        self.page.get_by_role("menuitem", name=option).filter(visible=True).click()

    def submit(self) -> None:
        """Hand in the form in front."""
        self.press("Submit")

    def close(self) -> None:
        """Close the dialog in front."""
        self.press("Close")
        expect(self.page.get_by_role("dialog").filter(visible=True)).to_have_count(0)

    def menu(self, option: str) -> None:
        """Choose from a menu inside of a dialog."""
        self.page.get_by_text(option, exact=True).last.click()

    # What is kept

    def picture(self, name: str, size: tuple[int, int] | None = None) -> None:
        """Keep a picture of the page, in another size if need be, once nothing in it moves."""
        before, usual = None, self.page.viewport_size
        if size is not None:
            self.resize(size)
        for _ in range(STILL_LOOKS):
            now = self.page.screenshot(animations="disabled")
            if now == before:
                break
            before = now
            self.page.wait_for_timeout(STILL_MS)
        # Asked for the pictures of the docs, only those that a page shows are kept.
        if not self.choosy or (self.album / f"{name}.png").exists():
            (self.album / f"{name}.png").write_bytes(before or now)
        if usual is not None:
            self.resize((usual["width"], usual["height"]))

    def resize(self, size: tuple[int, int]) -> None:
        """Give the window another size."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
