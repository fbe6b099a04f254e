// The stream of changes, and honesty about it. A browser's EventSource gives up on an HTTP error and keeps its
// last id to itself when made anew, so this makes it anew itself, with its own `after`.
/** @typedef {{state:"up"|"behind"|"lost", since:number, heard:number, behind:number}} LinkState  wall-clock instants */
import { signal } from "./dom.js";
import { heardTime } from "./clock.js";
import { query, whoami } from "./api.js";

const SILENCE = 12_000; // two beats of 5 s missed, and a little
const TROUBLE = 1_500; // an error that heals faster than this is not worth a banner
const LATE = 5_000; // what the gateway hears of the city is older than this

/** @type {import("../shared/types.js").Held<LinkState>} */
export const link = signal({ state: "lost", since: Date.now(), heard: 0, behind: 0 });

/** Keeps a stream open for ever. `where()` gives {desk, after}; `anew()` must fetch the board again. Returns its end. */
export function follow({ where, delta, anew }) {
  let source = null;
  let tries = 0;
  let failing = 0;
  let retry = 0;
  let ended = false;

  function heard(behind = link.peek().behind) {
    const at = Date.now();
    failing = 0;
    tries = 0;
    const state = behind > LATE ? "behind" : "up";
    const since = state === link.peek().state ? link.peek().since : at;
    link.value = { state, since, heard: at, behind };
  }

  function open() {
    source?.close();
    if (ended) return;
    source = new EventSource(`/api/stream${query(where())}`);
    source.addEventListener("delta", (event) => {
      const data = JSON.parse(event.data);
      if (data.now) heardTime(data.now, data.speed);
      delta(data, event.lastEventId);
      heard();
    });
    source.addEventListener("beat", (event) => {
      const data = JSON.parse(event.data);
      heardTime(data.now, data.speed);
      heard(data.behind_ms);
    });
    source.addEventListener("anew", () => {
      source.close();
      anew().then(open, again);
    });
    source.onopen = () => {
      failing = 0;
    };
    source.onerror = again;
  }

  function again() {
    source?.close();
    failing ||= Date.now();
    clearTimeout(retry);
    retry = setTimeout(open, Math.min(2_000, 250 * 2 ** tries));
    tries += 1;
    if (tries === 3) whoami().catch(() => {}); // the session may have ended: that sends to the sign-in page
  }

  const watch = setInterval(() => {
    const at = Date.now();
    const { state, heard: last } = link.peek();
    const silent = at - last > SILENCE;
    if (state !== "lost" && (silent || (failing && at - failing > TROUBLE))) {
      link.value = { ...link.peek(), state: "lost", since: last || at };
    }
    if (silent && !failing) again(); // the connection looks open and says nothing
  }, 500);

  open();
  return () => {
    ended = true;
    clearInterval(watch);
    clearTimeout(retry);
    source?.close();
  };
}
