// The case that is open, in full: fetched when it is opened, and again when the stream says that it changed.
/** @typedef {import("../shared/types.js").CaseView} CaseView */
import { effect, signal } from "../shared/dom.js";
import { Fault, get, query } from "../shared/api.js";
import { serverNow } from "../shared/clock.js";
import { lang } from "../shared/i18n.js";
import { link } from "../shared/link.js";
import { answered } from "./orders.js";
import { openId, section } from "./state.js";
import { left, rows, touched } from "./store.js";

/** @type {import("../shared/types.js").Held<CaseView|null>} */
export const opened = signal(null);
export const openFault = signal(null);
/** What `section` shows: the story's lines, or the text of why. */
export const story = signal(null);

/**
 * The open case has left the board, by its end or to another desk: `where` is the case as it stands there; undefined
 * while that is asked, null if it is not ours to see. @type {import("../shared/types.js").Held<any>}
 */
export const away = signal(null);

let asked = 0;

/** What is known of where the open case went. */
function found(id, where) {
  if (away.peek()) away.value = rows.has(id) ? null : { ...away.peek(), where };
}

async function fetchCase(id) {
  const mine = ++asked;
  try {
    const view = await get(`/api/cases/${encodeURIComponent(id)}`);
    if (mine !== asked) return;
    opened.value = view;
    openFault.value = null;
    found(id, view);
    // The archive, which has texts and evidence, is a moment behind the board.
    if (!view.filed)
      setTimeout(() => {
        if (mine === asked && openId.peek() === id) fetchCase(id);
      }, 1_000);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (mine !== asked) return;
    openFault.value = fault;
    if (fault.status === 404) found(id, null);
  }
}

async function fetchStory(id, language) {
  try {
    const answer = await get(`/api/cases/${encodeURIComponent(id)}/story${query({ lang: language })}`);
    if (openId.peek() === id) story.value = answer;
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (openId.peek() !== id) return;
    story.value = { lines: [], fault: fault.text };
    // The archive is a moment behind the board: what is new has no story yet.
    if (fault.status === 503 || !fault.status)
      setTimeout(() => {
        if (openId.peek() === id && section.peek()) fetchStory(id, language);
      }, 1_000);
  }
}

effect(() => {
  const id = openId.value;
  opened.value = null;
  openFault.value = null;
  story.value = null;
  away.value = null;
  if (id) fetchCase(id);
});

// It leaves under one's eyes: what is on the screen stays, but nothing is offered any more until it is known what is.
effect(() => {
  const gone = left.value; // read first: an effect that reads no signal is never run again
  const id = openId.peek();
  if (!id || !gone.has(id)) return;
  away.value = { id, at: serverNow(), where: undefined };
  if (opened.peek()) opened.value = { ...opened.peek(), allowed_actions: [] };
});

// A delta for the open case: fetch it anew, a moment later for a burst of them.
let soon = 0;
effect(() => {
  const changed = touched.value;
  const id = openId.peek();
  if (!id || !changed.has(id)) return;
  clearTimeout(soon);
  soon = setTimeout(() => {
    fetchCase(id);
    if (section.peek()) fetchStory(id, lang.peek());
  }, 60);
});

// What could not be fetched is fetched once the link is back.
effect(() => {
  if (link.value.state !== "lost" && openFault.peek() && openId.peek()) fetchCase(openId.peek());
});

effect(() => {
  const view = answered.value;
  if (!view || view.row.id !== openId.peek()) return;
  if (away.peek() && view.open) return; // older than what the stream has said since
  opened.value = view;
});

effect(() => {
  if (section.value && section.value !== "evidence" && openId.value) fetchStory(openId.value, lang.value);
});
