// The entry: one copy for each integration that is loaded. All share what is on `window`; the newest engine works.
import * as engine from "./engine.js";

const TYPE = "energy-core";
// Dashboards beside that of the whole house: only the views of one kind.
const KINDS = ["battery", "charger", "solar"];

const shared = (window.energyCoreDashboards ??= { tables: new Map(), loading: [], texts: {}, engine: { VERSION: 0 } });

async function read(path) {
  const answer = await fetch(new URL(path, import.meta.url));
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  return answer.json();
}

async function load() {
  const [table, texts] = await Promise.all([read("../dashboard.json"), read("texts.json")]);
  shared.tables.set(table.domain, table);
  if (engine.VERSION > shared.engine.VERSION) Object.assign(shared, { engine, texts });
  announce(table);
}

function home() {
  return document.querySelector("home-assistant")?.hass;
}

/** The base of all: draws with the newest engine, anew when registries, language or tables change. */
class Strategy extends HTMLElement {
  static drawn = 0;

  static async ready() {
    await Promise.all(shared.loading);
    this.drawn = shared.tables.size;
    return shared;
  }

  static shouldRegenerate(_config, before, now) {
    const watched = ["entities", "devices", "language"];
    return this.drawn !== shared.tables.size || watched.some((name) => before[name] !== now[name]);
  }
}

function dashboardOf(kind) {
  return class extends Strategy {
    static async generate(_config, hass) {
      const { engine: newest, tables, texts } = await this.ready();
      return newest.dashboard(hass, tables, texts, kind);
    }

    static getCreateSuggestions(hass) {
      return shared.engine.suggestion(hass, shared.texts, kind);
    }
  };
}

class View extends Strategy {
  static async generate(config, hass) {
    const { engine: newest, tables, texts } = await this.ready();
    return newest.view(hass, tables, texts, config);
  }
}

function define(tag, made) {
  if (!customElements.get(tag)) customElements.define(tag, made);
}

/** Show a dashboard in the list that "Add dashboard" opens; its words are asked for when the list is drawn. */
function list(type, kind) {
  const listed = (window.customStrategies ??= []);
  if (listed.some((each) => each.type === type && each.strategyType === "dashboard")) return;
  const words = () => shared.engine.words(home(), shared.texts, kind);
  listed.push({
    type,
    strategyType: "dashboard",
    get name() {
      return words().name;
    },
    get description() {
      return words().description;
    },
  });
}

function announce(table) {
  list(TYPE, "house");
  for (const { kind } of table.views) if (KINDS.includes(kind)) list(`${TYPE}-${kind}`, kind);
}

define(`ll-strategy-dashboard-${TYPE}`, dashboardOf("house"));
for (const kind of KINDS) define(`ll-strategy-dashboard-${TYPE}-${kind}`, dashboardOf(kind));
define(`ll-strategy-view-${TYPE}`, View);
shared.loading.push(load().catch((error) => console.error("Energy Core dashboards:", error)));
