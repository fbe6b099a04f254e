// What the console knows of its desk: rows by id, squads, the desk itself, and the position in the stream.
// Deltas are folded in at most once a frame, however many arrive: 5,000 rows are sorted then and not for each.
/** @typedef {import("../shared/types.js").CaseRow} CaseRow */
import { batch, signal } from "../shared/dom.js";
import { get, pause, query } from "../shared/api.js";
import { heardTime } from "../shared/clock.js";
import { follow } from "../shared/link.js";

/** @type {Map<string, CaseRow>} */
export const rows = new Map();
/** Changes whenever `rows` did: what reads `rows` in a computed reads this first. */
export const revision = signal(0);
export const squads = signal([]);
export const desk = signal(null);
/** The desk that is shown: "" all of them, for those whose area is the city. */
export const deskId = signal("");
/** Ids of rows that the last fold changed, for who shows one of them. */
export const touched = signal(new Set());
/** Ids of rows that were here and are not any more, as the last fold found them. */
export const left = signal(new Set());
export const loaded = signal(false);
/** The board was denied: this role has none. In the gateway's words. */
export const denied = signal(null);

/** Versions at which rows left: an order's answer may be older than what the stream has said. */
const leftAt = new Map();
const REMEMBERED = 1_000;

function remove(id) {
  const row = rows.get(id);
  if (!row) return;
  rows.delete(id);
  leftAt.set(id, row.version);
  if (leftAt.size > REMEMBERED) leftAt.delete(leftAt.keys().next().value);
}

let seq = "";
let waiting = [];
let end = null;

/** Folds everything that has arrived since the last frame. */
function fold() {
  const deltas = waiting;
  waiting = [];
  const changed = new Set();
  const bySquad = new Map();
  for (const delta of deltas) {
    // First what is gone: a case that went from one of our desks to another is in both lists.
    for (const id of delta.gone ?? []) {
      remove(id);
      changed.add(id);
    }
    for (const row of delta.cases ?? []) {
      rows.set(row.id, row);
      changed.add(row.id);
    }
    for (const squad of delta.squads ?? []) bySquad.set(squad.id, squad);
  }
  batch(() => {
    if (changed.size) {
      left.value = new Set([...changed].filter((id) => !rows.has(id)));
      touched.value = changed;
      revision.value += 1;
    }
    if (bySquad.size) squads.value = squads.peek().map((squad) => bySquad.get(squad.id) ?? squad);
    const newest = deltas
      .map((delta) => delta.desk)
      .filter(Boolean)
      .at(-1);
    if (newest) desk.value = newest;
  });
}

function take(delta, id) {
  if (id) seq = id;
  waiting.push(delta);
  if (waiting.length > 1) return;
  // A hidden window has no frames; its rows must be right when it is looked at.
  if (document.hidden) setTimeout(fold, 250);
  else requestAnimationFrame(fold);
}

/** Puts one row in, as an order's answer brought it before the stream did. An older version is ignored. */
export function learn(row, open = true) {
  const known = rows.get(row.id);
  if ((known?.version ?? 0) > row.version || (!known && leftAt.get(row.id) >= row.version)) return;
  if (!open) remove(row.id);
  else if (known || inArea(row)) rows.set(row.id, row);
  batch(() => {
    if (known && !open) left.value = new Set([row.id]);
    touched.value = new Set([row.id]);
    revision.value += 1;
  });
}

const inArea = (row) => !deskId.peek() || row.desk === deskId.peek();

async function fetchBoard() {
  const before = loaded.peek() ? [...rows.keys()] : [];
  const board = await get(`/api/board${query({ desk: deskId.peek() })}`);
  heardTime(board.now, board.speed);
  seq = board.seq;
  waiting = [];
  rows.clear();
  for (const row of board.cases) rows.set(row.id, row);
  batch(() => {
    squads.value = board.squads;
    desk.value = board.desk;
    left.value = new Set(before.filter((id) => !rows.has(id)));
    touched.value = new Set(rows.keys());
    revision.value += 1;
    loaded.value = true;
  });
}

/** Shows a desk: its board, then its changes. Tries for ever; the banner tells of it meanwhile. */
export async function watchDesk(id) {
  end?.();
  deskId.value = id;
  loaded.value = false;
  for (let wait = 500; deskId.peek() === id; wait = Math.min(2_000, wait * 2)) {
    try {
      await fetchBoard();
      break;
    } catch (fault) {
      if (fault.status === 403 || fault.status === 404) {
        denied.value = fault.text;
        return;
      }
      await pause(wait);
    }
  }
  if (deskId.peek() !== id) return;
  end = follow({ where: () => ({ desk: id, after: seq }), delta: take, anew: fetchBoard });
}
