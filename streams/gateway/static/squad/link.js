// The squad's notices, by Server-Sent Events; by long poll where those do not come through (a proxy that keeps them
// back, a WebView that has none); back to events when they do again. Both go on from the same place.
/** @typedef {{how:""|"stream"|"poll", heard:number, since:number}} Link  wall-clock instants */
import { signal } from "../shared/dom.js";
import { Fault, query } from "../shared/api.js";
import { heardTime } from "../shared/clock.js";
import { ask, freshen, revoked } from "./device.js";

const SILENCE = 12_000; // two beats of 5 s missed, and a little
const WAIT = 25; // seconds that a poll may stay open
const TRY_STREAM = 60_000; // after so long by poll
const FAILURES = 2; // of the stream, until the poll takes over

/** `how` "": nothing is heard, since `since`. @type {import("../shared/types.js").Held<Link>} */
export const link = signal({ how: "", heard: 0, since: Date.now() });

function heard(how) {
  const { how: was, since } = link.peek();
  link.value = { how, heard: Date.now(), since: was === how ? since : Date.now() };
}
function lost() {
  if (link.peek().how) link.value = { ...link.peek(), how: "", since: link.peek().heard };
}

/**
 * Listens for ever. `after()` is the last place heard of; `notice(fields, place)`, `changed()`, `anew()` (there was a
 * gap) and `reached(place)` tell what came. Returns what makes it try at once.
 */
export function listen({ after, notice, reached, changed, anew }) {
  let source = null;
  let failures = 0;
  let polling = null;
  let pause = 0;
  let spoke = 0;

  function stream() {
    source?.close();
    if (revoked.peek()) return;
    const mine = new EventSource(`/api/squad/stream${query({ after: after() })}`);
    source = mine;
    spoke = Date.now();
    const on = (name, act) =>
      mine.addEventListener(name, (event) => {
        if (source !== mine) return;
        spoke = Date.now();
        failures = 0;
        pause = 0;
        polling?.abort(); // both heard for a moment: the poll is not needed any more
        polling = null;
        act(JSON.parse(event.data), event.lastEventId);
        heard("stream");
      });
    on("notice", notice);
    on("changed", changed);
    on("anew", anew);
    on("beat", ({ now, speed }) => heardTime(now, speed));
    mine.onerror = () => {
      if (source === mine) broken();
    };
  }

  function broken() {
    source?.close();
    source = null;
    failures += 1;
    freshen();
    if (polling) return; // a try in between: the poll goes on
    if (failures >= FAILURES) poll();
    else setTimeout(stream, 500);
  }

  async function poll() {
    const mine = new AbortController();
    polling = mine;
    const retry = setInterval(stream, TRY_STREAM);
    while (!mine.signal.aborted && !revoked.peek()) {
      try {
        const { body } = await ask("GET", `/api/squad/poll${query({ after: after(), wait: WAIT })}`, undefined, {}, (WAIT + 15) * 1000);
        if (mine.signal.aborted) break;
        pause = 0;
        if (body.anew) anew();
        for (const one of body.notices) notice(one, one.id);
        if (!body.anew) changed(); // also what changed between two polls
        reached(body.last);
        heard("poll");
      } catch (fault) {
        if (!(fault instanceof Fault)) reportError(fault);
        lost();
        pause = Math.min(15_000, (pause || 500) * 2);
        await new Promise((resolve) => {
          hurry = resolve;
          setTimeout(resolve, pause);
        });
      }
    }
    clearInterval(retry);
  }
  let hurry = () => {};

  setInterval(() => {
    const silent = Date.now() - spoke > SILENCE;
    if (source && silent) broken(); // it looks open and says nothing
    if (!polling && silent) lost();
  }, 1_000);

  /** At once, as when the network is back. */
  function again() {
    pause = 0;
    hurry();
    if (!source) stream();
  }
  addEventListener("offline", lost);
  stream();
  return again;
}
