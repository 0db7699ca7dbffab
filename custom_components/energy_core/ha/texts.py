"""Texts of a translation file that Home Assistant does not look up by itself: usual names, models."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations


@callback
def said(hass: HomeAssistant, domain: str, category: str, key: str, **given: object) -> str:
    """Return a text of ``domain`` in the language of Home Assistant, its gaps filled with what is ``given``."""
    texts = async_get_cached_translations(hass, hass.config.language, category, domain)
    return texts.get(f"component.{domain}.{category}.{key}", key).format(**given)
