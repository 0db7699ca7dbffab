"""What the entity and device registries say about one integration."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .client import HomeAssistant

# Nothing has happened yet: these entities are healthy with the state "unknown".
STATELESS = frozenset({"button", "event", "scene"})
# So are these sensors: there is no time to go unless the battery charges, or discharges. Each key's own check is
# made while it does.
PASSING = ("remaining_charge_time", "remaining_discharge_time")
# What no register of the gateway tells is known once seven days have been counted.
WEEKLY = ("seven_days_import", "seven_days_export", "seven_days_net_consumption")
NO_VALUE = frozenset({"unknown", "unavailable"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """An enabled entity of the integration."""

    entity_id: str
    unique_id: str
    name: str
    category: str | None
    device_id: str | None

    @property
    def domain(self) -> str:
        """Return the platform's domain, such as sensor."""
        return self.entity_id.split(".")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """The devices of the integration and their enabled entities, in the order of the registry.

    ``lead`` stands before the device's identifier in the unique ids of its entities.
    """

    devices: tuple[Mapping[str, Any], ...]
    entities: tuple[Entity, ...]
    lead: str = ""

    @property
    def main(self) -> Mapping[str, Any]:
        """Return the device itself: the first that hangs on no other and is no mere account; one that is alone is it."""
        alone = len(self.devices) == 1
        return next(one for one in self.devices if alone or (not _parent(one) and one.get("entry_type") != "service"))

    @property
    def parts(self) -> list[Mapping[str, Any]]:
        """Return the devices that hang on another one, such as battery packs."""
        return [device for device in self.devices if _parent(device)]

    def of(self, device: Mapping[str, Any]) -> list[Entity]:
        """Return the entities of a device."""
        return [entity for entity in self.entities if entity.device_id == device["id"]]

    def find(self, key: str, domain: str = "sensor") -> Entity | None:
        """Return the entity of the main device whose unique id ends with the key."""
        serials = tuple(str(identifier[1]) for identifier in self.main["identifiers"])
        wanted = {f"{self.lead}{serial}_{key}" for serial in serials}
        return next((one for one in self.entities if one.unique_id in wanted and one.domain == domain), None)

    def ids(self, keys: Iterable[str], domain: str = "sensor") -> list[str]:
        """Return the entity ids of the keys that exist, in the given order."""
        return [entity.entity_id for key in keys if (entity := self.find(key, domain))]


async def read_house(hass: HomeAssistant, domain: str, lead: str = "") -> House:
    """Read the devices and enabled entities of an integration, but for those of its subentries."""
    entries = {entry["entry_id"] for entry in await hass.command("config_entries/get", domain=domain)}
    devices = await hass.command("config/device_registry/list")
    return House(
        devices=tuple(one for one in devices if one["config_entry_id"] in entries and not one["config_subentry_id"]),
        entities=tuple(
            _entity(one) for one in await _enabled(hass) if one["platform"] == domain and not one["config_subentry_id"]
        ),
        lead=lead,
    )


async def read_subentry(hass: HomeAssistant, domain: str, kind: str) -> House | None:
    """Read the device and the enabled entities of the first subentry of this kind, if there is one."""
    entry = (await hass.command("config_entries/get", domain=domain))[0]["entry_id"]
    listed = await hass.command("config_entries/subentries/list", entry_id=entry)
    found = next((one["subentry_id"] for one in listed if one["subentry_type"] == kind), None)
    devices = [one for one in await hass.command("config/device_registry/list") if one["config_subentry_id"] == found]
    if found is None or not devices:
        return None
    entities = tuple(_entity(one) for one in await _enabled(hass) if one["config_subentry_id"] == found)
    return House(devices=tuple(devices), entities=entities)


def without_value(entities: Iterable[Entity], states: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the entities that should have a value and have none, each with its state."""
    found = []
    for entity in entities:
        state = str(states.get(entity.entity_id, {}).get("state", "no state"))
        excused = state == "unknown" and (entity.domain in STATELESS or entity.unique_id.endswith(PASSING + WEEKLY))
        if (state in NO_VALUE or state == "no state") and not excused:
            found.append(f"{entity.entity_id} ({entity.unique_id}, {state})")
    return found


def _parent(device: Mapping[str, Any]) -> str | None:
    """Return the device that this one is a part of (child device) or is reached through."""
    parent: str | None = device.get("parent_device_id") or device.get("via_device_id")
    return parent


async def _enabled(hass: HomeAssistant) -> list[Mapping[str, Any]]:
    return [one for one in await hass.command("config/entity_registry/list") if not one["disabled_by"]]


def _entity(listed: Mapping[str, Any]) -> Entity:
    """Return the registry's line as an entity."""
    return Entity(
        entity_id=listed["entity_id"],
        unique_id=str(listed["unique_id"]),
        name=listed["name"] or listed["original_name"] or listed["entity_id"],
        category=listed["entity_category"],
        device_id=listed["device_id"],
    )
