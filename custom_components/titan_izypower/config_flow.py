"""Set-up in the UI: address, model, and a look at who answers."""

from collections.abc import Mapping
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult, ConfigSubentryFlow, OptionsFlow
from homeassistant.const import CONF_HOST, CONF_MODEL, CONF_PASSWORD, CONF_PORT, CONF_SCAN_INTERVAL
from homeassistant.core import callback
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import probatio

from ..energy_core.errors import DeviceAuthError, EnergyError
from . import schema
from .connect import Address, Found, find
from .const import (
    CONF_SERIALS,
    CONF_TRANSPORT,
    CONF_UNIT_ID,
    CONF_WIRE,
    DOMAIN,
    MODBUS_PORT,
    MODEL_NAMES,
    SCAN_INTERVAL,
    TRANSPORT_AUTO,
    TRANSPORT_MODBUS,
    UNIT_ID,
)
from .zero_export import KIND
from .zero_export_flow import ZeroExportFlow

_LOGGER = logging.getLogger(__name__)

# What the two switches in the maker's App are called, and the firmware that has them.
APP: Final = {"modbus_port": "8899", "opendata_port": "8080", "firmware": "CMS V140C.0B.0036, EMS V1.01.08"}


class TitanConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds a Titan, by hand or discovered; changes its address or password later."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Start with nothing known."""
        self._input: dict[str, Any] = {}
        self._error: EnergyError | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> TitanOptionsFlow:
        """Return the flow for preferences."""
        return TitanOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Return the control loops that a unit can have."""
        return {KIND: ZeroExportFlow}

    # Adding a unit

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address and the model."""
        if user_input is not None:
            self._input = schema.flat(user_input)
            if (found := await self._look()) is not None:
                return await self._create(found)
            if isinstance(self._error, DeviceAuthError):
                return await self.async_step_password()
        return self._form("user", schema.user(self._input))

    async def async_step_password(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the password of a unit whose web server wants one."""
        if user_input is not None:
            self._input |= user_input
            if (found := await self._look()) is not None:
                return await self._create(found)
        asked = self._error if user_input is not None else None
        return self.async_show_form(
            step_id="password", data_schema=schema.PASSWORD, errors=self._errors(asked), description_placeholders=APP
        )

    async def _create(self, found: Found) -> ConfigFlowResult:
        await self.async_set_unique_id(found.serial)
        self._abort_if_unique_id_configured()
        if self._known(found.serials) is not None:
            return self.async_abort(reason="already_configured")
        wanted_modbus = self._input.get(CONF_TRANSPORT) == TRANSPORT_AUTO and self._input[CONF_PORT] == MODBUS_PORT
        fell_back = wanted_modbus and found.wire != TRANSPORT_MODBUS
        return self.async_create_entry(
            title=MODEL_NAMES[self._input[CONF_MODEL]],
            data=self._data(found),
            options={CONF_SCAN_INTERVAL: self._input.get(CONF_SCAN_INTERVAL, SCAN_INTERVAL)},
            description="opendata_only" if fell_back else None,
            description_placeholders=APP if fell_back else None,
        )

    def _known(self, serials: Mapping[str, str]) -> ConfigEntry | None:
        """Return the entry of a unit that is set up already, perhaps over a wire that shows another serial number."""
        shown = serials.items()
        return next((entry for entry in self._async_current_entries() if shown & entry.data[CONF_SERIALS].items()), None)

    def _moved(self, entry: ConfigEntry, host: str) -> ConfigFlowResult:
        """A known unit has a new address: follow it."""
        if entry.data[CONF_HOST] != host:
            self.hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_HOST: host})
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return self.async_abort(reason="already_configured")

    def _data(self, found: Found) -> dict[str, Any]:
        password = self._input.get(CONF_PASSWORD)
        return {
            CONF_HOST: self._input[CONF_HOST],
            CONF_PORT: found.port,
            CONF_MODEL: self._input[CONF_MODEL],
            CONF_TRANSPORT: self._input.get(CONF_TRANSPORT, TRANSPORT_AUTO),
            CONF_UNIT_ID: self._input.get(CONF_UNIT_ID, UNIT_ID),
            CONF_WIRE: found.wire,
            CONF_SERIALS: dict(found.serials),
            **({CONF_PASSWORD: password} if password else {}),
        }

    # Discovery

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """A unit announced itself; its host name is its serial number."""
        serial = discovery_info.hostname.removesuffix(".").removesuffix(".local")
        if (entry := self._known({"device": serial})) is not None:
            return self._moved(entry, discovery_info.host)
        await self.async_set_unique_id(serial)
        return await self._discovered(discovery_info.host)

    @override
    async def async_step_dhcp(self, discovery_info: DhcpServiceInfo) -> ConfigFlowResult:
        """A unit that is set up got an address; only its own serial number moves the entry there."""
        return await self._discovered(discovery_info.ip)

    async def _discovered(self, host: str) -> ConfigFlowResult:
        self._input = {CONF_HOST: host, CONF_PORT: MODBUS_PORT, CONF_MODEL: next(iter(MODEL_NAMES))}
        found = await self._look()
        if found is None:
            return self.async_abort(reason="cannot_connect")
        if (entry := self._known(found.serials)) is not None:
            return self._moved(entry, host)
        await self.async_set_unique_id(found.serial)
        self._abort_if_unique_id_configured()
        self.context["title_placeholders"] = {"name": f"Titan ({host})"}
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the model of a discovered unit."""
        if user_input is not None:
            self._input |= user_input
            if (found := await self._look()) is not None:
                return await self._create(found)
        return self.async_show_form(
            step_id="confirm",
            data_schema=schema.CONFIRM,
            errors=self._errors(self._error),
            description_placeholders={"host": self._input[CONF_HOST], **APP},
        )

    # Changing a unit

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change address or transport; the unit must be the same."""
        entry = self._get_reconfigure_entry()
        if not self._input:
            self._input = dict(entry.data)
        if user_input is not None:
            self._input |= schema.flat(user_input)
            if (found := await self._look()) is not None:
                if not _same(entry, found):
                    return self.async_abort(reason="other_unit")
                return self.async_update_reload_and_abort(entry, data=self._data(found))
        return self._form("reconfigure", schema.reconfigure(self._input))

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The unit refuses the password."""
        self._input = dict(entry_data)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the new password."""
        if user_input is not None:
            self._input |= user_input
            if (found := await self._look()) is not None:
                entry = self._get_reauth_entry()
                if not _same(entry, found):
                    return self.async_abort(reason="other_unit")
                return self.async_update_reload_and_abort(entry, data_updates=user_input)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=schema.PASSWORD,
            errors=self._errors(self._error),
            description_placeholders=APP,
        )

    # Looking

    async def _look(self) -> Found | None:
        """Return who answers at the address that was entered, or remember why nobody does."""
        address = Address(
            host=self._input[CONF_HOST],
            port=self._input[CONF_PORT],
            transport=self._input.get(CONF_TRANSPORT, TRANSPORT_AUTO),
            unit_id=self._input.get(CONF_UNIT_ID, UNIT_ID),
            password=self._input.get(CONF_PASSWORD),
        )
        self._error = None
        try:
            return await find(self.hass, address)
        except EnergyError as error:
            self._error = error
        except Exception:
            _LOGGER.exception("Unexpected error while looking for a unit")
            self._error = EnergyError(key="unknown")
        return None

    def _form(self, step: str, data_schema: probatio.Schema) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step, data_schema=data_schema, errors=self._errors(self._error), description_placeholders=APP
        )

    @staticmethod
    def _errors(error: EnergyError | None) -> dict[str, str]:
        return {} if error is None else {"base": schema.flow_error(error)}


def _same(entry: ConfigEntry, found: Found) -> bool:
    known = entry.data[CONF_SERIALS]
    shared = known.keys() & found.serials.keys()
    return entry.unique_id == found.serial or any(known[kind] == found.serials[kind] for kind in shared)


class TitanOptionsFlow(OptionsFlow):
    """Preferences. They apply at once, without a reload that would stop the battery."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for all of them."""
        if user_input is not None:
            options = {name: value for name, value in schema.flat(user_input).items() if value is not None}
            self._apply(options)
            return self.async_create_entry(data=options)
        return self.async_show_form(step_id="init", data_schema=schema.options(self.config_entry))

    def _apply(self, options: Mapping[str, Any]) -> None:
        coordinator = getattr(self.config_entry, "runtime_data", None)
        if coordinator is not None:
            coordinator.apply(options)
