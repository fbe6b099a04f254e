// Where the operator is: which list, which row, which case is open, what is marked, what lies on top.
import { computed, signal } from "../shared/dom.js";
import { active, unassigned } from "./filters.js";
import { found, searching } from "./search.js";
import { rows } from "./store.js";

/** "unassigned" or "active". */
export const list = signal("unassigned");
/** The row under the cursor in each list, by id: a live update moves rows, never the cursor to another case. */
export const cursors = { unassigned: signal(""), active: signal("") };
/** The case that is open, and the ones it was reached through (a parent, a child). */
export const openId = signal("");
/** Marked for bulk. */
export const marks = signal(new Set());
/** What lies on top: null or {name, ...}. Its draft is kept when it is closed, never losing typed text. */
export const layer = signal(null);
/** The middle: "case" or "map". */
export const middle = signal("case");
/** The section of the case that is open: "", "why", "story", "evidence". */
export const section = signal("");

export const shownActive = computed(() => (searching.value ? found.value : active.value));
export const rowsOf = (name) => (name === "unassigned" ? unassigned.value : shownActive.value);

/** The place of the cursor in a list; -1: its row is gone. */
const placeOf = (name) => rowsOf(name).findIndex((row) => row.id === cursors[name].value);

/** Where the cursor last was, so that j and k go on from there when its row has left the list. */
const lastPlace = { unassigned: 0, active: 0 };

export function point(name, id) {
  list.value = name;
  cursors[name].value = id;
  lastPlace[name] = Math.max(
    0,
    rowsOf(name).findIndex((row) => row.id === id),
  );
}

export function move(by) {
  const name = list.value;
  const all = rowsOf(name);
  if (!all.length) return;
  const place = placeOf(name);
  const next = place < 0 ? Math.min(lastPlace[name], all.length - 1) : Math.max(0, Math.min(all.length - 1, place + by));
  point(name, all[next].id);
}

export function open(id) {
  openId.value = id;
  middle.value = "case";
}

/** The case that a verb is about: the open one, else the one under the cursor. */
export function subject() {
  return openId.value || cursors[list.value].value;
}

export function toggleMark(id) {
  const next = new Set(marks.value);
  if (!next.delete(id)) next.add(id);
  marks.value = next;
}

export const marked = computed(() => [...marks.value].map((id) => rows.get(id)).filter(Boolean));
