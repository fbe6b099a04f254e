// Sheets to print: the browser's own print makes paper or a PDF of what stands here. A sheet stands still once it was
// fetched: it says as of when, and is fetched anew when one asks for it.
import { html, render, signal } from "../shared/dom.js";
import { Fault, get, me, whoami } from "../shared/api.js";
import { Switches } from "../shared/bar.js";
import { serverNow, told } from "../shared/clock.js";
import { t } from "../shared/i18n.js";
import { catalog, fetchCatalog, shortDesk } from "../shared/names.js";
import { again, day, dayAt, desk, hours, sheet } from "./choice.js";
import { Daily } from "./daily.js";
import { Handover } from "./handover.js";
import { Waiting } from "./paper.js";

const SHEETS = { handover: Handover, daily: Daily };
const SHIFTS = [8, 12, 24];
/** Why there is no sheet at all. */
const failed = signal(null);

/** Takes what was chosen. @param {(text:string) => any} read */
function set(held, read = (text) => text) {
  return (event) => {
    held.value = read(event.currentTarget.value);
  };
}

function DeskPick() {
  const { desks } = catalog.value;
  if (me.value?.desk || desks.length < 2) return null;
  return html`<label>${t("report.desk")} <select value=${desk.value} onChange=${set(desk)}><option value="">${t("head.all")}</option>
    ${desks.map(({ id }) => html`<option key=${id} value=${id}>${shortDesk(id)}</option>`)}</select></label>`;
}

function Bar() {
  const tab = (name) => html`<button key=${name} role="tab" aria-selected=${sheet.value === name ? "true" : "false"} aria-controls="sheet"
    onClick=${() => {
      sheet.value = name;
    }}>${t(`report.${name}`)}</button>`;
  return html`<nav class="bar" aria-label=${t("report.title")}><b class="brand">派单</b>
    <span class="tabs" role="tablist" aria-label=${t("report.sheet")}>${Object.keys(SHEETS).map(tab)}</span>
    <${DeskPick} />
    ${
      sheet.value === "daily"
        ? html`<label>${t("report.day")} <input type="date" value=${day.value || (told.value ? dayAt(serverNow()) : "")}
          max=${told.value ? dayAt(serverNow()) : undefined} onChange=${set(day)} /></label>`
        : html`<label>${t("report.shift")} <select value=${hours.value} onChange=${set(hours, Number)}>${SHIFTS.map(
            (n) => html`<option key=${n} value=${n}>${t("report.hours", { n })}</option>`,
          )}</select></label>`
    }
    <button onClick=${() => {
      again.value += 1;
    }}>${t("report.again")}</button>
    <button class="first" onClick=${() => window.print()}>${t("report.print")}</button><span class="grow"></span><${Switches} /></nav>`;
}

function Report() {
  const Sheet = SHEETS[sheet.value];
  const ready = told.value && Boolean(catalog.value.version);
  return html`<${Bar} /><main id="sheet" role="tabpanel"
    aria-label=${t(`report.${sheet.value}`)}>${ready ? html`<${Sheet} />` : html`<${Waiting} fault=${failed.value} />`}</main>`;
}

/** The server's time first: a sheet of "today" must not be the browser's. */
async function start() {
  try {
    const who = await whoami();
    if (who.desk) desk.value = who.desk;
    await Promise.all([fetchCatalog(), get("/api/duty")]);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    failed.value = fault;
  }
}

render(html`<${Report} />`, document.getElementById("app"));
start();
