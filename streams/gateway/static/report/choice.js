// Which sheet, of which desk, of which day: kept in the address, so that a sheet can be asked for again.
import { effect, signal } from "../shared/dom.js";
import { query } from "../shared/api.js";
import { catalog } from "../shared/names.js";

const asked = new URLSearchParams(location.search);
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** "handover" or "daily". */
export const sheet = signal(asked.get("sheet") === "daily" ? "daily" : "handover");
/** "": all that one may see. */
export const desk = signal(asked.get("desk") ?? "");
/** YYYY-MM-DD in the city; "": today. */
export const day = signal(DAY.test(asked.get("day") ?? "") ? asked.get("day") : "");
/** How long the next shift is, in hours. */
export const hours = signal(8);
/** Counted up to fetch anew. */
export const again = signal(0);

effect(() => {
  history.replaceState(null, "", `/report${query({ sheet: sheet.value, desk: desk.value, day: day.value })}`);
});

const offset = () => (catalog.value.utc_offset_minutes ?? 480) * 60_000;

/** The city's day at an instant. */
export const dayAt = (at) => new Date(at + offset()).toISOString().slice(0, 10);

/** A day's beginning and end. @returns {[number, number]} */
export function spanOf(text) {
  const from = Date.parse(`${text}T00:00:00Z`) - offset();
  return [from, from + 86_400_000];
}
