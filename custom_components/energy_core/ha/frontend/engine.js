// The strategy itself: from the registries to the configuration of a dashboard, or of one view.
import { cardsOf, column, heading } from "./cards.js";
import { controlSections, houseSections } from "./house.js";
import { inventory, viewsOf } from "./inventory.js";

/** Raised with every change of what this file and those that it imports do: the highest one on a page works. */
export const VERSION = 1;

const TYPE = "custom:energy-core";
// In the order of the views.
const ICONS = {
  house: "mdi:home-lightning-bolt",
  solar: "mdi:solar-power",
  battery: "mdi:home-battery",
  charger: "mdi:ev-station",
  control: "mdi:tune-variant",
};

function texter(hass, texts) {
  const chosen = texts[(hass?.language ?? "en").split("-")[0]] ?? texts.en ?? {};
  return (key) => chosen[key] ?? key;
}

/** Return what the list of dashboards says of one. */
export function words(hass, texts, kind) {
  const text = texter(hass, texts);
  return { name: `Energy Core: ${text(kind)}`, description: text(kind === "house" ? "about_house" : "about_device") };
}

/** Return what a new dashboard is called unless the user calls it otherwise. */
export function suggestion(hass, texts, kind) {
  return { title: texter(hass, texts)(kind), icon: ICONS[kind] };
}

/** Return a dashboard: the house, each device, the loops; or, of one kind, only its devices and their loops. */
export function dashboard(hass, tables, texts, kind) {
  const text = texter(hass, texts);
  const found = inventory(hass, tables);
  const devices = deviceViews(found.roots, text).filter((view) => kind === "house" || view.strategy.view === kind);
  if (!devices.length) return { views: [{ title: text(kind), path: kind, cards: [markdown(text)] }] };
  const shown = new Set(devices.map((view) => view.strategy.device));
  const loops = kind === "house" ? found.loops : found.loops.filter((loop) => shown.has(loop.parent?.id));
  return {
    title: text(kind),
    views: [
      ...(kind === "house" ? [viewOf(text("house"), "house", { view: "house" })] : []),
      ...devices,
      ...(loops.length ? [viewOf(text("control"), "control", { view: "control", ...only(kind) })] : []),
    ],
  };
}

function only(kind) {
  return kind === "house" ? {} : { kind };
}

function viewOf(title, path, options) {
  return { title, path, icon: ICONS[options.view], show_icon_and_title: true, strategy: { type: TYPE, ...options } };
}

function markdown(text) {
  return { type: "markdown", content: text("nothing") };
}

function viewOfKind(unit, kind) {
  return viewsOf(unit).find((one) => one.kind === kind);
}

function deviceViews(roots, text) {
  const kinds = Object.keys(ICONS);
  const found = roots
    .flatMap((unit) => viewsOf(unit).map((one) => ({ unit, kind: one.kind })))
    .sort((one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind));
  return found.map(({ unit, kind }) => {
    const alike = found.filter((each) => each.kind === kind);
    const number = alike.findIndex((each) => each.unit === unit) + 1;
    const path = number === 1 ? kind : `${kind}-${number}`;
    return viewOf(alike.length === 1 ? text(kind) : unit.name, path, { view: kind, device: unit.id });
  });
}

/** Return one view: `view` says which; `device` of which device, the first one if none is named. */
export async function view(hass, tables, texts, config) {
  const text = texter(hass, texts);
  const found = inventory(hass, tables);
  const shape = { type: "sections", max_columns: 3, dense_section_placement: true };
  return { ...shape, sections: await sectionsOf(hass, found, text, config) };
}

async function sectionsOf(hass, found, text, config) {
  if (config.view === "house") return houseSections(hass, found, text);
  if (config.view === "control") return controlSections(hass, narrowed(found, config.kind), text);
  const units = found.roots.filter((unit) => !config.device || unit.id === config.device);
  const unit = units.find((each) => viewOfKind(each, config.view));
  if (!unit) return column([{ heading: heading(text(config.view)), cards: [markdown(text)] }]);
  const { columns } = viewOfKind(unit, config.view);
  return (await Promise.all(columns.map((one) => deviceColumn(hass, unit, one, text)))).flat();
}

async function deviceColumn(hass, unit, parts, text) {
  const made = parts.map(async ({ title, icon, parts: ofParts, cards }) => {
    const [units, name] = ofParts ? [unit.parts, { name: { type: "device" } }] : [[unit], {}];
    return { heading: heading(text(title), icon), cards: await cardsOf(hass, units, cards, text, name) };
  });
  return column(await Promise.all(made));
}

function narrowed(found, kind) {
  const wanted = ({ parent }) => !kind || (parent && viewOfKind(parent, kind));
  return { roots: found.roots, loops: found.loops.filter(wanted) };
}
