"""What only the user can put right: an expiring token, another certificate, a clock that is wrong."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ..energy_core.ha import takeover
from ..energy_core.tokens import MAX_SKEW
from .const import DOMAIN, TOKEN_SITE

DAY: Final = 86400.0
# A token that the user keeps is spoken of so many days before its end, each time anew.
WARN_DAYS: Final = (1, 7, 30)
# A clock is called wrong above the limit and right again well below it.
SKEW_RIGHT: Final = 0.8


def _id(kind: str, entry: ConfigEntry) -> str:
    return f"{kind}_{entry.entry_id}"


def token_expiry(hass: HomeAssistant, entry: ConfigEntry, left: float, *, manual: bool) -> None:
    """Speak of a token that the user keeps and that ends soon; ``left`` in seconds."""
    stage = next((days for days in WARN_DAYS if left <= days * DAY), None) if manual else None
    for days in WARN_DAYS:
        if days != stage:
            ir.async_delete_issue(hass, DOMAIN, _id(f"token_expiry_{days}", entry))
    if stage is None:
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        _id(f"token_expiry_{stage}", entry),
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR if stage == WARN_DAYS[0] else ir.IssueSeverity.WARNING,
        translation_key="token_expiry",
        translation_placeholders={"title": entry.title, "days": str(max(0, round(left / DAY)))},
        learn_more_url=TOKEN_SITE,
    )


def certificate_changed(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Ask whether the gateway may have another certificate; until then it is sent no token."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _id("certificate_changed", entry),
        data={"entry_id": entry.entry_id},
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key="certificate_changed",
        translation_placeholders={"title": entry.title},
    )


def certificate_known(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the question back: the gateway shows the certificate that is known."""
    ir.async_delete_issue(hass, DOMAIN, _id("certificate_changed", entry))


def clock(hass: HomeAssistant, entry: ConfigEntry, skew: float) -> None:
    """Speak of a clock that is minutes off, because tokens fail by it; ``skew`` in seconds, + = the gateway is ahead."""
    issue = _id("clock_skew", entry)
    if abs(skew) <= MAX_SKEW * SKEW_RIGHT:
        ir.async_delete_issue(hass, DOMAIN, issue)
    elif abs(skew) > MAX_SKEW:
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="clock_skew",
            translation_placeholders={"title": entry.title, "minutes": str(round(abs(skew) / 60))},
        )


def forget(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Leave nothing behind."""
    for kind in ("certificate_changed", "clock_skew", *(f"token_expiry_{days}" for days in WARN_DAYS)):
        ir.async_delete_issue(hass, DOMAIN, _id(kind, entry))
    takeover.forget(hass, entry)
