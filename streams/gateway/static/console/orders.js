// Gives orders and keeps their answers until somebody has read them. The mark on the row comes at once; the word is
// the desk's. An answer that gets lost is asked for again by the order's own key, so nothing is ever done twice.
/**
 * @typedef {{key:string, caseId:string, verb:string, order:any, seen:any, at:number, state:"sent"|"waits"|"refused"|"done",
 *   text?:{zh:string,en:string}, reason?:string, now?:any, events?:string[]}} Given
 */
import { signal } from "../shared/dom.js";
import { Fault, getFor, pause, postFor } from "../shared/api.js";
import { mark } from "./filters.js";
import { learn, rows } from "./store.js";

/** By case: the last order given on it, until it is done or its refusal is put away. @type {{value: Map<string, Given>}} */
export const given = signal(new Map());
/** The CaseView that came with an order's answer, for whoever shows the case. */
export const answered = signal(null);

const ASK = 400;

function note(entry) {
  const next = new Map(given.value);
  if (entry.state === "done") next.delete(entry.caseId);
  else next.set(entry.caseId, entry);
  given.value = next;
}

export function putAway(caseId) {
  const next = new Map(given.value);
  next.delete(caseId);
  given.value = next;
}

/** Applies an answer of the desk to an entry. */
function settle(entry, { status, body }) {
  if (body?.case) {
    learn(body.case.row, body.case.open);
    answered.value = body.case;
  }
  if (status === 200) Object.assign(entry, { state: "done", events: body.events });
  else if (status === 202) entry.state = "waits";
  else Object.assign(entry, { state: "refused", text: body.text, reason: body.reason ?? body.error, now: body.case });
  note(entry);
  return entry;
}

/** Asks until the desk has spoken. The order may not have arrived at all: then it is sent again under the same key. */
async function untilAnswered(entry) {
  for (let wait = ASK; entry.state === "waits" || entry.state === "sent"; wait = Math.min(2_000, wait * 1.5)) {
    await pause(wait);
    try {
      settle(entry, await getFor(`/api/orders/${entry.key}`));
    } catch (fault) {
      if (fault.status === 404) await send(entry).catch(() => {});
      else if (fault.status === 409 || fault.status === 422 || fault.status === 403) settle(entry, fault);
    }
  }
  return entry;
}

const send = async (entry) => {
  try {
    settle(entry, await postFor("/api/orders", entry.order, { "Idempotency-Key": entry.key }));
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (fault.status === 0 || fault.status === 429 || fault.status >= 500) Object.assign(entry, { state: "waits", text: fault.text });
    else settle(entry, fault);
    note(entry);
  }
};

const entryOf = (verb, order, seen, caseId) => ({
  key: crypto.randomUUID(),
  caseId,
  verb,
  seen,
  at: Date.now(),
  state: "sent",
  order: { ...order, case_id: caseId, ...(seen ? { case_version: seen.version } : {}) },
});

/** Gives one order about a case as it was seen. */
export async function give(verb, order, caseId, seen = rows.get(caseId)) {
  const entry = entryOf(verb, order, seen, caseId);
  note(entry);
  mark(caseId);
  await send(entry);
  return untilAnswered(entry);
}

/** The same order about many cases, with a result for each. */
export async function giveAll(verb, order, seen, progress) {
  const entries = seen.map((row) => entryOf(verb, order, row, row.id));
  for (const entry of entries) {
    note(entry);
    mark(entry.caseId);
  }
  for (let i = 0; i < entries.length; i += 200) {
    const part = entries.slice(i, i + 200);
    try {
      const { body } = await postFor("/api/orders/bulk", { orders: part.map(({ key, order: one }) => ({ key, order: one })) });
      const byKey = new Map(body.results.map((result) => [result.key, result]));
      for (const entry of part) settle(entry, { status: byKey.get(entry.key).status, body: byKey.get(entry.key) });
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      for (const entry of part) {
        if (fault.status && fault.status < 500) settle(entry, fault);
        else entry.state = "waits";
      }
    }
    progress([...entries]);
  }
  await Promise.all(entries.map((entry) => untilAnswered(entry).then(() => progress([...entries]))));
  return entries;
}
