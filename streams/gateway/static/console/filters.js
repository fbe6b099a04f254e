// Which cases the ACTIVE list shows. A filter is a plain record, so that it can be saved, and every count on the
// screen is the number of rows that such a record lets through: opening the number shows exactly those.
/** @typedef {{label?:string, status?:string, deadline?:string, squad?:string, unit?:string, territory?:string,
 *   desk?:string, queue?:string, mine?:string, priority?:string}} Filter */
import { computed, signal } from "../shared/dom.js";
import { drop, get, put } from "../shared/api.js";
import { serverNow, tick } from "../shared/clock.js";
import { legalState } from "../shared/deadline.js";
import { kept, remember } from "../shared/prefs.js";
import { revision, rows } from "./store.js";

const UNASSIGNED = new Set(["to_dispatch", "operator"]);
export const isUnassigned = (row) => UNASSIGNED.has(row.status);

/** Cases about which this browser's user gave an order: "mine". */
const touchedByMe = kept("mine", []);
export const mark = (id) => remember(touchedByMe, id, 500);

/** Queues of what waits for somebody's decision. */
export const QUEUES = {
  approvals: (row) => row.status === "returning" || Boolean(row.relaxation),
  disputes: (row) => row.status === "disputed",
  requests: (row) => row.requests > 0,
  checks: (row) => row.status === "disposed" || row.status === "checked",
};

/** A test for rows. */
function accepts(filter, now) {
  const mine = filter.mine && new Set(touchedByMe.value);
  const tests = [];
  for (const field of ["status", "squad", "unit", "territory", "desk"]) {
    if (filter[field]) tests.push((row) => row[field] === filter[field]);
  }
  if (filter.priority) tests.push((row) => String(row.priority) === filter.priority);
  if (filter.deadline) tests.push((row) => legalState(row, now) === filter.deadline);
  if (filter.queue) tests.push(QUEUES[filter.queue]);
  if (mine) tests.push((row) => mine.has(row.id));
  return (row) => tests.every((test) => test(row));
}

/** @type {import("../shared/types.js").Held<Filter>} */
export const filter = signal({});
export const isFiltered = computed(() => Object.keys(filter.value).length > 0);

const byPriorityThenAge = (a, b) => a.priority - b.priority || a.registered_at - b.registered_at || (a.id < b.id ? -1 : 1);
const byDue = (a, b) => (a.due_at || Infinity) - (b.due_at || Infinity) || byPriorityThenAge(a, b);

export const unassigned = computed(() => {
  revision.value;
  return [...rows.values()].filter(isUnassigned).sort(byPriorityThenAge);
});

/** Without a filter: all that somebody has. With one: exactly what it lets through, unassigned cases too. */
export const active = computed(() => {
  revision.value;
  const chosen = filter.value;
  if (chosen.deadline) tick.value; // time alone may bring a row in
  const test = isFiltered.value ? accepts(chosen, serverNow()) : (row) => !isUnassigned(row);
  return [...rows.values()].filter(test).sort(byDue);
});

/** How many rows a filter lets through, counted each second where time matters. */
export const counts = computed(() => {
  revision.value;
  tick.value;
  const now = serverNow();
  const n = { open: rows.size, overdue: 0, warn: 0, paused: 0, approvals: 0, disputes: 0, requests: 0, checks: 0 };
  for (const row of rows.values()) {
    const state = legalState(row, now);
    if (state in n) n[state] += 1;
    for (const queue in QUEUES) if (QUEUES[queue](row)) n[queue] += 1;
  }
  return n;
});

export const show = (next) => {
  filter.value = next;
};

// -- saved filters: the account's own, kept by the gateway ------------------------------------------------------------

/** @type {import("../shared/types.js").Held<{name:string, query:string}[]>} */
export const saved = signal([]);

export async function fetchSaved() {
  const found = await get("/api/filters");
  saved.value = Array.isArray(found) ? found : Object.entries(found).map(([name, value]) => ({ name, query: value.query ?? value }));
}

export async function save(name) {
  await put(`/api/filters/${encodeURIComponent(name)}`, { query: new URLSearchParams(Object.entries(filter.peek())).toString() });
  await fetchSaved();
}

export async function forget(name) {
  await drop(`/api/filters/${encodeURIComponent(name)}`);
  await fetchSaved();
}

export function useSaved({ query }) {
  show(Object.fromEntries(new URLSearchParams(query)));
}
