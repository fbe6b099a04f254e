// Intents: what the carrier did, kept before anything is sent, sent in the order of each case, each with an id made
// here. What is here was not answered by the desk yet, and looks so. An answer that gets lost is asked for again by the
// same id, so nothing is done twice.
/**
 * @typedef {{n?:number, id:string, case_id:string, no:string, title:string, verb:string, order:any, photos:string[],
 *   quiet:boolean, made:number, state:"queued"|"asked"|"refused"|"held"|"away",
 *   answer?:{text?:any, reason?:string, now?:any, holder?:any}}} Intent
 *
 *   queued ─▶ asked (the desk has it, no answer yet) ─▶ gone: done
 *      └────────┴─▶ refused ─▶ away: the carrier has read it; it stays to be looked up for a week
 *   what was meant to follow it: held, ─▶ away with it
 */
import { computed, signal } from "../shared/dom.js";
import { Fault } from "../shared/api.js";
import { serverNow } from "../shared/clock.js";
import * as db from "./db.js";
import { ask, revoked } from "./device.js";
import { upload } from "./photo.js";

const SOON = 2_000;
const SELDOM = 30_000;
const WEEK = 7 * 86_400_000;

/** All of them, in order. @type {import("../shared/types.js").Held<Intent[]>} */
export const intents = signal([]);
/** Those on their way, of whichever case. */
export const waiting = computed(() => intents.value.filter((one) => !one.quiet && (one.state === "queued" || one.state === "asked")));
export const ofCase = (caseId, list = intents.value) => list.filter((one) => one.case_id === caseId && !one.quiet);
export const refusedOf = (caseId) => ofCase(caseId).find((one) => one.state === "refused");
export const ended = computed(() => intents.value.filter((one) => one.state === "away"));

/** Who wants to know that an order was answered, and what that says of the case (null: nothing): day.js. */
let told = () => {};
export const whenAnswered = (hear) => {
  told = hear;
};

export async function readOutbox() {
  const kept = await db.all("outbox");
  const old = kept.filter((one) => one.state === "away" && Date.now() - one.made > WEEK);
  for (const one of old) await remove(one);
  intents.value = kept.filter((one) => !old.includes(one));
}

async function write(intent, change) {
  Object.assign(intent, change);
  await db.put("outbox", intent);
  intents.value = [...intents.peek()];
}

async function remove(intent) {
  await db.drop("outbox", intent.n);
  for (const sha of intent.photos) await db.drop("photos", sha);
  intents.value = intents.peek().filter((one) => one !== intent);
}

const members = (order) => Object.fromEntries(Object.entries(order).filter(([, value]) => value !== undefined && value !== ""));

/**
 * Keeps what was done about a case as it was seen; sends it as soon as may be. Kept when this returns.
 * Behind an intent that was not answered no version is named: the assignment's id fences, and the version that one will
 * make is not known.
 */
export async function intend(row, verb, order, { photos = [], quiet = false, id = crypto.randomUUID() } = {}) {
  const behind = intents.peek().some((one) => one.case_id === row.id && (one.state === "queued" || one.state === "asked"));
  /** @type {Intent} */
  const intent = {
    id,
    case_id: row.id,
    no: row.no,
    title: row.title,
    verb,
    order: members({ ...order, case_id: row.id, case_version: behind ? undefined : row.version, happened_at: Math.round(serverNow()) }),
    photos,
    quiet,
    made: Date.now(),
    state: "queued",
  };
  intent.n = await db.put("outbox", intent);
  intents.value = [...intents.peek(), intent];
  flush();
}

// -- sending -----------------------------------------------------------------------------------------------------------

async function answerOf(intent) {
  if (intent.state === "asked") {
    try {
      return await ask("GET", `/api/orders/${encodeURIComponent(intent.id)}`);
    } catch (fault) {
      if (fault.status !== 404) throw fault; // else: that gateway was started anew. The same order again is the same
    }
  }
  return ask("POST", "/api/orders", intent.order, { "Idempotency-Key": intent.id });
}

const later = ({ status }) => [0, 401, 408, 429].includes(status) || status >= 500;

/** @returns {Promise<"done"|"refused"|"later">} */
async function send(intent) {
  try {
    for (const sha of intent.photos) await upload(sha);
    const { status, body } = await answerOf(intent);
    if (status === 202) {
      await write(intent, { state: "asked" });
      return "later";
    }
    told(body.case ?? null, intent.order); // first: between the two it would seem undone
    await remove(intent);
    return "done";
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (later(fault)) return "later";
    if (intent.quiet) await remove(intent);
    else await write(intent, { state: "refused", answer: { ...fault.body, text: fault.text, now: fault.body.case } });
    told(fault.body.case ?? null, {});
    return intent.quiet ? "done" : "refused";
  }
}

/** One case's, in order. What was meant to follow something refused is held: it meant a case that was not so. */
async function sendAll(queue) {
  for (const intent of queue) {
    const became = await send(intent);
    if (became === "later") return false;
    if (became === "refused") {
      for (const next of ofCase(intent.case_id)) if (next.state === "queued") await write(next, { state: "held" });
      return true;
    }
  }
  return true;
}

async function sendEverything() {
  const cases = new Map();
  for (const one of intents.peek()) {
    if (one.state !== "queued" && one.state !== "asked") continue;
    cases.set(one.case_id, [...(cases.get(one.case_id) ?? []), one]);
  }
  return (await Promise.all([...cases.values()].map(sendAll))).every(Boolean);
}

let running = null;
let again = false;
let timer = 0;
let pause = SOON;

/** Sends what can be sent. Of several windows one does; what comes meanwhile is sent after it. */
export function flush() {
  if (running) {
    again = true;
    return running;
  }
  clearTimeout(timer);
  const alone = navigator.locks ? navigator.locks.request("paidan-outbox", sendEverything) : sendEverything();
  running = alone.then(
    (all) => all,
    (fault) => {
      reportError(fault); // the device's own store: full, or forbidden
      return false;
    },
  );
  running = running.then((all) => {
    running = null;
    pause = all ? SOON : Math.min(SELDOM, pause * 1.5);
    if (again) {
      again = false;
      return flush();
    }
    if (!all && !revoked.peek()) timer = setTimeout(flush, pause);
    return all;
  });
  return running;
}

/** At once, as when the network is back. */
export function flushNow() {
  pause = SOON;
  return flush();
}

/** The carrier has read why it was not done; it and what was to follow can still be looked up. */
export async function putAway(caseId) {
  for (const one of ofCase(caseId)) if (one.state === "refused" || one.state === "held") await write(one, { state: "away" });
}
