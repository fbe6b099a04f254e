// The line at the top: whose desk, search, the link and the age of what is seen, the city's time, and the switches;
// in its middle the banner when the link is lost. At the foot the counts, each of which opens its cases.
import { html, useState } from "../shared/dom.js";
import { me, query } from "../shared/api.js";
import { Switches } from "../shared/bar.js";
import { clockText, instantText, nowText, tick } from "../shared/clock.js";
import { t, word } from "../shared/i18n.js";
import { link } from "../shared/link.js";
import { catalog, shortDesk } from "../shared/names.js";
import { Shape } from "../shared/shape.js";
import { counts } from "./filters.js";
import { shows, toActive } from "./squads.js";
import { muted, muteFor, SOUNDS, unmute } from "./sound.js";
import { text } from "./search.js";
import { desk, deskId, watchDesk } from "./store.js";

const LATE = 6_000; // between two beats 5 s are normal
const STALE = 20_000;

/** Milliseconds since anything was heard, and what the gateway itself lags behind. */
function useAge() {
  tick.value;
  const { heard, behind, state } = link.value;
  return { age: heard ? Date.now() - heard + behind : Infinity, state };
}

function LinkLamp() {
  const { age, state } = useAge();
  const seconds = age === Infinity ? "…" : (Math.max(0, age) / 1000).toFixed(1);
  const mark = state === "lost" ? "✕" : state === "behind" ? "◐" : "●";
  return html`<span class=${`lamp ${state === "lost" ? "danger" : age > LATE ? "warn" : ""}`}
      title=${t("link.title")}>${t("link.word")} ${mark} ${t(age > LATE ? "link.old" : "link.age", { s: seconds })}
    </span>`;
}

function DeskPick() {
  const ids = catalog.value.desks.map(({ id }) => id);
  if (me.value?.desk || ids.length < 2) return html`<b>${shortDesk(deskId.value)}</b>`;
  return html`<select value=${deskId.value} onChange=${(e) => watchDesk(e.currentTarget.value)} aria-label=${t("head.desk")}>
    <option value="">${t("head.all")}</option>${ids.map((id) => html`<option key=${id} value=${id}>${shortDesk(id)}</option>`)}</select>`;
}

function Sounds() {
  const [open, setOpen] = useState(false);
  tick.value;
  return html`<span class="sounds">
    <button class="link" aria-expanded=${open} onClick=${() => setOpen(!open)}>${t(SOUNDS.some(muted) ? "sound.some" : "sound.on")}</button>
    ${
      open &&
      html`<div class="menu">${SOUNDS.map(
        (kind) => html`<button key=${kind}
        onClick=${() => (muted(kind) ? unmute(kind) : muteFor(kind))}>${t(`sound.${kind}`)} · ${t(muted(kind) ? "sound.muted" : "sound.mute")}
      </button>`,
      )}</div>`
    }</span>`;
}

/** Says that what is seen may be old, since when, and that nothing has to be done. */
function Banner() {
  const { age, state } = useAge();
  if (state === "up") return null;
  const since = clockText(link.value.since);
  if (state === "behind")
    return html`<div class="banner"
      role="alert">◐ ${t("link.behind", { since, s: Math.round(link.value.behind / 1000) })}
    </div>`;
  return link.value.heard
    ? html`<div class="banner" role="alert">✕ ${t(age > STALE ? "link.lost_stale" : "link.lost", { since })}
    </div>`
    : null;
}

export function Head() {
  const leave = (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.currentTarget.blur();
      text.value = "";
    }
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      toActive();
    }
  };
  return html`<header class="head"><h1 class="brand">派单</h1><${DeskPick} />
    <input id="search" class="search" type="search" placeholder=${t("search.hint")} aria-label=${t("search.label")} value=${text.value}
        onInput=${(e) => {
          text.value = e.currentTarget.value;
        }} onKeyDown=${leave} />
    <div class="alarm"><${Banner} /></div>
    <${LinkLamp} /><time class="time">${nowText()}</time><${Sounds} /><${Switches} /></header>`;
}

export function Foot() {
  const n = counts.value;
  const row = desk.value;
  const count = (words, value, filter, tone = "") => html`<span>
    <span class=${value ? tone : ""}>${filter.deadline && html`<${Shape} state=${filter.deadline} /> `}${words}
    </span> <button class="count" onClick=${() => shows(filter)}>${value}</button></span>`;
  return html`<footer class="foot">${count(t("foot.open"), n.open, {})}${count(t("deadline.overdue"), n.overdue, { deadline: "overdue" }, "danger")}
    ${count(t("deadline.warn"), n.warn, { deadline: "warn" }, "warn")}${count(t("deadline.paused"), n.paused, { deadline: "paused" })}
    <span class="grow"></span>
    <span class="quiet">${row ? t("foot.as_of", { at: instantText(row.at) }) : ""} · ${word("account", me.value?.role)}</span>
    <a href=${`/report${query({ desk: deskId.value })}`} target="_blank" rel="noopener"><kbd>g p</kbd>${t("report.title")}</a>
    <a href="/wall" target="_blank" rel="noopener"><kbd>g w</kbd>${t("wall.title")}</a><span class="quiet"><kbd>?</kbd>${t("help.title")}
    </span></footer>`;
}
