// Where in the numbers one is: the address after "#", so that a place can be kept, sent, and gone back from.
//   #tasks?window=month&desk=jiashan&territory=330421002&by=squad      what a number is made of
//   #tasks?…&listed=num                                                the cases behind it
import { signal } from "../shared/dom.js";
import { query } from "../shared/api.js";

/** @typedef {{number:string, window:string, desk:string, territory:string, squad:string, by:string, listed:string}} Place */
const NUMBERS = ["tasks", "force", "support"];
const PARTS = ["window", "desk", "territory", "squad", "by", "listed"];

/** Null: the wall itself. @type {import("../shared/types.js").Held<Place|null>} */
export const place = signal(read());
/** Whether one has gone from one place to another since the page was opened. */
export const moved = signal(false);
window.addEventListener("hashchange", () => {
  moved.value = true;
  place.value = read();
});

function read() {
  const [number, rest] = location.hash.slice(1).split("?");
  if (!NUMBERS.includes(number)) return null;
  const told = new URLSearchParams(rest);
  return { number, ...Object.fromEntries(PARTS.map((name) => [name, told.get(name) ?? ""])) };
}

/** One place up: by the address, which is ahead of what is drawn when keys come quickly. */
export function up() {
  const at = read();
  if (at) location.hash = ["#", ...above(at)].at(-2);
}

/** The address of a place, or of one a step from it. */
export const href = (from, step = {}) => {
  const { number, ...rest } = { ...from, ...step };
  return `#${number}${query(rest)}`;
};

/** The places above one, the highest first: the city's number, the desk's, the township's. */
export function above(at) {
  const ways = [href({ number: at.number, window: at.window })];
  if (at.desk) ways.push(href({ number: at.number, window: at.window, desk: at.desk }));
  if (at.territory) ways.push(href({ number: at.number, window: at.window, desk: at.desk, territory: at.territory }));
  if (at.squad || at.listed) ways.push(href(at));
  return ways;
}
