"""The device that each block belongs to: identifiers are those of Home Assistant's own integration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from homeassistant.helpers import device_registry as dr

from ..energy_core.ha.texts import said
from ..energy_core.points import Block
from .const import DOMAIN, MANUFACTURER
from .envoy.device import Envoy
from .envoy.points import (
    Acb,
    AcbGroup,
    AcbPower,
    AcbSum,
    Collar,
    Combiner,
    Contact,
    ContactSettings,
    Encharge,
    EnchargePower,
    Enpower,
    Inverter,
    InverterDetail,
    InverterState,
    Part,
    QRelay,
    StorageSettings,
)

if TYPE_CHECKING:
    from .coordinator import EnvoyCoordinator


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a device is called: its name, before the serial number, and its model."""

    name: str
    model: str


INVERTER: Final = Kind(name="Inverter", model="Inverter")
BATTERY: Final = Kind(name="Encharge", model="Encharge")
ACB: Final = Kind(name="AC Battery", model="AC Battery")
KINDS: Final[Mapping[type[Block], Kind]] = {
    Inverter: INVERTER,
    InverterDetail: INVERTER,
    InverterState: INVERTER,
    Encharge: BATTERY,
    EnchargePower: BATTERY,
    Enpower: Kind(name="Enpower", model="Enpower"),
    Collar: Kind(name="Collar", model="IQ Meter Collar"),
    Combiner: Kind(name="C6 Combiner", model="C6 COMBINER CONTROLLER"),
    QRelay: Kind(name="Q-Relay", model="Q-Relay"),
    Acb: ACB,
    AcbPower: ACB,
}

OF_THEIR_OWN: Final = frozenset({*KINDS, Contact, ContactSettings})


def info_of(coordinator: EnvoyCoordinator, block: Block) -> dr.DeviceInfo:
    """Return the device of ``block``."""
    if isinstance(block, AcbGroup | AcbSum):
        return acb_group(coordinator)
    if isinstance(block, StorageSettings) and coordinator.device.enpower is not None:
        return _part(coordinator, coordinator.device.enpower)
    if isinstance(block, Contact | ContactSettings):
        return _relay(coordinator, block)
    if isinstance(block, Part) and type(block) in KINDS:
        return _part(coordinator, block)
    return gateway(coordinator)


def gateway(coordinator: EnvoyCoordinator) -> dr.DeviceInfo:
    """Return the gateway itself."""
    part = coordinator.gateway.part_number
    return dr.DeviceInfo(
        identifiers={(DOMAIN, coordinator.serial)},
        manufacturer=MANUFACTURER,
        model=_shown_model(coordinator),
        name=coordinator.title,
        hw_version=part,
        sw_version=coordinator.device.info.firmware or coordinator.gateway.firmware,
        serial_number=coordinator.serial,
        configuration_url=coordinator.gateway.base,
    )


def summary(coordinator: EnvoyCoordinator) -> str:
    """Return what the log says of a gateway that was set up."""
    known, scheme = coordinator.gateway, coordinator.gateway.base.partition(":")[0]
    return f"{_model(coordinator.device)}, firmware {coordinator.device.info.firmware or known.firmware}, over {scheme}"


def _model(envoy: Envoy) -> str:
    """Return what the owner knows the gateway as: what it can measure, and on how many phases."""
    if not envoy.info.metered:
        return "Envoy"
    phases = envoy.phases
    return f"Envoy, {phases} phases" if phases else "Envoy, metered"


def _shown_model(coordinator: EnvoyCoordinator) -> str:
    """Return the same in the user's language."""
    envoy = coordinator.device
    if not envoy.info.metered:
        return _model(envoy)
    key = "model_phases" if envoy.phases else "model_metered"
    return said(coordinator.hass, DOMAIN, "common", key, phases=envoy.phases)


def _part(coordinator: EnvoyCoordinator, block: Part) -> dr.DeviceInfo:
    kind, via = KINDS[type(block)], coordinator.serial
    if isinstance(block, Acb | AcbPower):
        via = f"{coordinator.serial}_acb"
    info = _inverter(coordinator, block.item) if kind is INVERTER else _brand(kind, block.item)
    if installed := block.values.get("installed_firmware"):
        info["sw_version"] = str(installed)
    if number := block.values.get("part_number"):
        info["hw_version"] = str(number)
    return _behind(coordinator, info, via)


def _brand(kind: Kind, serial: str) -> dr.DeviceInfo:
    return dr.DeviceInfo(
        identifiers={(DOMAIN, serial)},
        manufacturer=MANUFACTURER,
        model=kind.model,
        name=f"{kind.name} {serial}",
        serial_number=serial,
    )


def _inverter(coordinator: EnvoyCoordinator, serial: str) -> dr.DeviceInfo:
    """Return an inverter: no brand, so its name is a word of the user's language."""
    return dr.DeviceInfo(
        identifiers={(DOMAIN, serial)},
        manufacturer=MANUFACTURER,
        model=said(coordinator.hass, DOMAIN, "common", "model_inverter"),
        serial_number=serial,
        translation_key="inverter",
        translation_placeholders={"serial": serial},
    )


def _relay(coordinator: EnvoyCoordinator, block: Part) -> dr.DeviceInfo:
    enpower = coordinator.device.enpower
    settings = coordinator.device.blocks.get(f"contactsettings_{block.item}")
    name = settings.load_name if isinstance(settings, ContactSettings) else None
    info = dr.DeviceInfo(
        identifiers={(DOMAIN, block.item)},
        manufacturer=MANUFACTURER,
        model=said(coordinator.hass, DOMAIN, "common", "model_relay"),
        name=name or block.item,
    )
    return _behind(coordinator, info, enpower.item if enpower else coordinator.serial)


def acb_group(coordinator: EnvoyCoordinator) -> dr.DeviceInfo:
    """Return the device that stands for all AC batteries."""
    info = dr.DeviceInfo(
        identifiers={(DOMAIN, f"{coordinator.serial}_acb")},
        manufacturer=MANUFACTURER,
        model="ACB",
        name=f"ACB {coordinator.serial}",
    )
    return _behind(coordinator, info, coordinator.serial)


def _behind(coordinator: EnvoyCoordinator, info: dr.DeviceInfo, identifier: str) -> dr.DeviceInfo:
    """Hang a device on another."""
    info["via_device_id"] = _via_id(coordinator, identifier)
    return info


def _via_id(coordinator: EnvoyCoordinator, identifier: str) -> str:
    """Return the registry's id of the device that another hangs on, which is registered here if it is not yet."""
    registry, entry_id = dr.async_get(coordinator.hass), coordinator.config_entry.entry_id
    if (found := registry.async_get_device_by_identifier((DOMAIN, identifier), entry_id)) is not None:
        return found.id
    info = gateway(coordinator)
    if identifier.endswith("_acb"):
        info = acb_group(coordinator)
    elif identifier != coordinator.serial and coordinator.device.enpower is not None:
        info = _part(coordinator, coordinator.device.enpower)
    return registry.async_get_or_create(config_entry_id=entry_id, **info).id


def gateway_id(coordinator: EnvoyCoordinator) -> str:
    """Return the registry's id of the gateway."""
    return _via_id(coordinator, coordinator.serial)


def present(coordinator: EnvoyCoordinator) -> set[str]:
    """Return the identifiers of every device that is there."""
    envoy = coordinator.device
    found = {coordinator.serial, *(f"{coordinator.serial}_acb" for _ in (*envoy.parts(Acb), *envoy.parts(AcbPower)))}
    return found | {block.item for block in envoy.blocks.values() if type(block) in OF_THEIR_OWN and isinstance(block, Part)}
