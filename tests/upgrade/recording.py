"""What Home Assistant keeps of an entry of ours, as files: written by one version, loaded by the next.

A recording holds the entry, its rows of the device and entity registries, and our own stores, as they stand in
``.storage``. Addresses, ports, keys and tokens of the simulators stand in it by name, because they are others each time.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
import json
import os
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from homeassistant import bootstrap
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    category_registry as cr,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    issue_registry as ir,
    label_registry as lr,
    restore_state as rs,
)
from pytest_homeassistant_custom_component.common import flush_store

HERE: Final = Path(__file__).parent
ENTRIES, DEVICES, ENTITIES = "core.config_entries", "core.device_registry", "core.entity_registry"
# What of a row must be as it was; the rest are texts, icons and dates.
KEPT: Final = ("id", "unique_id", "platform", "device_id", "disabled_by", "hidden_by", "name", "area_id", "config_subentry_id")
# What statistics, automations and voice go by.
MEANT: Final = ("original_device_class", "unit_of_measurement", "entity_category")

type Json = dict[str, Any]
type Storage = dict[str, Any]
type Names = Mapping[str, str | int]


def versions() -> list[str]:
    """Return the versions that have left a recording."""
    return sorted(each.name for each in HERE.iterdir() if each.is_dir() and any(each.glob("*.json")))


def path_of(version: str, domain: str) -> Path:
    """Return where a recording stands."""
    return HERE / version / f"{domain}.json"


# Names for what differs each time


def named(tree: Any, names: Names) -> Any:
    """Put names in the place of what is another one each time."""
    match tree:
        case dict():
            return {named(key, names): named(value, names) for key, value in tree.items()}
        case list():
            return [named(each, names) for each in tree]
        case str():
            for name, value in names.items():
                tree = tree.replace(str(value), f"<{name}>") if isinstance(value, str) else tree
            return tree
        case int() if not isinstance(tree, bool):
            return next((f"<{name}>" for name, value in names.items() if value == tree and isinstance(value, int)), tree)
    return tree


def filled(tree: Any, names: Names) -> Any:
    """Put what they stand for in the place of names."""
    match tree:
        case dict():
            return {filled(key, names): filled(value, names) for key, value in tree.items()}
        case list():
            return [filled(each, names) for each in tree]
        case str():
            for name, value in names.items():
                if tree == f"<{name}>":
                    return value
                tree = tree.replace(f"<{name}>", str(value))
    return tree


# Rows of a registry differ in little: what most have is written once


def folded(rows: list[Json]) -> Json:
    """Return rows as what they have in common, and what is particular to each."""
    common = {}
    for key in rows[0] if rows else ():
        ((text, times),) = Counter(json.dumps(row.get(key), sort_keys=True) for row in rows).most_common(1)
        if times > 1:
            common[key] = json.loads(text)
    return {
        "common": common,
        "rows": [{key: value for key, value in row.items() if key not in common or value != common[key]} for row in rows],
    }


def unfolded(table: Json) -> list[Json]:
    """Return the rows as they were."""
    return [{**table["common"], **row} for row in table["rows"]]


# Writing


async def boot(hass: HomeAssistant, storage: Storage, recorded: Mapping[str, Any] | None = None) -> None:
    """Start with what is in ``.storage``; ``hass`` has loaded no registries yet."""
    storage.update(recorded or {})
    dr.async_setup(hass)
    with (
        patch.object(rs.RestoreStateData, "async_setup_dump", return_value=None),
        patch("homeassistant.helpers.restore_state.start.async_at_start"),
    ):
        for registry in (ar, cr, fr, lr, ir, dr, er, rs):
            await registry.async_load(hass)
    hass.data[bootstrap.DATA_REGISTRIES_LOADED] = None
    await hass.config_entries.async_initialize()


async def record(hass: HomeAssistant, storage: Storage, entry: ConfigEntry, names: Names) -> None:
    """Unload an entry, and write down everything that is kept of it, where ``python -m tests.upgrade.record`` said."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    for store in (hass.config_entries._store, dr.async_get(hass)._store, er.async_get(hass)._store):
        store.async_delay_save(_data_of(hass, store.key), 0)
        await flush_store(store)
    found: Json = {}
    for key in (ENTRIES, DEVICES, ENTITIES, *sorted(each for each in storage if each.startswith(f"{entry.domain}."))):
        kept = json.loads(json.dumps(storage[key]))
        if key in (DEVICES, ENTITIES):
            table = key.removeprefix("core.").removesuffix("_registry")
            rows = "devices" if table == "device" else "entities"
            kept["data"][rows] = folded(kept["data"][rows])
        found[key] = kept
    path = Path(os.environ["RECORD_UPGRADE_TO"]) / f"{entry.domain}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_lines(named(found, names)), encoding="utf-8")


def _data_of(hass: HomeAssistant, key: str) -> Any:
    owner = {ENTRIES: hass.config_entries, DEVICES: dr.async_get(hass), ENTITIES: er.async_get(hass)}[key]
    return owner._data_to_save


def _lines(tree: Json) -> str:
    """Return JSON with a line for each row of a registry and each part of a store."""
    texts = []
    for key, kept in tree.items():
        rows = kept["data"]
        inner = ",\n".join(f"      {json.dumps(name)}: {_part(value)}" for name, value in rows.items())
        head = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in kept.items() if name != "data")
        texts.append(f'  {json.dumps(key)}: {{{head}, "data": {{\n{inner}\n  }}}}')
    return "{\n" + ",\n".join(texts) + "\n}\n"


def _part(value: Any) -> str:
    rows = value.get("rows") if isinstance(value, dict) else None
    if rows is None:
        return json.dumps(value, ensure_ascii=False)
    lines = ",\n".join(f"        {json.dumps(row, ensure_ascii=False)}" for row in rows)
    return f'{{"common": {json.dumps(value["common"], ensure_ascii=False)}, "rows": [\n{lines}\n      ]}}'


# Reading


class Recording:
    """What a version has left behind of an entry."""

    def __init__(self, version: str, domain: str, names: Names) -> None:
        """Read it, with the present addresses in it."""
        tree = filled(json.loads(path_of(version, domain).read_text(encoding="utf-8")), names)
        for key, rows in ((DEVICES, "devices"), (ENTITIES, "entities")):
            tree[key]["data"][rows] = unfolded(tree[key]["data"][rows])
        self.domain = domain
        self.storage: Storage = tree
        (self.entry,) = tree[ENTRIES]["data"]["entries"]

    @property
    def entities(self) -> list[Json]:
        """Return the rows of the entity registry."""
        found: list[Json] = self.storage[ENTITIES]["data"]["entities"]
        return found

    @property
    def stores(self) -> dict[str, Json]:
        """Return what our own stores hold."""
        return {key: json.loads(json.dumps(kept["data"])) for key, kept in self.storage.items() if not key.startswith("core.")}

    def store(self) -> Json:
        """Return the memory of the device."""
        return self.stores[f"{self.domain}.{self.entry['entry_id']}"]

    async def boot(self, hass: HomeAssistant, storage: Storage) -> None:
        """Start Home Assistant with it."""
        await boot(hass, storage, json.loads(json.dumps(self.storage)))

    async def load(self, hass: HomeAssistant) -> ConfigEntry:
        """Load the entry, and return it."""
        await hass.config_entries.async_setup(self.entry["entry_id"])
        await hass.async_block_till_done(wait_background_tasks=True)
        entry = hass.config_entries.async_get_entry(self.entry["entry_id"])
        assert entry is not None
        assert entry.state is ConfigEntryState.LOADED, (entry.state, entry.reason)
        return entry

    def problems(self, hass: HomeAssistant, entry: ConfigEntry) -> Iterator[str]:
        """Yield what the present code has lost or changed of it."""
        yield from self._of_entry(entry)
        registry, devices = er.async_get(hass), dr.async_get(hass)
        for row in self.entities:
            yield from _of_entity(hass, registry, row)
        for row in self.storage[DEVICES]["data"]["devices"]:
            device = devices.async_get(row["id"])
            if device is None or {tuple(each) for each in row["identifiers"]} != device.identifiers:
                yield f"device {row['identifiers']} is gone or another one"
        yield from (f"repair {each.issue_id}" for each in ir.async_get(hass).issues.values() if each.domain == self.domain)

    def _of_entry(self, entry: ConfigEntry) -> Iterator[str]:
        now = json.loads(json.dumps(entry.as_dict(), default=str))
        for key in ("version", "unique_id", "title", "data", "options", "source"):
            if now[key] != self.entry[key]:
                yield f"entry {key}: {self.entry[key]} has become {now[key]}"
        for before in self.entry["subentries"]:
            after = entry.subentries.get(before["subentry_id"])
            if after is None or (after.subentry_type, dict(after.data)) != (before["subentry_type"], before["data"]):
                yield f"subentry {before['title']} is gone or changed"


def _of_entity(hass: HomeAssistant, registry: er.EntityRegistry, row: Json) -> Iterator[str]:
    now = registry.async_get(row["entity_id"])
    if now is None:
        yield f"{row['entity_id']} is gone"
        return
    for key in (*KEPT, *MEANT):
        if (value := getattr(now, key)) != row[key]:
            yield f"{row['entity_id']} {key}: {row[key]} has become {value}"
    if (now.capabilities or {}).get("state_class") != (row["capabilities"] or {}).get("state_class"):
        yield f"{row['entity_id']} has another state class"
    state = hass.states.get(row["entity_id"])
    if row["disabled_by"] is None and (state is None or state.attributes.get("restored")):
        yield f"{row['entity_id']} ({row['unique_id']}) is provided by nobody"


def lost(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Yield where a memory had something, and has nothing any more."""
    if isinstance(before, dict):
        for key, value in before.items():
            if not isinstance(after, dict) or key not in after:
                yield f"{path}/{key}"
            else:
                yield from lost(value, after[key], f"{path}/{key}")
    elif isinstance(before, list):
        if not isinstance(after, list) or len(after) < len(before):
            yield path
    elif before is not None and after is None:
        yield path
