"""Setting up a loop: one form, shown again with what was entered when the loop is changed."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    TextSelector,
)
import probatio

from .loop import CONF_ACTIVE_WHILE
from .source import watts

# Whatever shows a power in W or kW will do: a meter, a template, a helper.
POWER: Final = EntitySelector(
    EntitySelectorConfig(
        filter=[
            EntityWithDeviceFilterSelectorConfig(domain="sensor", device_class="power"),
            EntityWithDeviceFilterSelectorConfig(domain=["input_number", "number"]),
        ]
    )
)
SCHEDULE: Final = EntitySelector(
    EntitySelectorConfig(
        filter=[EntityWithDeviceFilterSelectorConfig(domain=["schedule", "input_boolean", "binary_sensor", "calendar", "switch"])]
    )
)
YES_NO: Final = BooleanSelector()


class LoopFlow(ConfigSubentryFlow):
    """Adds a loop, or changes one. A subclass names its fields."""

    # Powers that must be readable, by the name of their field.
    powers: tuple[str, ...] = ()

    def fields(self, given: Mapping[str, Any]) -> dict[probatio.Marker, Any]:
        """Return the fields of the form, with what is ``given`` as what they start with."""
        raise NotImplementedError

    def usual_name(self) -> str:
        """Return the name that a new loop is offered."""
        raise NotImplementedError

    def check(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Return the error of each field: a power that can be read is not one of something else."""
        found: dict[str, str] = {}
        for name in self.powers:
            state = self.hass.states.get(given[name]) if given.get(name) else None
            if state is not None and state.state not in ("unknown", "unavailable") and watts(state) is None:
                found[name] = "not_a_power"
        return found

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for everything, once."""
        return self.ask("user", user_input, {})

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask again, with what is so now."""
        subentry = self._get_reconfigure_subentry()
        return self.ask("reconfigure", user_input, {**subentry.data, CONF_NAME: subentry.title})

    def ask(self, step: str, user_input: dict[str, Any] | None, known: Mapping[str, Any]) -> SubentryFlowResult:
        """Show the form of ``step`` with what is ``known``, or take what was entered."""
        errors = {} if user_input is None else self.check(user_input)
        if user_input is not None and not errors:
            data = dict(user_input)
            title = data.pop(CONF_NAME)
            if self.source == SOURCE_USER:
                return self.async_create_entry(title=title, data=data)
            return self.async_update_and_abort(self._get_entry(), self._get_reconfigure_subentry(), data=data, title=title)
        given = known if user_input is None else user_input
        schema = {probatio.Required(CONF_NAME, default=given.get(CONF_NAME, self.usual_name())): TextSelector()}
        return self.async_show_form(step_id=step, data_schema=probatio.Schema(schema | self.fields(given)), errors=errors)


def optional(name: str, given: Mapping[str, Any]) -> probatio.Optional:
    """Return an optional field that can be emptied again."""
    return probatio.Optional(name, description={"suggested_value": given.get(name)})


def required(name: str, given: Mapping[str, Any], usual: Any = probatio.UNDEFINED) -> probatio.Required:
    """Return a field that must be filled."""
    return probatio.Required(name, default=given.get(name, usual))


def active_while(given: Mapping[str, Any]) -> dict[probatio.Marker, Any]:
    """Return the field for what the loop depends on: a schedule, a helper."""
    return {optional(CONF_ACTIVE_WHILE, given): SCHEDULE}
