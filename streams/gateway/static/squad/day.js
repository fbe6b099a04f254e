// The shift: the day as the server told it, kept on the device; offers as they come; what was done since and is not
// answered yet, laid over it.
import { batch, computed, signal } from "../shared/dom.js";
import { heardTime, serverNow } from "../shared/clock.js";
import { catalog } from "../shared/names.js";
import * as db from "./db.js";
import { ask } from "./device.js";
import { intend, intents, ofCase, whenAnswered } from "./outbox.js";
import { ringOnce } from "./ring.js";

/** SquadDay (GET /api/squad/day), or null before anything is known. @type {import("../shared/types.js").Held<any>} */
export const day = signal(null);
/** Wall time of the day that is shown. */
export const readAt = signal(0);
/** Offers told by a notice that the day does not have yet, by assignment. @type {import("../shared/types.js").Held<Map<string, any>>} */
const fresh = signal(new Map());
/** Offers that were here and are gone, with the reason, until they are put away. @type {import("../shared/types.js").Held<any[]>} */
export const gone = signal([]);
/** What another news said: urged, supervised, kept… one line each, newest first. */
export const news = signal([]);

let cursor = "";
export const lastPlace = () => cursor;
export function reached(place) {
  if (!place) return;
  cursor = place;
  db.put("kept", place, "cursor");
}

// -- the day -----------------------------------------------------------------------------------------------------------

/** "<desk>/<offset>-<nth>" as numbers. */
function numbers(place) {
  const [, offset, nth] = /(\d+)-(\d+)$/.exec(place ?? "") ?? [];
  return [Number(offset), Number(nth)];
}
function before(a, b) {
  const [[x, i], [y, j]] = [numbers(a), numbers(b)];
  return x < y || (x === y && i <= j);
}

const caseOf = (id) => day.value?.cases.find((one) => one.row.id === id);
export { caseOf };

/** Whether the day was told later than the notice. */
const covers = (told, notice) => {
  const known = told.cases.find((one) => one.row.id === notice.case_id);
  return known ? known.row.version >= Number(notice.case_version) : before(notice.id, told.seq);
};

function show(told, at) {
  const still = [...fresh.peek()].filter(([, notice]) => !covers(told, notice));
  batch(() => {
    day.value = told;
    readAt.value = at;
    if (still.length !== fresh.peek().size) fresh.value = new Map(still);
  });
}

/** What the device kept of it: there before any network is. */
export async function readKept() {
  const [told, names, clock, place] = await Promise.all(["day", "catalog", "clock", "cursor"].map((key) => db.find("kept", key)));
  if (clock) heardTime(clock.now + clock.speed * (Date.now() - clock.at), clock.speed);
  if (names) catalog.value = names;
  cursor = place ?? "";
  if (told) show(told.day, told.at);
}

let reading = null;
let once = false;
/** Reads the day anew; what is asked for meanwhile is one reading more. Raises Fault. */
export function readDay() {
  if (reading) {
    once = true;
    return reading;
  }
  reading = fetchDay().finally(() => {
    reading = null;
    if (once) {
      once = false;
      readDay().catch(() => {}); // the link tells of it, and asks again
    }
  });
  return reading;
}

/**
 * Cases as answers to orders told them, until a day as late is read. A day that was on its way while an order was
 * answered is older than the answer: what was done would seem undone, and the next order name a version long past.
 */
let heard = new Map();

function withHeard(told) {
  const later = new Map();
  for (const { row } of told.cases) if (heard.get(row.id)?.row.version > row.version) later.set(row.id, heard.get(row.id));
  heard = later; // of the others the day knows as much, or that they are gone
  return { ...told, cases: told.cases.map((one) => later.get(one.row.id) ?? one).filter((one) => one.open) };
}

async function fetchDay() {
  const { body } = await ask("GET", "/api/squad/day");
  const at = Date.now();
  if (!cursor) reached(body.seq);
  const told = withHeard(body);
  show(told, at);
  await db.put("kept", { day: told, at }, "day");
  await db.put("kept", { now: body.now, speed: body.speed, at }, "clock");
}

/** The city's names, of other squads and units: asked for once a start, kept for when nobody answers. */
export async function readNames() {
  catalog.value = (await ask("GET", "/api/catalog")).body;
  await db.put("kept", catalog.value, "catalog");
}

whenAnswered((view, order) => {
  if (order.type === "ReturnAssignment") returned.add(order.assignment_id);
  const told = day.peek();
  if (!told || !view) return;
  const known = told.cases.find((one) => one.row.id === view.row.id);
  if (known && known.row.version > view.row.version) return;
  heard.set(view.row.id, view);
  const rest = told.cases.filter((one) => one !== known);
  show({ ...told, cases: view.open ? [...rest, view] : rest }, readAt.peek());
});

// -- offers ------------------------------------------------------------------------------------------------------------

const offerOfCase = ({ row }) => ({
  case_id: row.id,
  case_no: row.no,
  case_version: row.version,
  priority: row.priority,
  item: row.item,
  title: row.title,
  address: row.address,
  lon: row.lon,
  lat: row.lat,
  assignment_id: row.assignment_id,
  attempt: row.attempt,
  team: row.team,
  squad: row.squad,
  officers: row.officers ?? [],
  due_at: row.answer_due,
  offered_at: row.offered_at,
  channel: row.channel,
  received: row.received,
  limit_at: row.due_at,
}); // prettier-ignore

const offerOfNotice = (notice) => ({
  ...notice,
  priority: Number(notice.priority),
  case_version: Number(notice.case_version),
  attempt: Number(notice.attempt),
  due_at: Number(notice.due_at),
  offered_at: notice.heard,
  channel: Number(notice.channel),
  officers: notice.officers ? notice.officers.split(",") : [],
});

const answered = (offer, list) => ofCase(offer.case_id, list).some((one) => one.order.assignment_id === offer.assignment_id);

/**
 * Open offers to the squad that nobody here answered, the first to run out first. Of a case the last attempt alone: its
 * notice may be here before the day is read again, in which the one before still stands.
 */
export const offers = computed(() => {
  const told = day.value;
  const found = new Map();
  const take = (offer) => {
    if (!(found.get(offer.case_id)?.attempt >= offer.attempt)) found.set(offer.case_id, offer);
  };
  for (const view of told?.cases ?? []) if (view.row.status === "offered" && view.row.squad === told.me.squad) take(offerOfCase(view));
  for (const notice of fresh.value.values()) take(offerOfNotice(notice));
  const list = intents.value;
  return [...found.values()].filter((offer) => !answered(offer, list)).sort((a, b) => a.due_at - b.due_at);
});

/**
 * Whether an offer is for who carries this device: their team's, or by the leader's channel. The others of the squad see
 * it in the list, but nobody is woken for another team, and nobody who is off duty.
 */
export function isMine(offer) {
  const me = day.value?.me;
  if (!me || offer.officers.includes(me.officer) || offer.team === me.team) return true;
  if (!me.on_duty) return false;
  if (!me.team) return true; // there, and in no team that makes pairs: an auxiliary
  return me.role === "leader" && offer.channel >= 2;
}
export const myOffers = computed(() => offers.value.filter(isMine));

/** Told once: rung, and the desk hears that it is on the device. After a crash in between it is told again, by the same id. */
export async function receive(offer) {
  await ringOnce(offer);
  const id = `${day.peek()?.me.account}/received/${offer.assignment_id}/${offer.attempt}`;
  if (offer.received || intents.peek().some((one) => one.id === id) || receivedHere.has(id)) return;
  receivedHere.add(id);
  const row = { id: offer.case_id, no: offer.case_no, title: offer.title };
  await intend(row, "receive", { type: "ReceiveOffer", assignment_id: offer.assignment_id }, { quiet: true, id });
}
const receivedHere = new Set();
/** Assignments that were given back from here: their loss is no news. */
const returned = new Set();

// -- notices -----------------------------------------------------------------------------------------------------------

const NEWS = new Set(["extended", "kept", "rework", "urged", "supervised", "limit", "request", "interim"]);
const MOST_NEWS = 20;

/** One notice of the squad's stream, whichever way it came. */
export function notice(fields, place) {
  const told = { ...fields, id: place || fields.id, heard: Math.round(serverNow()) };
  reached(told.id);
  if (day.peek() && covers(day.peek(), told) && told.kind !== "withdrawn") return;
  if (told.kind === "offer") fresh.value = new Map(fresh.peek()).set(told.assignment_id, told);
  else if (told.kind === "withdrawn") withdrawn(told);
  else if (NEWS.has(told.kind)) news.value = [told, ...news.peek().filter((one) => one.id !== told.id)].slice(0, MOST_NEWS);
  changed();
}

function withdrawn(told) {
  const was = offers.peek().find((offer) => offer.assignment_id === told.assignment_id);
  const next = new Map(fresh.peek());
  next.delete(told.assignment_id);
  fresh.value = next;
  const offer = was ?? offerOfNotice(told);
  const held = caseOf(told.case_id)?.row.assignment_id === told.assignment_id;
  const news = told.reason === "lease_expired" || was || (held && !returned.has(told.assignment_id));
  if (news && isMine(offer) && !gone.peek().some((one) => one.assignment_id === told.assignment_id)) {
    gone.value = [...gone.peek(), { ...offer, reason: told.reason, at: told.heard }];
  }
}
export const forgetGone = (assignment) => {
  gone.value = gone.peek().filter((one) => one.assignment_id !== assignment);
};

export const changed = () => readDay().catch(() => {}); // the link tells of it, and asks again

// -- what is presumed ---------------------------------------------------------------------------------------------------

const LEADS = {
  AcceptAssignment: "accepted",
  ReportArrival: "on_site",
  ReportDisposal: "disposed",
  ReturnAssignment: "returning",
  CheckCase: "checked",
  ReportVerification: "to_dispatch",
};

/** The status that a case will have if the desk agrees to everything that waits; its own if nothing does. */
export function presumed(view) {
  const queue = ofCase(view.row.id).filter((one) => one.state === "queued" || one.state === "asked");
  return queue.reduce((status, one) => LEADS[one.order.type] ?? status, view.row.status);
}
