// Search over all cases, open and closed, as one types. An answer that comes after a later question is dropped.
import { effect, signal } from "../shared/dom.js";
import { get, me, query } from "../shared/api.js";
import { deskId } from "./store.js";

const PAUSE = 180; // typing faster than this asks once

export const text = signal("");
export const found = signal([]);
/** What is shown is the answer to a search, not the board. */
export const searching = signal(false);
export const total = signal(null);
/** Says that the last search could not be answered. */
export const failed = signal(null);

let timer = 0;
let asked = 0;

/** Digits alone may be the end of a caller's phone as well as a part of a number: both are asked, for who may. */
const PHONE = /^\d{4,11}$/;
const MAY_PHONES = new Set(["operator", "lead", "hotline", "supervisor"]);

async function ask(words) {
  const mine = ++asked;
  const area = { desk: deskId.peek(), limit: 100 };
  /** @type {Record<string, string|number>[]} */
  const asks = [{ q: words, ...area }];
  if (PHONE.test(words) && MAY_PHONES.has(me.peek()?.role)) asks.push({ phone: words, ...area });
  try {
    const answers = await Promise.all(asks.map((one) => get(`/api/cases${query(one)}`)));
    if (mine !== asked) return;
    const hits = new Map(answers.flatMap((answer) => answer.cases).map((row) => [row.id, row]));
    found.value = [...hits.values()];
    const all = answers.length === 1 ? answers[0].total : Math.max(hits.size, ...answers.map((answer) => answer.total));
    total.value = answers.some((answer) => answer.more) ? `${all}+` : all;
    failed.value = null;
  } catch (fault) {
    if (mine === asked) failed.value = fault.text;
  }
}

effect(() => {
  const words = text.value.trim();
  clearTimeout(timer);
  if (!words) {
    asked += 1;
    searching.value = false;
    found.value = [];
    total.value = null;
    failed.value = null;
    return;
  }
  searching.value = true;
  timer = setTimeout(ask, PAUSE, words);
});
