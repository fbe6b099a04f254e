// The wall: three numbers, what waits longest, what is overdue where, and the load on the map. Asks every few seconds;
// what it could not renew for a minute is crossed out and striped, so that nobody takes it for the present. Each of the
// three numbers can be opened (opened.js).
import { effect, html, render, signal } from "../shared/dom.js";
import { get, sure, whoami } from "../shared/api.js";
import { clockText, nowText, spanText, tick, ticking } from "../shared/clock.js";
import { lang, said, t } from "../shared/i18n.js";
import { fetchCatalog, shortDesk } from "../shared/names.js";
import { brief, counted, reasons, share } from "./figures.js";
import { LoadMap } from "./loadmap.js";
import { Opened } from "./opened.js";
import { href, place } from "./place.js";

const EVERY = 3_000;
const STALE = 60_000;
const TARGETS = ["tasks", "force", "support"];

const wall = signal(null);
/** Wall-clock instant of what is shown: of the answer, less what the gateway itself was behind. */
const asOf = signal(0);

async function ask() {
  try {
    const answer = await get("/api/wall");
    wall.value = answer;
    asOf.value = Date.now() - (answer.behind_ms ?? 0);
  } catch {
    // the age says it
  }
  setTimeout(ask, EVERY);
}

function Number({ name, windows }) {
  const month = counted(windows?.month ?? windows?.year);
  const last = counted(windows?.last_month);
  const percent = month ? share(month) : null;
  const why = reasons((windows?.month ?? windows?.year)?.why);
  return html`<section class="number"><h2><a href=${href({ number: name })}>${t(`wall.${name}`)}</a></h2>
    ${
      month
        ? html`<div class="figure">${percent}<small> %</small></div>
      <div class="target" role="img" aria-label=${`${percent} %, ${t("wall.target")}`}><div class="fill" style=${{ width: `${percent}%` }}>
      </div><div class="line"></div></div>`
        : html`<div class="figure none">${why ? t("numbers.uncomputable") : t("wall.no_data")}</div><p class="why">${why}</p>`
    }
    <footer><span>${month ? `${t(windows.month ? "wall.month" : "wall.year")} ${brief(month, name === "support" ? "fen" : "")}` : ""}</span>
    <span>${last ? `${t("wall.last")} ${share(last)} %` : ""}</span><span>${t("wall.target")}</span></footer></section>`;
}

function Oldest({ desks }) {
  const now = ticking();
  const waiting = desks.filter((desk) => desk.oldest_unassigned).sort((a, b) => a.oldest_unassigned - b.oldest_unassigned);
  if (!waiting.length)
    return html`<section class="block"><h2>${t("wall.oldest")}</h2><p class="oldest-desk">${t("wall.none_waits")}</p>
    </section>`;
  const [first, ...rest] = waiting;
  return html`<section class="block"><h2>${t("wall.oldest")}</h2><div class="oldest">${spanText(now - first.oldest_unassigned)}</div>
    <div class="oldest-desk">${t("wall.of", { name: shortDesk(first.id), n: first.unassigned })}</div>
    <div class="next"><ul>${rest.slice(0, 4).map(
      (desk) => html`<li key=${desk.id}>
    <span>${t("wall.of", { name: shortDesk(desk.id), n: desk.unassigned })}</span><span>${spanText(now - desk.oldest_unassigned)}</span>
    </li>`,
    )}</ul></div></section>`;
}

function Overdue({ desks }) {
  const sorted = [...desks].sort((a, b) => b.overdue - a.overdue || (a.id < b.id ? -1 : 1));
  const most = Math.max(1, ...sorted.map((desk) => desk.overdue));
  return html`<section class="block"><h2>▲ ${t("wall.overdue")}</h2>
    <div class="bars">${sorted.map(
      (desk) => html`<span key=${`${desk.id}n`}>${shortDesk(desk.id)}</span>
    <div key=${desk.id} class="bar"><i style=${{ width: `${(100 * desk.overdue) / most}%` }}></i></div><span class="n"><b>${desk.overdue}
    </b> <span class="quiet">/ ${desk.open}</span></span>`,
    )}</div></section>`;
}

function Age() {
  tick.value;
  const age = Date.now() - asOf.value;
  if (!asOf.value) return null;
  return html`<span>${t("wall.age", { s: Math.max(0, Math.round(age / 1000)) })}</span>`;
}

function Wall() {
  tick.value;
  const told = wall.value;
  if (!told) return html`<p class="quiet">${t("list.loading")}</p>`;
  const stale = Date.now() - asOf.value > STALE;
  return html`<main class=${`wall-page ${stale ? "stale" : ""}`}><h1 class="only-read">${t("wall.title")}</h1>
    ${stale && html`<div class="stale-note" role="alert">${t("wall.stale", { since: clockText(asOf.value) })}</div>`}
    <div class="numbers">${TARGETS.map((name) => html`<${Number} key=${name} name=${name} windows=${told.targets?.[name]} />`)}</div>
    <div class="below"><${Oldest} desks=${told.desks} /><${Overdue} desks=${told.desks} />
    <${LoadMap} load=${told.load} desks=${told.desks} /></div>
    <footer class="wall-foot">
    <button class="link" onClick=${() => {
      lang.value = lang.value === "zh" ? "en" : "zh";
    }}>${lang.value === "zh" ? "EN" : "中文"}</button>
      <span>${told.note ? said(told.note) : t("wall.note")}</span><time>${nowText()}</time><${Age} /></footer></main>`;
}

/** The wall, or a number of it opened. */
const Page = () => (place.value ? html`<${Opened} at=${place.value} />` : html`<${Wall} />`);

effect(() => {
  document.body.classList.toggle("reading", Boolean(place.value));
});

render(html`<${Page} />`, document.getElementById("app"));
sure(whoami).then(() => Promise.all([sure(fetchCatalog), ask()]));
