// The start: what went wrong, what came, then the cases in the order in which they bite.
import { html } from "../shared/dom.js";
import { instantText } from "../shared/clock.js";
import { t, word } from "../shared/i18n.js";
import { requestState } from "../console/requests.js";
import { Conflict } from "./conflict.js";
import { day, gone, myOffers, news, offers, presumed } from "./day.js";
import { Gone, rowOf } from "./offer.js";
import { intents, ofCase, refusedOf } from "./outbox.js";
import { Distance, Due, itemOf, placeOf, Priority, Status, teamName } from "./parts.js";
import { path } from "./route.js";

const RANK = { on_site: 0, accepted: 1, penalty: 2, verifying: 0, disposed: 5 };
const DONE = new Set(["disposed", "checked", "closed", "merged"]);

/** The cases of the list: what the squad has, or the collector is to look at. */
export function mine(told) {
  const { role, squad } = told.me;
  const ours = ({ row }) =>
    role === "collector" ? ["verifying", "disposed"].includes(row.status) : row.squad === squad && row.status !== "offered";
  const rank = (view) => (DONE.has(presumed(view)) && role !== "collector" ? 9 : (RANK[view.row.status] ?? 3));
  return told.cases
    .filter((view) => ours(view) || (role !== "collector" && ofCase(view.row.id).length > 0))
    .sort((a, b) => rank(a) - rank(b) || (a.row.due_at || Infinity) - (b.row.due_at || Infinity));
}

/** Requests to the squad that wait for it. */
export function tasks(told) {
  const waits = (request) =>
    request.squad === told.me.squad && told.me.squad && !request.answered_at && (request.receipt_due || request.due_at);
  return told.cases
    .flatMap((view) => view.requests.filter(waits).map((request) => ({ view, request })))
    .sort((a, b) => (a.request.receipt_due || a.request.due_at) - (b.request.receipt_due || b.request.due_at));
}

function Line({ view }) {
  const { row } = view;
  const status = presumed(view);
  const queued = ofCase(row.id).some((one) => one.state === "queued" || one.state === "asked");
  return html`<a class="card line-of" href=${path("case", row.id)} data-case=${row.id}>
    <span class="over"><${Priority} row=${row} /> ${row.no} <${Status} status=${status} queued=${queued} /></span>
    <b class="what">${itemOf(row.item) || row.title}</b><span>${placeOf(row)} <${Distance} row=${row} /></span>
    ${DONE.has(status) ? null : html`<${Due} row=${row} />`}</a>`;
}

function OfferLine({ offer }) {
  const mineToo = myOffers.value.includes(offer);
  return html`<a class="card line-of" href=${mineToo ? "#/" : path("case", offer.case_id)}>
    <span class="over"><${Priority} row=${offer} /> ${rowOf(offer).no} ${word("status", "offered")} · ${teamName(offer.team)}</span>
    <b class="what">${itemOf(offer.item) || offer.title}</b><span>${placeOf(offer)}</span></a>`;
}

function News() {
  const list = news.value;
  if (!list.length) return null;
  return html`<section class="card" aria-label=${t("news.title")}><ul class="plain">${list.map(
    (
      one,
    ) => html`<li key=${one.id}><a href=${path("case", one.case_id)}>${instantText(one.heard)} ${word("news", one.kind)} · ${one.case_no}
      ${one.kind === "urged" || one.kind === "supervised" ? one.reason : word("reason", one.reason ?? "", "")}</a></li>`,
  )}</ul><button class="tall" onClick=${() => {
    news.value = [];
  }}>${t("refusal.away")}</button></section>`;
}

export function List() {
  const told = day.value;
  if (!told) return html`<main class="page"><p class="quiet">${t("list.loading")}</p></main>`;
  const list = mine(told);
  const conflicts = [
    ...new Set(intents.value.filter((one) => one.state === "refused" && refusedOf(one.case_id)).map((one) => one.case_id)),
  ];
  return html`<main class="page">${conflicts.map((id) => html`<${Conflict} key=${id} caseId=${id} />`)}<${Gone} list=${gone.value} /><${News} />
    ${offers.value.map((offer) => html`<${OfferLine} key=${offer.assignment_id} offer=${offer} />`)}
    ${list.map((view) => html`<${Line} key=${view.row.id} view=${view} />`)}
    ${!list.length && !offers.value.length && html`<p class="quiet empty">${t(told.me.role === "collector" ? "phone.no_looks" : "phone.no_cases")}</p>`}</main>`;
}

function Task({ view, request }) {
  const { words, due } = requestState(request, day.value.now);
  return html`<a class="card line-of" href=${path("task", view.row.id, request.id)}><span class="over">${view.row.no} ${words} ${instantText(due)}</span>
    <b class="what">${word("request", request.kind)}</b><span>${request.task}</span><span>${placeOf(view.row)}</span></a>`;
}

export function Tasks() {
  const list = day.value ? tasks(day.value) : [];
  return html`<main class="page">${list.map((one) => html`<${Task} key=${one.request.id} ...${one} />`)}
    ${!list.length && html`<p class="quiet empty">${t("unit.no_requests")}</p>`}</main>`;
}
