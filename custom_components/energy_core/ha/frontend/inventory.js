// What there is: the devices and entities of the platforms that have a table, found by keys, never by ids or names.

const order = new Intl.Collator("en", { numeric: true }).compare;

/** Return the units (devices that hang on no other), each with its parts, and the loops. */
export function inventory(hass, tables) {
  const units = [...collect(hass, tables).values()].sort((one, other) => order(one.name, other.name));
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const roots = [];
  const loops = [];
  for (const unit of units) {
    const parent = byId.get(unit.device.parent_device_id ?? unit.device.via_device_id);
    unit.loop = unit.table.loops?.find((loop) => unit.keys.has(loop.anchor));
    unit.parent = parent?.device.entry_type === "service" ? undefined : parent;
    if (unit.loop) loops.push(unit);
    else if (unit.parent) unit.parent.parts.push(unit);
    else roots.push(unit);
  }
  return { roots, loops };
}

function collect(hass, tables) {
  const units = new Map();
  for (const entity of Object.values(hass.entities)) {
    const table = tables.get(entity.platform);
    const device = hass.devices[entity.device_id];
    if (!table || !device || entity.hidden || entity.entity_category === "diagnostic") continue;
    if (!units.has(device.id)) units.set(device.id, unitOf(device, table));
    const { keys } = units.get(device.id);
    const key = `${entity.entity_id.split(".")[0]}.${entity.translation_key}`;
    keys.set(key, [...(keys.get(key) ?? []), entity.entity_id].sort(order));
  }
  return units;
}

function unitOf(device, table) {
  return { id: device.id, device, name: device.name_by_user || device.name || "", table, keys: new Map(), parts: [] };
}

/** Return the ids of the entities that a unit has for these keys, in the order of the keys. */
export function pick(unit, keys) {
  return keys.flatMap((key) => unit.keys.get(key) ?? []);
}

/** Return the views that a unit has, as its table describes them. */
export function viewsOf(unit) {
  return unit.table.views.filter((view) => pick(unit, view.anchor).length);
}
