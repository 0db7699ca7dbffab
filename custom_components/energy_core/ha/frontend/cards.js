// What a line of a table becomes: cards of Home Assistant's own, for entities that exist.
import { pick } from "./inventory.js";
import { LOOKS } from "./roles.js";

const WIDE = { columns: 12 };
const OWN = { type: "entity" };
const FEATURES = {
  lock: { type: "lock-commands" },
  number: { type: "numeric-input", style: "slider" },
  select: { type: "select-options" },
  switch: { type: "toggle" },
};
const DAY = 24 * 60 * 60 * 1000;
// Five-minute means in a row that make a curve; a younger house shows every value of its last hour.
const ENOUGH = 12;
const NEVER = [undefined, "unknown", "unavailable"];

export function heading(text, icon) {
  return { type: "heading", heading: text, icon };
}

export function tile(entity, more = {}) {
  return { type: "tile", entity, name: OWN, ...more };
}

export function control(entity, more = {}) {
  const features = [FEATURES[entity.split(".")[0]]];
  return tile(entity, { features, features_position: "inline", grid_options: WIDE, ...more });
}

function choice(entity, more) {
  return tile(entity, { features: [FEATURES.select], hide_state: true, grid_options: WIDE, ...more });
}

function press(entity, more) {
  const action = { action: "perform-action", perform_action: "button.press", target: { entity_id: entity } };
  return tile(entity, { hide_state: true, tap_action: action, icon_tap_action: action, grid_options: WIDE, ...more });
}

function gauge(entity, { max, severity }) {
  const card = { type: "gauge", entity, name: OWN, needle: true, min: 0, max, grid_options: { columns: 12, rows: 3 } };
  return severity ? { ...card, severity } : card;
}

function wide(entity, { feature }, more) {
  return tile(entity, { ...(feature ? { features: [{ type: feature }] } : {}), grid_options: WIDE, ...more });
}

/** Return an entity of a graph, in the colour of its role. */
export function line(entity, role, more = {}) {
  return { entity, name: OWN, color: LOOKS[role].color, ...more };
}

/** Return the curves of the last day, all in one unit; while the house is too young for that, its last hour. */
export async function curves(hass, lines, more = {}, young = lines) {
  const counts = await counted(hass, lines, { period: "5minute", types: ["mean"] }, DAY);
  const known = lines.filter((each) => counts[each.entity]);
  if (!known.some((each) => counts[each.entity] >= ENOUGH)) return history(young, 1, more);
  const card = { type: "statistics-graph", chart_type: "line", period: "5minute", days_to_show: 1, stat_types: ["mean"] };
  return some(known, { ...card, entities: known, ...more });
}

/** Return every value of some hours; units that differ are drawn one above the other. */
export function history(lines, hours, more = {}) {
  return some(lines, { type: "history-graph", hours_to_show: hours, entities: lines, ...more });
}

/** Return what each of the last seven days brought, once there is something to show. */
async function days(hass, lines) {
  const counts = await counted(hass, lines, { period: "day", types: ["change"] }, 7 * DAY);
  const known = lines.filter((each) => counts[each.entity]);
  const card = { type: "statistics-graph", chart_type: "bar", period: "day", days_to_show: 7, stat_types: ["change"] };
  return some(known, { ...card, entities: known });
}

async function counted(hass, lines, wanted, span) {
  const ids = lines.map((each) => each.entity);
  if (!ids.length) return {};
  const asked = { statistic_ids: ids, start_time: new Date(Date.now() - span).toISOString(), ...wanted };
  const found = await hass.callWS({ type: "recorder/statistics_during_period", ...asked }).catch(() => ({}));
  return Object.fromEntries(ids.map((id) => [id, found[id]?.length ?? 0]));
}

function some(entities, card) {
  return entities.length ? [{ grid_options: WIDE, ...card }] : [];
}

// By the word that a line of a table begins with: (entities, the line, what replaces names) => cards.
const LISTS = {
  wide: (entities, said, name) => entities.map((entity) => wide(entity, said, name)),
  controls: (entities, _said, name) => entities.map((entity) => control(entity, name)),
  choices: (entities, _said, name) => entities.map((entity) => choice(entity, name)),
  buttons: (entities, _said, name) => entities.map((entity) => press(entity, name)),
  gauge: (entities, said) => entities.map((entity) => gauge(entity, said)),
  lines: (entities, _said, name) =>
    some(entities, { type: "entities", entities: entities.map((entity) => ({ entity, name: OWN, ...name })) }),
  calendar: (entities) =>
    some(entities, { type: "calendar", initial_view: "dayGridMonth", entities, grid_options: { columns: 12, rows: 7 } }),
  logbook: (entities, said) => some(entities, { type: "logbook", target: { entity_id: entities }, hours_to_show: said.hours }),
};
// Those that are drawn: keys with the roles that they are coloured by.
const GRAPHS = {
  curves: (hass, lines, said) => curves(hass, lines, said.to ? { min_y_axis: said.from, max_y_axis: said.to } : {}),
  days,
};

/** Return the entities that a line is about: of events only those that have happened. */
function picked(hass, units, keys, word) {
  const entities = units.flatMap((unit) => pick(unit, keys));
  return word === "logbook" ? entities.filter((entity) => !NEVER.includes(hass.states[entity]?.state)) : entities;
}

/** Return the cards of some lines of a table for these units; `name` is how their entities are called, if not by name. */
export async function cardsOf(hass, units, table, text, name = {}) {
  const made = table.map((said) => {
    const [word, keys] = Object.entries(said)[0];
    if (LISTS[word]) return LISTS[word](picked(hass, units, keys, word), said, name);
    // What the last days brought is not what "today" in the name of an entity says.
    const called = (role) => (word === "days" ? { name: text(role) } : {});
    const lines = Object.entries(keys).flatMap(([key, role]) =>
      units.flatMap((unit) => pick(unit, [key]).map((entity) => line(entity, role, called(role)))),
    );
    return GRAPHS[word](hass, lines, said);
  });
  return (await Promise.all(made)).flat();
}

/** Return a column of a view: parts under their headings, one below the other, without those that show nothing. */
export function column(parts, more = {}) {
  const cards = parts.filter((part) => part.cards.length).flatMap((part) => [part.heading, ...part.cards]);
  return cards.length ? [{ type: "grid", cards, ...more }] : [];
}
