// Shift handover 交接班: what is open, by what it waits for; what each squad has; room for remarks and two signatures.
import { html } from "../shared/dom.js";
import { get, query } from "../shared/api.js";
import { spanText } from "../shared/clock.js";
import { deadline, legalState } from "../shared/deadline.js";
import { t, word } from "../shared/i18n.js";
import { holder, itemName, squadName, territoryName } from "../shared/names.js";
import { Shape } from "../shared/shape.js";
import { isUnassigned, QUEUES } from "../console/filters.js";
import { again, desk, hours } from "./choice.js";
import { areaName, Paper, stamp, useFetched, Waiting } from "./paper.js";

const NUMBERS = 30; // of a squad's cases; the list of all of them is the console's

async function ask() {
  const of = query({ desk: desk.peek() });
  const [board, duty] = await Promise.all([get(`/api/board${of}`), get(`/api/duty${of}`).catch(() => null)]);
  return { board, duty };
}

const soonest = (a, b) => (a.due_at || Infinity) - (b.due_at || Infinity) || a.priority - b.priority || a.registered_at - b.registered_at;
const oldest = (a, b) => a.priority - b.priority || a.registered_at - b.registered_at;

/** The groups, each with its cases, the first to look after first. A case stands in each group that it belongs to. */
function groups(cases, now, until) {
  const inShift = (at) => at > now && at <= until;
  const risk = (row) => legalState(row, now) !== "paused" && (inShift(row.due_at ?? 0) || inShift(row.reply_due ?? 0));
  const of = (name, test, order = soonest) => ({ name, rows: cases.filter(test).sort(order) });
  return [
    of("unassigned", isUnassigned, oldest),
    of("overdue", (row) => legalState(row, now) === "overdue"),
    of("risk", risk),
    of("disputes", QUEUES.disputes),
    of("approvals", QUEUES.approvals),
    of("requests", QUEUES.requests),
  ];
}

/** Where it is: an address mostly names its town itself. */
function place(row) {
  const town = territoryName(row.territory);
  return row.address?.includes(town) ? row.address : `${town} ${row.address ?? ""}`;
}

function Due({ row, now }) {
  const { state, due } = deadline(row, now);
  return html`<span class="nowrap"><${Shape} state=${state} /> ${t(`deadline.${state}`)}</span>${due ? html`<br /><span class="nowrap">${stamp(due).slice(5)}</span>` : null}`;
}

function Group({ name, rows, now, until }) {
  const title = t(`handover.${name}`, { until: stamp(until).slice(5) });
  if (!rows.length) return html`<section class="empty-group"><h2>${title} 0</h2></section>`;
  return html`<section><h2>${title} ${rows.length}</h2>
    <table class="cases"><thead><tr><th>${t("handover.no")}</th><th>${t("handover.matter")}</th><th>${t("handover.place")}</th>
    <th>${t("handover.state")}</th><th>${t("handover.holder")}</th><th>${t("handover.due")}</th><th class="n">${t("handover.waits")}</th></tr></thead>
    <tbody>${rows.map(
      (
        row,
      ) => html`<tr key=${row.id}><td class="nowrap">${row.priority === 0 ? html`<b>${t("priority.urgent")}</b>` : `P${row.priority}`} ${row.no}</td>
      <td>${row.title}<br /><span class="quiet">${row.item ? itemName(row.item) : t("case.no_item")}</span></td>
      <td>${place(row)}</td>
      <td>${word("status", row.status)}${row.relaxation ? ` · ${t("row.relax", { what: word("relax", row.relaxation) })}` : ""}</td>
      <td>${holder(row) || t("case.nobody")} ${row.team ?? ""}</td><td><${Due} row=${row} now=${now} /></td>
      <td class="n">${spanText(now - row.registered_at)}</td></tr>`,
    )}</tbody></table></section>`;
}

const OFFERED = new Set(["offered", "ordered"]);

function dutyOf(squad, duty) {
  const known = Object.keys(squad.teams ?? {})
    .map((id) => duty?.teams[id])
    .filter(Boolean);
  if (!known.length) return t("roster.unknown");
  return t("roster.sum", {
    on: known.filter((one) => one.on).length,
    all: known.length,
    people: known.reduce((n, one) => n + one.people, 0),
  });
}

/** The teams of a squad that come on duty until then, by the roster. */
function comes(squad, duty, now, until) {
  if (!duty) return t("roster.unknown");
  const coming = Object.keys(squad.teams ?? {})
    .map((team) => ({ team, ...duty.teams[team] }))
    .filter((one) => one.begins && one.next_change > now && one.next_change <= until)
    .sort((a, b) => a.next_change - b.next_change || (a.team < b.team ? -1 : 1));
  if (!coming.length) return t("handover.nobody_comes");
  return coming.map((one) => html`<span class="nowrap" key=${one.team}>${t("handover.comes_team", { ...one, at: stamp(one.next_change).slice(11) })}</span> `);
}

function Squads({ squads, cases, duty, now, until }) {
  if (!squads.length) return null;
  const mine = Map.groupBy(
    cases.filter((row) => row.squad),
    (row) => row.squad,
  );
  return html`<section><h2>${t("handover.squads")}</h2><table><thead><tr><th>${t("handover.squad")}</th><th>${t("handover.duty")}</th><th>${t("handover.comes")}</th>
    <th class="n">${t("handover.load")}</th><th class="n">${t("handover.cases")}</th><th class="n">${t("handover.offered")}</th>
    <th class="n">${t("handover.late")}</th><th>${t("handover.numbers")}</th></tr></thead>
    <tbody>${squads.map((squad) => {
      const rows = [...(mine.get(squad.id) ?? [])].sort(soonest);
      const late = rows.filter((row) => legalState(row, now) === "overdue").length;
      const numbers = rows.slice(0, NUMBERS).map((row) => row.no.slice(-9));
      return html`<tr key=${squad.id}><td class="nowrap">${squadName(squad.id)}</td><td>${dutyOf(squad, duty)}</td><td>${comes(squad, duty, now, until)}</td>
        <td class="n">${squad.load}/${squad.cap}</td><td class="n">${rows.length}</td>
        <td class="n">${rows.filter((row) => OFFERED.has(row.status)).length}</td><td class="n">${late ? html`<b>▲ ${late}</b>` : 0}</td>
        <td class="numbers">${numbers.join("　")}${rows.length > NUMBERS ? ` … +${rows.length - NUMBERS}` : ""}</td></tr>`;
    })}</tbody></table></section>`;
}

const Signature = ({ name }) => html`<div class="signature"><p>${t(`handover.${name}`)}</p><p>${t("handover.time")}</p></div>`;

export function Handover() {
  const { data, fault } = useFetched(ask, [desk.value, again.value]);
  if (!data) return html`<${Waiting} fault=${fault} />`;
  const { now, cases, squads } = data.board;
  const until = now + hours.value * 3_600_000;
  const found = groups(cases, now, until);
  const n = Object.fromEntries(found.map(({ name, rows }) => [name, rows.length]));
  const others = cases.length - new Set(found.flatMap(({ rows }) => rows)).size;
  return html`<${Paper} title=${t("handover.title", { desk: areaName() })} asOf=${now}>
    <p><b>${t("handover.summary", { open: cases.length, ...n })}</b> ${others > 0 && t("handover.others", { n: others })} <span class="quiet">${t("handover.also")}</span></p>
    ${found.map((group) => html`<${Group} key=${group.name} ...${group} now=${now} until=${until} />`)}
    <${Squads} squads=${squads} cases=${cases} duty=${data.duty} now=${now} until=${until} />
    <section class="last"><label><h2>${t("handover.remarks")}</h2><textarea rows="4"></textarea></label>
    <div class="signatures"><${Signature} name="from" /><${Signature} name="to" /></div></section><//>`;
}
