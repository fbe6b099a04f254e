// The right side: squads with who is on duty and the load of each team against the squad's cap, and the queues that wait for a decision.
import { html } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { shortSquad } from "../shared/names.js";
import { Dots, dutyWords, NextChange, TeamDuty } from "./duty.js";
import { counts, filter, show } from "./filters.js";
import { mayAsk, terminal, whereabouts } from "./positions.js";
import { text } from "./search.js";
import { point, rowsOf } from "./state.js";
import { squads } from "./store.js";

/** How full; past its cap it is hatched, so that it is seen without colour. The number beside it says it exactly. */
function Bar({ load, cap }) {
  const share = cap ? load / cap : 0;
  return html`<span class=${`load ${share >= 1 ? "over" : ""}`} aria-hidden="true"><i style=${{ width: `${Math.min(100, share * 100)}%` }}>
    </i></span>`;
}

/** Shows exactly the cases that a number counts, with the cursor on the first. */
export function shows(next) {
  text.value = "";
  show(next);
  toActive();
}

/** To the ACTIVE list, with the cursor on its first row. */
export function toActive() {
  point("active", rowsOf("active")[0]?.id ?? "");
  document.getElementById("list-active")?.focus();
}

/** Always of one height, whether it is known or not: a terminal that falls silent moves no row. */
function Terminal({ squad }) {
  const told = terminal(squad);
  return html`<span class=${`node cut ${told?.state ?? ""}`}>${told && html`<i class="mark" aria-hidden="true"></i>${told.words}`}</span>`;
}

/** "终端 7/9 在线" */
function Terminals() {
  const told = whereabouts.value;
  if (!told) return null;
  if (!told.known) return html`<span class="warn cut" role="status" title=${t("where.unknown_title")}>⊘ ${t("where.unknown")}</span>`;
  return html`<span class="cut" title=${t("where.heard_title")}>${t("where.online", told)}</span>`;
}

function Squad({ squad }) {
  const teams = Object.entries(squad.teams ?? {});
  const busy = teams.filter(([, load]) => load > 0).length;
  const chosen = filter.value.squad === squad.id;
  const ids = teams.map(([id]) => id);
  const read = t("squad.read", { name: squad.name, load: squad.load, cap: squad.cap, n: squad.cases, busy, teams: teams.length });
  return html`<button class=${`squad ${chosen ? "at" : ""} ${mayAsk() ? "two" : ""}`} aria-expanded=${chosen} onClick=${() => shows({ squad: squad.id })}
    title=${`${read} · ${dutyWords(ids)}`}>
    <span class="who"><span class="cut">${shortSquad(squad.id)}</span><${Dots} ids=${ids} /></span>
    <span class="words">${dutyWords(ids)}</span>
    <${Bar} ...${squad} /><span class="n cap">${squad.load}/${squad.cap}</span><b class="n">${squad.cases}</b>
    ${mayAsk() && html`<${Terminal} squad=${squad.id} />`}</button>
    ${
      chosen &&
      html`<table class="teams"><caption class="only-read">${t("squad.teams")}</caption><tbody>${teams.map(
        ([id, load]) =>
          html`<tr key=${id}><td>${id}</td><td><${TeamDuty} id=${id} /></td><td class="n">${t("squad.load")} <b>${load}</b></td></tr>`,
      )}</tbody></table>`
    }`;
}

function Queue({ name, keyName }) {
  const n = counts.value[name];
  return html`<button class=${`queue ${filter.value.queue === name ? "at" : ""}`} onClick=${() => shows({ queue: name })}><kbd>g ${keyName}
    </kbd>${t(`queue.${name}`)}<b>${n}</b></button>`;
}

export function Squads() {
  const rank = { town_squad: 0, zone_squad: 0, county_mobile: 1, city_detachment: 1 };
  const sorted = [...squads.value].sort((a, b) => (rank[a.tier] ?? 0) - (rank[b.tier] ?? 0) || (a.id < b.id ? -1 : 1));
  return html`<aside class="right" aria-label=${t("squad.title")}>
    <header><h2>${t("squad.title")}</h2><${NextChange} /><span class="grow"></span><${Terminals} /></header>
    <div class="squad-head quiet" aria-hidden="true"><span>${t("roster.title")}</span><span>${t("squad.load")}</span><span class="n">${t("squad.cap")}</span>
    <span class="n">${t("squad.cases")}</span></div>
    <div class="squads" id="squads">${sorted.map((squad) => html`<${Squad} key=${squad.id} squad=${squad} />`)}</div>
    <div class="queues"><${Queue} name="approvals" keyName="a" /><${Queue} name="disputes" keyName="d" />
    <${Queue} name="requests" keyName="r" /><${Queue} name="checks" keyName="k" /></div>
  </aside>`;
}
