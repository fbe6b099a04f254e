// A unit's page: the work orders that it holds and what it is asked for, most urgent first, each with its next acts.
import { computed, effect, html, render, signal } from "../shared/dom.js";
import { get, me, sure, whoami } from "../shared/api.js";
import { Switches } from "../shared/bar.js";
import { clockText, instantText, ticking } from "../shared/clock.js";
import { deadline, remainder, tone } from "../shared/deadline.js";
import { Evidence, evidenceCount } from "../shared/evidence.js";
import { Shape } from "../shared/shape.js";
import { t, word } from "../shared/i18n.js";
import { link } from "../shared/link.js";
import { fetchCatalog, itemName, territoryName, unitName } from "../shared/names.js";
import { given } from "../console/orders.js";
import { Refusal } from "../console/refusal.js";
import { requestState } from "../console/requests.js";
import { revision, rows, touched, watchDesk } from "../console/store.js";
import { Acts, RequestActs } from "./acts.js";

const DONE = new Set(["disposed", "checked", "merged"]);
/** CaseViews by id: a row does not say what is asked of whom. */
const views = signal(new Map());

async function fetchView(id) {
  const view = await get(`/api/cases/${encodeURIComponent(id)}`).catch(() => null);
  const next = new Map(views.peek());
  if (view && rows.has(id)) next.set(id, view);
  else next.delete(id);
  views.value = next;
}

effect(() => {
  const ids = touched.value;
  for (const id of ids) fetchView(id);
});

const soonest = (a, b) => (a.answer_due || a.due_at || Infinity) - (b.answer_due || b.due_at || Infinity);
const orders = computed(() => {
  revision.value;
  return [...rows.values()].filter((row) => row.unit === me.value?.unit && !DONE.has(row.status)).sort(soonest);
});
const requests = computed(() =>
  [...views.value.values()]
    .flatMap((view) =>
      view.requests
        .filter((request) => request.unit === me.value?.unit && !request.answered_at && (request.receipt_due || request.due_at))
        .map((request) => ({ request, view })),
    )
    .sort((a, b) => (a.request.receipt_due || a.request.due_at) - (b.request.receipt_due || b.request.due_at)),
);

function Due({ row }) {
  const now = ticking();
  const due = row.answer_due ? { state: now > row.answer_due ? "overdue" : "in_time", due: row.answer_due } : deadline(row, now);
  return html`<span class=${tone(due.state)}>
    <${Shape} state=${due.state} /> ${row.answer_due ? t("unit.sign_until") : t(`deadline.${due.state}`)} ${instantText(due.due)} ${due.due ? `(${remainder(due.due, now)})` : ""}
    </span>`;
}

const Proofs = ({ view }) =>
  view && evidenceCount(view) ? html`<section aria-label=${t("part.evidence")}><${Evidence} view=${view} /></section>` : null;

function Card({ row, children }) {
  const view = views.value.get(row.id);
  return html`<article class="card" aria-label=${`${row.no} ${row.title}`}><header><h3>${row.no} ${row.title}</h3>
    <span>${word("status", row.status)}</span><${Due} row=${row} /></header>
    <p>${row.item ? itemName(row.item) : ""} · ${territoryName(row.territory)} ${row.address ?? ""}
    </p>${view?.description ? html`<p>${view.description}</p>` : null}${children}<${Proofs} view=${view} /><${Refusal} id=${row.id} /></article>`;
}

function RequestCard({ request, view }) {
  const now = ticking();
  const { state, words, due } = requestState(request, now);
  return html`<article class="card" aria-label=${`${view.row.no} ${word("request", request.kind)}`}><header>
    <h3>${word("request", request.kind)} · ${view.row.no} ${view.row.title}</h3>
    <span class=${tone(state)}><${Shape} state=${state} /> ${words} ${instantText(due)} (${remainder(due, now)})</span></header>
    <p>${request.task}</p><p class="quiet">${territoryName(view.row.territory)} ${view.row.address ?? ""}</p>
    <${RequestActs} request=${request} view=${view} /><${Proofs} view=${view} /><${Refusal} id=${view.row.id} /></article>`;
}

function Link() {
  ticking();
  const { state, since, heard } = link.value;
  if (state === "up" || !heard) return null;
  return html`<div class="banner" role="alert">✕ ${t("link.lost", { since: clockText(since) })}</div>`;
}

function Unit() {
  given.value;
  const mine = orders.value;
  const asked = requests.value;
  return html`<header class="unit-head"><h1>派单 · ${me.value ? unitName(me.value.unit) || t("unit.title") : ""}</h1><span class="grow">
    </span><${Switches} /></header><${Link} />
    <main class="unit-page"><section><h2>${t("unit.orders")} ${mine.length}</h2>${mine.map(
      (row) => html`<${Card} key=${row.id} row=${row}>
    <${Acts} row=${row} view=${views.value.get(row.id)} /><//>`,
    )}
      ${!mine.length && html`<p class="quiet">${t("unit.none")}</p>`}</section>
    <section><h2>${t("unit.requests")} ${asked.length}
    </h2>${asked.map(({ request, view }) => html`<${RequestCard} key=${request.id} request=${request} view=${view} />`)}
      ${!asked.length && html`<p class="quiet">${t("unit.no_requests")}</p>`}</section></main>`;
}

render(html`<${Unit} />`, document.getElementById("app"));
sure(whoami).then(() => Promise.all([sure(fetchCatalog), watchDesk("")]));
