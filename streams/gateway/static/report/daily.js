// Daily report 日报: what was registered on a day and what became of it, by status, matter, territory and squad. Every
// figure comes from the predicate of the search, by the time of registration or of the end; what cannot be counted is said, and is not shown as zero.
import { html } from "../shared/dom.js";
import { get, query } from "../shared/api.js";
import { serverNow } from "../shared/clock.js";
import { t, word } from "../shared/i18n.js";
import { itemName, shortDesk, squadName, territoryName } from "../shared/names.js";
import { again, day, dayAt, desk, spanOf } from "./choice.js";
import { areaName, Paper, useFetched, Waiting } from "./paper.js";

const PAGES = 25; // of 200 cases: a day with more than these has its returns not counted

const count = (values) => get(`/api/cases/count${query(values)}`);

/** Returns are a figure of the case, not of the archive's counts: read case by case. Null: too many cases. */
async function returnsOf(span) {
  let [cases, times, cursor] = [0, 0, ""];
  for (let page = 0; page < PAGES; page += 1) {
    const told = await get(`/api/cases${query({ ...span, limit: 200, cursor })}`);
    const returned = told.cases.filter((row) => row.returns);
    cases += returned.length;
    times += returned.reduce((n, row) => n + row.returns, 0);
    if (!told.next) return { cases, times };
    cursor = told.next;
  }
  return null;
}

async function ask(chosen) {
  const [from, to] = spanOf(chosen);
  if (from > serverNow()) return { future: true };
  const area = { desk: desk.peek() };
  const span = { ...area, from, to };
  const kinds = ["status", "item", "territory", "squad", ...(area.desk ? [] : ["desk"])];
  const [by, open, overdue, late, returning, ended, returned] = await Promise.all([
    Promise.all(kinds.map((kind) => count({ ...span, by: kind }))),
    count({ ...span, open: 1 }),
    count({ ...span, deadline: "overdue" }),
    count({ ...area, deadline: "overdue" }),
    count({ ...area, status: "returning" }),
    count({ ...area, closed_from: from, closed_to: to, by: "status" }),
    returnsOf(span),
  ]);
  return {
    by: Object.fromEntries(kinds.map((kind, i) => [kind, by[i]])),
    now: by[0].now,
    unfinished: to > by[0].now,
    open: open.total,
    overdue: overdue.total,
    overdue_all: late.total,
    returning: returning.total,
    closed_that_day: ended.by.closed ?? 0,
    ended_otherwise: ended.total - (ended.by.closed ?? 0),
    returned,
  };
}

const NAMES = { status: (id) => word("status", id), item: itemName, territory: territoryName, squad: squadName, desk: shortDesk };

/** One table; its rows add up to the total below them. */
function By({ kind, told }) {
  const rows = Object.entries(told.by).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const share = (n) => (told.total ? `${((100 * n) / told.total).toFixed(1)} %` : "");
  return html`<section><h2>${t(`by.${kind}`)}</h2><table><thead><tr><th>${t("daily.what")}</th><th class="n">${t("report.n")}</th>
    <th class="n">${t("daily.share")}</th></tr></thead>
    <tbody>${rows.map(
      ([id, n]) =>
        html`<tr key=${id}><td>${id ? NAMES[kind](id) : t("daily.nobody")}</td><td class="n">${n}</td><td class="n">${share(n)}</td></tr>`,
    )}</tbody><tfoot><tr><th>${t("report.total")}</th><th class="n">${told.total}</th><th class="n"></th></tr></tfoot></table></section>`;
}

export function Daily() {
  const chosen = day.value || dayAt(serverNow());
  const { data, fault } = useFetched(() => ask(chosen), [chosen, desk.value, again.value]);
  if (!data) return html`<${Waiting} fault=${fault} />`;
  if (data.future) return html`<p class="note" role="status">${t("daily.future")}</p>`;
  const { by, returned } = data;
  const times = returned ? t("daily.returns", { cases: returned.cases, times: returned.times }) : t("report.no_data");
  const figures = [
    ["registered", by.status.total],
    ["closed", by.status.by.closed ?? 0],
    ["open", data.open],
    ["overdue", data.overdue],
    ["returned", times],
    ["overdue_all", data.overdue_all],
    ["returning", data.returning],
    ["closed_that_day", data.closed_that_day],
    ["ended_otherwise", data.ended_otherwise],
  ];
  return html`<${Paper} title=${`${t("daily.title", { desk: areaName() })} ${chosen}`} asOf=${data.now}>
    ${data.unfinished && html`<p><b>${t("daily.unfinished")}</b></p>`}
    <section><table class="figures"><thead><tr><th>${t("daily.what")}</th><th class="n">${t("report.n")}</th></tr></thead>
    <tbody>${figures.map(([name, n]) => html`<tr key=${name}><td>${t(`daily.${name}`)}</td><td class="n"><b>${n}</b></td></tr>`)}</tbody></table>
    <p class="quiet">${t("daily.limits")}</p></section>
    <div class="pairs">${Object.entries(by).map(([kind, told]) => html`<${By} key=${kind} kind=${kind} told=${told} />`)}</div><//>`;
}
