// Where a case stands against its limits: a word, a shape and a colour, all three from here and nowhere else.
import { spanText } from "./clock.js";
import { t } from "./i18n.js";

export const SHAPES = { in_time: "○", warn: "◔", overdue: "▲", paused: "⏸", none: "·" };
const CLASSES = { in_time: "", warn: "warn", overdue: "danger", paused: "quiet", none: "quiet" };
const PAUSED = new Set(["suspended"]);

/** The legal limit's state at `now`; "none": no limit runs yet. */
export function legalState(row, now) {
  if (PAUSED.has(row.status)) return "paused";
  if (!row.due_at) return "none";
  if (now > row.due_at) return "overdue";
  return row.warn_at && now >= row.warn_at ? "warn" : "in_time";
}

const RANK = { none: 0, paused: 0, in_time: 1, warn: 2, overdue: 3 };

/** What bites first: while nobody has the case its limit of dispatch (or the operator's own), unless the legal one is worse. */
export function deadline(row, now) {
  const legal = { state: legalState(row, now), due: row.due_at || 0 };
  const due = row.operator_due || row.dispatch_due;
  if (!due) return legal;
  const from = row.operator_due && row.dispatch_due ? row.dispatch_due : row.registered_at;
  const state = now > due ? "overdue" : now >= from + (due - from) * 0.8 ? "warn" : "in_time";
  return RANK[legal.state] > RANK[state] ? legal : { state, due };
}

export const tone = (state) => CLASSES[state];

/** The remainder with its sign, e.g. −12:40 past the limit. */
export function remainder(due, now) {
  if (!due) return "";
  return now > due ? `−${spanText(now - due)}` : spanText(due - now);
}

/** For those who hear the screen: "overdue by 12:40". */
export function spoken({ state, due }, now) {
  return due ? `${t(`deadline.${state}`)} ${remainder(due, now)}` : t(`deadline.${state}`);
}

/** The state of one of a case's terms at `now`. */
export function termState(term, now) {
  if (term.done_at) return term.due_at && term.done_at > term.due_at ? "overdue" : "in_time";
  if (!term.due_at) return "paused";
  return now > term.due_at ? "overdue" : now >= term.warn_at ? "warn" : "in_time";
}
