// The city's time: the server's `now`, carried on by the wall clock times the speed of the run (60 in the demo).
import { signal } from "./dom.js";

const base = signal({ now: Date.now(), speed: 1, at: performance.now() });
/** Whether the server has been heard at all: before that no screen may show a time, least of all the browser's own. */
export const told = signal(false);
/** Changes once a second of the wall: what shows an age or a remainder reads it. */
export const tick = signal(0);
setInterval(() => {
  tick.value += 1;
}, 1000);

/** Takes the server's word. A late answer must not set time back by its own delay, so only real steps are followed. */
export function heardTime(now, speed) {
  const { speed: was } = base.peek();
  const pace = speed ?? was;
  const first = !told.peek();
  told.value = true;
  if (first || pace !== was || Math.abs(now - serverNow()) > 250 * pace) base.value = { now, speed: pace, at: performance.now() };
}

/** Milliseconds of the city's clock, as of this instant. */
export function serverNow() {
  const { now, speed, at } = base.peek();
  return now + speed * (performance.now() - at);
}

/** As `serverNow`, and the caller is drawn again each second. */
export function ticking() {
  tick.value;
  return serverNow();
}

/** @type {Intl.DateTimeFormatOptions} */
const zone = { timeZone: "Asia/Shanghai", hourCycle: "h23" };
const clockForm = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteForm = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit" });
const dayForm = new Intl.DateTimeFormat("en-CA", { ...zone, month: "2-digit", day: "2-digit" });

export const clockText = (at) => clockForm.format(at);
/** The city's time for a head: "–" until the server was heard. */
export const nowText = () => (told.value ? clockText(ticking()) : "–");
/** 14:31, or 07-13 14:31 if it is another day than now's. `now`: for instants of another clock than the city's. */
export function instantText(at, now = serverNow()) {
  if (!at) return "";
  const day = dayForm.format(at);
  return day === dayForm.format(now) ? minuteForm.format(at) : `${day} ${minuteForm.format(at)}`;
}

/** A length of time in two figures: 6:12 (min:s), 3h05, 4d02h. */
export function spanText(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  const two = (n) => String(n).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  if (s < 86400) return `${Math.floor(s / 3600)}h${two(Math.floor(s / 60) % 60)}`;
  return `${Math.floor(s / 86400)}d${two(Math.floor(s / 3600) % 24)}h`;
}
