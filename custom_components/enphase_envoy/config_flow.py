"""Set-up in the UI: the address of a gateway, then what its firmware wants: nothing, a password, an account or a token."""

from collections.abc import Awaitable, Mapping
from ipaddress import ip_address
import logging
from typing import Any, Final, override
from urllib.parse import urlsplit

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_TOKEN, CONF_USERNAME
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import probatio

from ..energy_core.errors import DeviceAuthError, EnergyError, WrongDeviceError
from . import issues, schema
from .access import Access
from .connect import BUSY, Gateway, identify, valid_host
from .const import AUTOMATIC, CONF_DETAILS, CONF_INTERVAL, CONF_NEW_ACCESS, CONF_PHASES, DOMAIN, TOKEN_SITE
from .envoy.password import INSTALLER, USER
from .flow import TellingFlow
from .migrate import usable
from .runtime import known_pin
from .surplus import KIND
from .surplus_flow import SurplusFlow

_LOGGER = logging.getLogger(__name__)

NAME: Final = "Envoy"
# What a gateway announces is its page for people; another port leads to a relay, or to a simulator.
USUAL_PORTS: Final = (None, 80, 443)


class EnvoyConfigFlow(TellingFlow, ConfigFlow, domain=DOMAIN):
    """Adds a gateway, by hand or discovered; changes its address or credentials later."""

    # Home Assistant's own integration is at 1 as well: a user can go back.
    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Start with nothing known."""
        self._host = ""
        self._access: Access | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> EnvoyOptionsFlow:
        """Return the flow for preferences."""
        return EnvoyOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to a gateway."""
        return {KIND: SurplusFlow}

    # Adding

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address."""
        if user_input is not None and (gateway := await self._meet(user_input[CONF_HOST])) is not None:
            await self.async_set_unique_id(gateway.serial, raise_on_progress=False)
            self._abort_if_unique_id_configured()
            if (result := self._claimed(gateway.serial) or await self._approached({})) is not None:
                return result
        return self._form("user", schema.user(self._host), user_input)

    async def async_step_access(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which way leads to a token."""
        return self._ways("access")

    async def async_step_digest(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the password of a gateway whose owner has changed it."""
        if user_input is not None and (found := await self._look(self._opening().by_password(**user_input))) is not None:
            return self._finished(found)
        return self._form("digest", schema.PASSWORD, user_input)

    async def async_step_account(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the account that the gateway belongs to."""
        if user_input is not None:
            if (found := await self._look(self._opening().by_account(**user_input))) is not None:
                return self._finished(found)
            if self._error is not None and self._error.key == "mfa_required":
                # No password helps: a token made by hand does, and the form for it says how.
                return self._form("token", schema.TOKEN_FORM, user_input)
        return self._form("account", schema.account(self._username(user_input)), user_input)

    async def async_step_token(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a token that was made by hand."""
        if user_input is not None and (found := await self._look(self._opening().by_token(user_input[CONF_TOKEN]))) is not None:
            return self._finished(found)
        return self._form("token", schema.TOKEN_FORM, user_input)

    # Discovery

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """A gateway announced itself."""
        serial = discovery_info.properties.get("serialnum")
        if discovery_info.ip_address.version != 4:
            return self.async_abort(reason="not_ipv4_address")
        if not serial:
            return self.async_abort(reason="not_envoy")
        await self.async_set_unique_id(serial)
        port = discovery_info.port
        self._host = discovery_info.host if port in USUAL_PORTS else f"{discovery_info.host}:{port}"
        for entry in self._async_current_entries(include_ignore=False):
            if entry.unique_id == serial and await self._has_moved(entry, serial):
                self._abort_if_unique_id_configured(updates={CONF_HOST: self._host})
        self._abort_if_unique_id_configured()
        if (result := self._claimed(serial)) is not None:
            return result
        self._call_it(serial)
        return await self.async_step_user()

    async def _has_moved(self, entry: ConfigEntry, serial: str) -> bool:
        """Tell whether a known gateway answers at the announced address, and no more at its own.

        It announces the addresses of cable and Wi-Fi in turns, and both are right. A name stays as well.
        """
        host = entry.data.get(CONF_HOST, "")
        if host == self._host or not _is_address(host):
            return False
        session = async_get_clientsession(self.hass, verify_ssl=False)
        gateway = await self._look(identify(session, host))
        busy = self._error is not None and self._error.key == BUSY
        if busy or (gateway is not None and gateway.serial == serial):
            return False
        gateway = await self._look(identify(session, self._host, await known_pin(self.hass, entry)))
        return gateway is not None and gateway.serial == serial

    def _claimed(self, serial: str) -> ConfigFlowResult | None:
        """Name an entry that has the address and no serial number, as very old ones do."""
        for entry in self._async_current_entries(include_ignore=False):
            if entry.unique_id is None and entry.data.get(CONF_HOST) == self._host:
                title = f"{NAME} {serial}" if entry.title == NAME else entry.title
                return self.async_update_reload_and_abort(entry, title=title, unique_id=serial, reason="already_configured")
        return None

    # Changing

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for another address; the gateway must be the same, its credentials may be others."""
        entry = self._get_reconfigure_entry()
        # An entry that was refused may have none.
        host = str(entry.data.get(CONF_HOST) or "")
        self._call_it(entry.unique_id, host)
        given = user_input or {}
        if user_input is not None and await self._meet(given[CONF_HOST], entry) is not None:
            data = None if given[CONF_NEW_ACCESS] or not usable(entry) else entry.data
            if (result := await self._approached(data)) is not None:
                return result
        form = schema.reconfigure(given.get(CONF_HOST, host), renew=given.get(CONF_NEW_ACCESS, False))
        return self._form("reconfigure", form, user_input)

    async def async_step_reauth(self, _entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The gateway, or the cloud, refuses what the entry has."""
        entry = self._get_reauth_entry()
        self._call_it(entry.unique_id, entry.data[CONF_HOST])
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for what the firmware wants now, which may have become another since."""
        entry = self._get_reauth_entry()
        if await self._meet(entry.data[CONF_HOST], entry) is not None:
            return await self._asked()
        if isinstance(self._error, WrongDeviceError) and self._error.key != "certificate_changed":
            return self.async_abort(reason="other_unit")
        return self._form("reauth_confirm", schema.NOTHING, {})

    # What the ways have in common

    async def _meet(self, host: str, entry: ConfigEntry | None = None) -> Gateway | None:
        """Return who answers at ``host``, which must be the gateway of ``entry``; or remember why nobody does."""
        self._host = host
        gateway = await self._look(self._met(host, entry))
        if entry is not None and self._error is not None and self._error.key == "certificate_changed":
            issues.certificate_changed(self.hass, entry)
        return gateway

    async def _met(self, host: str, entry: ConfigEntry | None) -> Gateway:
        self._host = valid_host(host)
        pin = None if entry is None else await known_pin(self.hass, entry)
        gateway = await identify(async_get_clientsession(self.hass, verify_ssl=False), self._host, pin)
        if entry is not None and entry.unique_id not in (None, gateway.serial):
            raise WrongDeviceError("another gateway")
        self._access = Access(self.hass, gateway, pin)
        return gateway

    async def _approached(self, data: Mapping[str, Any] | None) -> ConfigFlowResult | None:
        """Try what ``data`` knows, if anything, before the user is asked; None when the gateway does not answer now."""
        if data is not None:
            if (found := await self._look(self._opening().by_entry(data))) is not None:
                return self._finished(found)
            if not isinstance(self._error, DeviceAuthError):
                return None
        return await self._asked()

    async def _asked(self) -> ConfigFlowResult:
        """Ask for what the firmware wants."""
        if not self._opening().gateway.wants_token:
            return await self.async_step_digest()
        return self._ways("reauth_confirm" if self.source == SOURCE_REAUTH else "access")

    def _finished(self, found: Mapping[str, Any]) -> ConfigFlowResult:
        """Make the entry, or change it."""
        serial = self._opening().gateway.serial
        if self.source in (SOURCE_REAUTH, SOURCE_RECONFIGURE):
            is_reauth = self.source == SOURCE_REAUTH
            entry = self._get_reauth_entry() if is_reauth else self._get_reconfigure_entry()
            data = {**entry.data, CONF_HOST: self._host, **found}
            return self.async_update_reload_and_abort(entry, unique_id=serial, data=data)
        title = f"{NAME} {serial}"
        return self.async_create_entry(title=title, data={CONF_HOST: self._host, CONF_NAME: title, **found})

    async def _look[T](self, work: Awaitable[T]) -> T | None:
        """Return what ``work`` finds; None when it fails, and why is kept for the form."""
        self._error = None
        try:
            return await work
        except EnergyError as error:
            self._error = error
        except Exception:
            _LOGGER.exception("Unexpected error while looking for a gateway")
            self._error = EnergyError(key="unknown")
        return None

    def _opening(self) -> Access:
        assert self._access is not None
        return self._access

    def _username(self, given: Mapping[str, Any] | None) -> str:
        """Return the e-mail address to begin with: what was typed, or what the entry has."""
        if given is None and self.source in (SOURCE_REAUTH, SOURCE_RECONFIGURE):
            given = (self._get_reauth_entry() if self.source == SOURCE_REAUTH else self._get_reconfigure_entry()).data
        name = str((given or {}).get(CONF_USERNAME) or "")
        return "" if name in (USER, INSTALLER) else name

    def _call_it(self, serial: str | None, host: str = "") -> None:
        self.context["title_placeholders"] = {"serial": serial or "-", CONF_HOST: host or self._host}

    def _about(self) -> dict[str, str]:
        serial = self._access.gateway.serial if self._access is not None else self.unique_id
        return {"serial": serial or "-", CONF_HOST: self._host, "site": TOKEN_SITE}

    def _ways(self, step: str) -> ConfigFlowResult:
        return self.async_show_menu(step_id=step, menu_options=["account", "token"], description_placeholders=self._about())

    def _form(self, step: str, fields: probatio.Schema, given: Mapping[str, Any] | None) -> ConfigFlowResult:
        """Show a form, with what went wrong if it was filled in."""
        errors = {} if given is None else self._errors
        return self.async_show_form(step_id=step, data_schema=fields, errors=errors, description_placeholders=self._about())


def _is_address(host: str) -> bool:
    """Tell whether a host is an IP address, with a port perhaps, and no name."""
    try:
        ip_address(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
    return True


class EnvoyOptionsFlow(OptionsFlow):
    """Preferences; those about which entities there are need a reload."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for all of them."""
        entry = self.config_entry
        if user_input is None:
            return self.async_show_form(step_id="init", data_schema=schema.options(entry.options))
        before = {name: entry.options.get(name, AUTOMATIC) for name in (CONF_PHASES, CONF_DETAILS)}
        options = {**entry.options, **user_input}
        self.hass.config_entries.async_update_entry(entry, options=options)
        if (coordinator := getattr(entry, "runtime_data", None)) is not None:
            coordinator.set_interval(options[CONF_INTERVAL])
        if any(options.get(name, AUTOMATIC) != choice for name, choice in before.items()):
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data=options)
