// The views of the whole house: every device gives what it knows, and the best source of each value is shown.
import { cardsOf, column, curves, heading, history, line, tile } from "./cards.js";
import { pick } from "./inventory.js";
import { best, commonUnit, LOOKS, POWERS, STATES, TODAY, unitOf } from "./roles.js";

// A collection of our own: what is chosen on the Energy page changes nothing here.
const COLLECTION = "energy_core";
const FULL = { grid_options: { columns: "full" } };

/** Return how the entity of a role is called: by its role, or, when there are several, by their devices. */
function named(role, entities, text) {
  return { name: entities.length === 1 ? text(role) : { type: "device" } };
}

function tiles(hass, roots, roles, text) {
  return roles.flatMap((role) => {
    const entities = best(hass, roots, role);
    const size = entities.length === 1 ? {} : { grid_options: { columns: 12 } };
    return entities.map((entity) => tile(entity, { ...named(role, entities, text), ...LOOKS[role], ...size }));
  });
}

function powerLines(hass, roots, text) {
  return POWERS.flatMap((role) => linesOf(role, best(hass, roots, role), text));
}

/** Return the powers for a graph that cannot convert: of each role those in the common unit, if it has any. */
function alikeLines(hass, roots, text) {
  const unit = commonUnit(hass, roots);
  return POWERS.flatMap((role) => {
    const entities = best(hass, roots, role, unit);
    const alike = entities.filter((entity) => unitOf(hass, entity) === unit);
    return linesOf(role, alike.length ? alike : entities, text);
  });
}

/** Return the lines of a role; of several only the first has its colour. */
function linesOf(role, entities, text) {
  const name = named(role, entities, text);
  return entities.map((entity, index) => line(entity, role, index ? { ...name, color: undefined } : name));
}

export async function houseSections(hass, { roots, loops }, text) {
  const part = (key, icon, cards) => ({ heading: heading(text(key), icon), cards });
  const now = part("now", "mdi:flash", tiles(hass, roots, [...POWERS, ...STATES], text));
  const loop = part("control", "mdi:tune-variant", loopCards(loops));
  const flow = part("flow", "mdi:lightning-bolt", await energyCards(hass));
  const today = part("today", "mdi:calendar-today", tiles(hass, roots, TODAY, text));
  const power = part("power", "mdi:chart-line", await curves(hass, powerLines(hass, roots, text), FULL, alikeLines(hass, roots, text)));
  return [...column([now, loop]), ...column([flow]), ...column([today]), ...column([power], { column_span: 3 })];
}

function loopCards(loops) {
  const look = ({ loop }) => ({ name: { type: "device" }, icon: loop.icon, grid_options: { columns: 12 } });
  return loops.flatMap((loop) => pick(loop, [loop.loop.status]).map((entity) => tile(entity, look(loop))));
}

async function energyCards(hass) {
  const prefs = await hass.callWS({ type: "energy/get_prefs" }).catch(() => undefined);
  if (!prefs?.energy_sources.length) return [];
  return [{ type: "energy-distribution", link_dashboard: true, collection_key: COLLECTION, grid_options: { columns: 12 } }];
}

export async function controlSections(hass, { roots, loops }, text) {
  const lines = alikeLines(hass, roots, text);
  const power = { heading: heading(text("last_hour"), "mdi:chart-line"), cards: history(lines, 1, FULL) };
  const columns = loops.map(async (loop) =>
    column([{ heading: heading(loop.name, loop.loop.icon), cards: await cardsOf(hass, [loop], loop.loop.cards, text) }]),
  );
  return [...column([power], { column_span: 3 }), ...(await Promise.all(columns)).flat()];
}
