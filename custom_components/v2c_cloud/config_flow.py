"""Set-up in the UI: an account in the cloud, or a charger on the LAN; each can gain the other later."""

from collections.abc import Awaitable, Mapping
import logging
from typing import Any, override

from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult, ConfigSubentryFlow, OptionsFlow
from homeassistant.const import CONF_API_KEY, CONF_HOST
from homeassistant.core import callback

from ..energy_core.errors import EnergyError
from . import connect, schema
from .const import CONF_ADDRESSES, CONF_BASE_URL, CONF_CHARGER, CONF_PAIRINGS, CONF_UNNAMED, DOMAIN
from .migrate import NEWEST, VERSION
from .solar_flow import SolarChargingFlow
from .solar_settings import KIND
from .v2c.cloud import BASE_URL

_LOGGER = logging.getLogger(__name__)

# Where the maker's site hands out a key.
SITE = {"url": "https://v2c.cloud/home/user"}


class Looking:
    """Runs a look at a charger or an account, and keeps why it failed for the form."""

    error: EnergyError | None = None

    async def look[T](self, work: Awaitable[T]) -> T | None:
        """Return what ``work`` finds, None when it fails."""
        self.error = None
        try:
            return await work
        except EnergyError as error:
            self.error = error
        except Exception:
            _LOGGER.exception("Unexpected error while looking for a charger")
            self.error = EnergyError(key="unknown")
        return None

    @property
    def errors(self) -> dict[str, str]:
        """Return the errors of the form."""
        return {} if self.error is None else {"base": schema.flow_error(self.error)}


class V2CConfigFlow(Looking, ConfigFlow, domain=DOMAIN):
    """Adds an account or a charger; changes either later."""

    # What is read: the owner of this domain before us writes 2, and has tried 3. Home Assistant lets in nothing higher.
    VERSION = NEWEST
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Write what every one of its releases reads: a user can go back."""
        self.VERSION = VERSION

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> V2COptionsFlow:
        """Return the flow for preferences."""
        return V2COptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the control loops that a charger can have."""
        return {KIND: SolarChargingFlow}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which way leads to the charger."""
        return self.async_show_menu(step_id="user", menu_options=["cloud", "local"])

    # Adding

    async def async_step_cloud(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the key of an account."""
        given = schema.flat(user_input or {})
        if user_input is not None:
            self._async_abort_entries_match({CONF_API_KEY: given[CONF_API_KEY]})
            if (found := await self.look(connect.account(self.hass, given))) is not None:
                await self.async_set_unique_id(found.unique_id)
                self._abort_if_unique_id_configured()
                return self.async_create_entry(title="V2C Cloud", data=found.data)
        return self.async_show_form(
            step_id="cloud", data_schema=schema.cloud(given), errors=self.errors, description_placeholders=SITE
        )

    async def async_step_local(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address of a charger."""
        given = user_input or {}
        if user_input is not None and (found := await self.look(connect.charger(self.hass, given[CONF_HOST]))) is not None:
            if found.shown_id is not None:
                await self.async_set_unique_id(found.shown_id)
                self._abort_if_unique_id_configured()
            if any(found.host in (each.data.get(CONF_ADDRESSES) or {}).values() for each in self._async_current_entries()):
                return self.async_abort(reason="already_configured")
            return self.async_create_entry(title=found.name, data=found.data)
        return self.async_show_form(step_id="local", data_schema=schema.local(given), errors=self.errors)

    # Changing

    async def async_step_reconfigure(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what to change."""
        data = self._get_reconfigure_entry().data
        more = ["forget_key"] if data.get(CONF_API_KEY) and data.get(CONF_ADDRESSES) else []
        return self.async_show_menu(step_id="reconfigure", menu_options=["reconfigure_cloud", "reconfigure_local", *more])

    async def async_step_reconfigure_cloud(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add or change the account."""
        entry = self._get_reconfigure_entry()
        given = {CONF_BASE_URL: entry.data.get(CONF_BASE_URL) or BASE_URL} | schema.flat(user_input or {})
        if user_input is not None and (result := await self._new_key(entry, given)) is not None:
            return result
        return self.async_show_form(
            step_id="reconfigure_cloud", data_schema=schema.cloud(given), errors=self.errors, description_placeholders=SITE
        )

    async def async_step_reconfigure_local(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change where a charger is on the LAN."""
        entry, given = self._get_reconfigure_entry(), user_input or {}
        if not connect.names(entry):
            return self.async_abort(reason="no_chargers")
        if user_input is not None:
            data = await self.look(connect.moved(self.hass, entry, given.get(CONF_CHARGER), given.get(CONF_HOST)))
            if data is not None:
                return self.async_update_reload_and_abort(entry, data=data)
        form = schema.address(connect.names(entry), entry.data.get(CONF_ADDRESSES) or {}, given)
        return self.async_show_form(step_id="reconfigure_local", data_schema=form, errors=self.errors)

    async def async_step_forget_key(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Give up the account; the chargers with an address stay."""
        entry = self._get_reconfigure_entry()
        if user_input is None:
            return self.async_show_form(step_id="forget_key")
        addresses = entry.data[CONF_ADDRESSES]
        kept = [each for each in entry.data.get(CONF_PAIRINGS) or [] if each.get("deviceId") in addresses]
        data = {CONF_ADDRESSES: addresses, CONF_PAIRINGS: kept, CONF_UNNAMED: entry.data.get(CONF_UNNAMED, [])}
        first = next(iter(addresses))
        unique_id = first if len(addresses) == 1 and first not in data[CONF_UNNAMED] else entry.unique_id
        return self.async_update_reload_and_abort(entry, data=data, unique_id=unique_id)

    async def async_step_reauth(self, _entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The cloud refuses the key."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a new key."""
        entry = self._get_reauth_entry()
        if user_input is not None:
            given = {CONF_BASE_URL: entry.data.get(CONF_BASE_URL) or BASE_URL} | user_input
            if (result := await self._new_key(entry, given)) is not None:
                return result
        return self.async_show_form(
            step_id="reauth_confirm", data_schema=schema.KEY, errors=self.errors, description_placeholders=SITE
        )

    async def _new_key(self, entry: ConfigEntry, given: Mapping[str, Any]) -> ConfigFlowResult | None:
        """Change an entry to another key, which must open the same chargers; None when it does not open any."""
        if (found := await self.look(connect.account(self.hass, given, entry))) is None:
            return None
        other = await self.async_set_unique_id(found.unique_id)
        if other is not None and other.entry_id != entry.entry_id:
            return self.async_abort(reason="already_configured")
        kept = {name: value for name, value in entry.data.items() if name != CONF_BASE_URL}
        return self.async_update_reload_and_abort(entry, data={**kept, **found.data}, unique_id=found.unique_id)


class V2COptionsFlow(Looking, OptionsFlow):
    """Preferences, and where the chargers are on the LAN."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what to change."""
        return self.async_show_menu(step_id="init", menu_options=["preferences", "address"])

    async def async_step_preferences(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the preferences; they apply at once."""
        entry = self.config_entry
        if user_input is not None:
            options = {**entry.options, **user_input}
            if (runtime := getattr(entry, "runtime_data", None)) is not None:
                runtime.apply(options)
            return self.async_create_entry(data=options)
        account = bool(entry.data.get(CONF_API_KEY))
        return self.async_show_form(step_id="preferences", data_schema=schema.preferences(entry.options, account=account))

    async def async_step_address(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where a charger is on the LAN."""
        entry, given = self.config_entry, user_input or {}
        if not connect.names(entry):
            return self.async_abort(reason="no_chargers")
        if user_input is not None:
            data = await self.look(connect.moved(self.hass, entry, given.get(CONF_CHARGER), given.get(CONF_HOST)))
            if data is not None:
                self.hass.config_entries.async_update_entry(entry, data=data)
                self.hass.config_entries.async_schedule_reload(entry.entry_id)
                return self.async_create_entry(data=dict(entry.options))
        form = schema.address(connect.names(entry), entry.data.get(CONF_ADDRESSES) or {}, given)
        return self.async_show_form(step_id="address", data_schema=form, errors=self.errors)
