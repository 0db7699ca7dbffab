// What a value means to a house, and how it looks wherever it is drawn: one colour for each in tiles, curves and bars.
import { pick } from "./inventory.js";

export const POWERS = ["solar", "home", "grid", "battery", "car"];
export const STATES = ["level", "charging", "car_session"];
export const TODAY = ["solar_today", "home_today", "import_today", "export_today", "charged_today", "discharged_today"];
// There is one of these in a house, however many devices measure it.
const SINGLE = ["home", "grid"];
export const LOOKS = {
  solar: { icon: "mdi:solar-power", color: "amber" },
  home: { icon: "mdi:home-lightning-bolt", color: "purple" },
  grid: { icon: "mdi:transmission-tower", color: "blue" },
  battery: { icon: "mdi:home-battery", color: "teal" },
  car: { icon: "mdi:car-electric", color: "green" },
  level: { color: "teal" },
  charging: { color: "green" },
  solar_today: { icon: "mdi:solar-power", color: "amber" },
  home_today: { icon: "mdi:home-lightning-bolt", color: "purple" },
  import_today: { icon: "mdi:transmission-tower-export", color: "blue" },
  export_today: { icon: "mdi:transmission-tower-import", color: "deep-purple" },
  charged_today: { icon: "mdi:battery-arrow-down", color: "pink" },
  discharged_today: { icon: "mdi:battery-arrow-up", color: "teal" },
  car_session: { icon: "mdi:car-electric", color: "green" },
};

/** Return the entities for a role: those of the devices that know it best, or, of one that is single, in the wanted unit. */
export function best(hass, roots, role, unit) {
  const known = roots.flatMap((root) => {
    const wanted = root.table.house[role];
    const ids = wanted?.keys.map((key) => pick(root, [key])).find((found) => found.length) ?? [];
    const other = (entity) => SINGLE.includes(role) && unit && unitOf(hass, entity) !== unit;
    return ids.map((entity) => ({ entity, rank: wanted.rank + (other(entity) ? 100 : 0) }));
  });
  const rank = Math.min(...known.map((each) => each.rank));
  return known.filter((each) => each.rank === rank).map((each) => each.entity);
}

/** Return the unit that most of the powers have that are not single: what is drawn beside them had better be in it, too. */
export function commonUnit(hass, roots) {
  const counts = new Map();
  const entities = POWERS.filter((role) => !SINGLE.includes(role)).flatMap((role) => best(hass, roots, role));
  for (const unit of entities.map((entity) => unitOf(hass, entity))) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0];
}

export function unitOf(hass, entity) {
  return hass.states[entity]?.attributes.unit_of_measurement;
}
