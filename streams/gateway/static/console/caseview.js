// The middle: one case with everything that is known of it, and the verbs that it allows now.
import { html } from "../shared/dom.js";
import { instantText, ticking } from "../shared/clock.js";
import { deadline, remainder, tone } from "../shared/deadline.js";
import { Evidence, evidenceCount } from "../shared/evidence.js";
import { said, t, word } from "../shared/i18n.js";
import { ownerName } from "../shared/names.js";
import { Shape } from "../shared/shape.js";
import { Away } from "./away.js";
import { Caller } from "./caller.js";
import { CaseMap } from "./casemap.js";
import { Clocks } from "./clocks.js";
import { Facts } from "./facts.js";
import { opened, openFault } from "./opened.js";
import { given } from "./orders.js";
import { Refusal } from "./refusal.js";
import { Requests } from "./requests.js";
import { Priority } from "./row.js";
import { layer, open, openId, section } from "./state.js";
import { denied, rows } from "./store.js";
import { Story, Why } from "./story.js";
import { allowedVerbs } from "./verbs.js";

function DueLine({ row }) {
  const now = ticking();
  const { state, due } = deadline(row, now);
  const until = due ? ` ${instantText(due)} (${remainder(due, now)})` : "";
  return html`<span class=${tone(state)}><${Shape} state=${state} /> ${t(`deadline.${state}`)}${until}</span>`;
}

function Verbs({ view }) {
  const { row } = view;
  const busy = given.value.get(row.id);
  const waiting = Boolean(busy) && busy.state !== "refused";
  const verbs = allowedVerbs(view.allowed_actions);
  const label = ({ id }) => (id === "confirm" && row.proposed ? t("verb.confirm_to", { who: ownerName(row.proposed) }) : t(`verb.${id}`));
  const begin = ({ id }) => {
    layer.value = { name: "verb", verb: id };
  };
  const words = waiting && [t(`given.${busy.state}`), t(`verb.${busy.verb}`), said(busy.text)].filter(Boolean).join(" · ");
  return html`<div class="verbs" role="group" aria-label=${t("case.verbs")}>
    ${verbs.map(
      (verb) => html`<button key=${verb.id} class=${verb.id === "confirm" ? "first" : ""} disabled=${waiting}
      onClick=${() => begin(verb)}><kbd>${verb.key}</kbd>${label(verb)}</button>`,
    )}
    ${waiting && html`<span class="pending" role="status">${words}</span>`}
    ${!verbs.length && html`<span class="quiet">${t("case.no_verbs")}</span>`}
  </div>`;
}

function Relatives({ view }) {
  const { parent } = view.row;
  const children = view.children ?? [];
  if (!parent && !children.length) return null;
  const link = (id) => html`<button class="link" key=${id} onClick=${() => open(id)}>${rows.get(id)?.no ?? id}</button>`;
  return html`<p>
    ${parent ? html`${t("case.parent")} ${link(parent)} ` : null}
    ${children.length ? html`${t("case.children", { n: children.length })} ${children.map(link)}` : null}
  </p>`;
}

const PARTS = [
  ["why", "w"],
  ["story", "t"],
  ["evidence", "g e"],
];

function Parts({ view }) {
  const chosen = section.value;
  const count = { evidence: evidenceCount(view) };
  const tab = ([name, key]) => html`<button key=${name} role="tab" aria-selected=${chosen === name ? "true" : "false"} aria-controls="part"
    onClick=${() => {
      section.value = chosen === name ? "" : name;
    }}>
    <kbd>${key}</kbd>${t(`part.${name}`)} ${count[name]} ${chosen === name ? "▾" : "▸"}</button>`;
  return html`<div class="parts" role="tablist" aria-label=${t("case.parts")}>${PARTS.map(tab)}</div>
    <div id="part" role="tabpanel" aria-label=${t("case.parts")}>
      ${chosen === "why" && html`<${Why} />`}
      ${chosen === "story" && html`<${Story} />`}
      ${chosen === "evidence" && html`<${Evidence} view=${view} />`}
    </div>`;
}

export function CaseView() {
  const view = opened.value;
  const fault = denied.value ?? (view ? null : openFault.value?.text);
  if (fault) return html`<div class="nothing"><p class="note bad">${said(fault)}</p></div>`;
  if (!openId.value) return html`<div class="nothing quiet"><p>${t("case.none")}</p><p>${t("case.hint")}</p></div>`;
  if (!view) return html`<div class="nothing quiet"><p>${t("list.loading")}</p></div>`;
  const { row } = view;
  return html`<article class="case" aria-label=${`${row.no} ${row.title}`}>
    <header class="case-head">
      <h2>${row.no} <span>${row.title}</span></h2>
      <p><${Priority} level=${row.priority} /> <b>${t("case.state")} ▸ ${word("status", row.status)}</b> <${DueLine} row=${row} /></p>
    </header>
    <${Away} id=${row.id} />
    <${Verbs} view=${view} />
    <${Refusal} id=${row.id} />
    <${Facts} view=${view} />
    ${view.description ? html`<p class="description">${view.description}</p>` : null}
    <${Parts} view=${view} />
    <${Clocks} terms=${view.terms} row=${row} />
    <${Requests} view=${view} />
    <p>${t("case.callers", { n: row.callers ?? 1 })} · <${Caller} key=${row.id} view=${view} /></p>
    <${Relatives} view=${view} />
    <${CaseMap} key=${row.id} row=${row} />
  </article>`;
}
