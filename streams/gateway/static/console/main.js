// Starts the console: who one is, the city's names, the desk's board and its changes, then the keys.
import { effect, html, render } from "../shared/dom.js";
import { sure, whoami } from "../shared/api.js";
import { tick } from "../shared/clock.js";
import { t, word } from "../shared/i18n.js";
import { link } from "../shared/link.js";
import { fetchCatalog } from "../shared/names.js";
import { CaseView } from "./caseview.js";
import { CityMap } from "./citymap.js";
import { fetchSaved } from "./filters.js";
import { Foot, Head } from "./head.js";
import { listenKeys } from "./keys.js";
import { Layers } from "./layers.js";
import { Lists } from "./lists.js";
import { listen } from "./sound.js";
import { Squads } from "./squads.js";
import { cursors, marked, middle, open, point, rowsOf } from "./state.js";
import { watchDesk } from "./store.js";

function Marked() {
  const n = marked.value.length;
  return n ? html`<div class="marked-bar" role="status">${t("bulk.marked", { n })}</div>` : null;
}

function Console() {
  return html`<${Head} /><main class="columns"><${Lists} />
    <div class="middle">${middle.value === "map" ? html`<${CityMap} />` : html`<${CaseView} />`}</div><${Squads} /></main><${Marked} />
    <${Foot} /><${Layers} />`;
}

const STALE = 20_000;

/** What is older than this is greyed: nobody shall take it for the present. */
effect(() => {
  tick.value;
  const { state, heard } = link.value;
  document.body.classList.toggle("stale", state === "lost" && heard > 0 && Date.now() - heard > STALE);
});

async function start() {
  const who = await sure(whoami);
  if (/^#c-\w+$/.test(location.hash)) open(location.hash.slice(1)); // from a list elsewhere
  document.title = `派单 · ${word("account", who.role)}`;
  listenKeys();
  listen();
  await Promise.all([sure(fetchCatalog), watchDesk(who.desk), fetchSaved().catch(() => {})]);
  if (!cursors.unassigned.value && rowsOf("unassigned").length) point("unassigned", rowsOf("unassigned")[0].id);
  // Who was quicker than the names of the city is left where they are: rows and keys work before.
  if (document.activeElement === document.body) document.getElementById("list-unassigned")?.focus();
}

render(html`<${Console} />`, document.getElementById("app"));
start();
