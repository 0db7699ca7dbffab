"""Which details of inverters become entities: all of them on small sites, on large ones those that somebody has already."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..energy_core.ha.descriptions import PointDescription
from ..energy_core.points import Block
from .const import ALL, AUTOMATIC, CONF_DETAILS, NONE
from .envoy.device import Envoy
from .envoy.points import Inverter, InverterDetail, InverterState

# The gateway itself tells details of no more than this.
FEW: Final = 50
# Their power, which nearly everybody wants to see, is no detail.
OF_INVERTERS: Final = frozenset({Inverter, InverterDetail, InverterState})


def is_detail(block: Block, description: PointDescription) -> bool:
    """Tell whether an entity is about a single inverter, and not its power."""
    return type(block) in OF_INVERTERS and description.point is not Inverter.power


class Details:
    """The choice of one gateway."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, envoy: Envoy) -> None:
        """Look at the registry only when it is needed: by then, entities have been taken over."""
        self._hass, self._entry, self._envoy = hass, entry, envoy
        self._choice = entry.options.get(CONF_DETAILS, AUTOMATIC)
        self._known: frozenset[str] | None = None

    @property
    def of_all(self) -> bool:
        """Tell whether every inverter shows its details."""
        return self._choice == ALL or (self._choice != NONE and len(self._envoy.parts(Inverter)) <= FEW)

    @property
    def known(self) -> frozenset[str]:
        """Return the unique ids of what there is already; where none is wanted, of what somebody has enabled."""
        if self._known is None:
            found = er.async_entries_for_config_entry(er.async_get(self._hass), self._entry.entry_id)
            unused = er.RegistryEntryDisabler.INTEGRATION if self._choice == NONE else None
            self._known = frozenset(each.unique_id for each in found if unused is None or each.disabled_by != unused)
        return self._known
