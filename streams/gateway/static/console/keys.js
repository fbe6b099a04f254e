// The keyboard: every act of the console, and the only place that listens for keys outside of a field.
import { batch } from "../shared/dom.js";
import { catalog } from "../shared/names.js";
import { me, query } from "../shared/api.js";
import { mayEnrol } from "./devices.js";
import { show } from "./filters.js";
import { opened } from "./opened.js";
import { shows } from "./squads.js";
import { cursors, layer, list, marked, marks, middle, move, open, openId, point, rowsOf, section, subject, toggleMark } from "./state.js";
import { deskId, watchDesk } from "./store.js";
import { text } from "./search.js";
import { typedAhead } from "./soon.js";
import { mayFile } from "./upload.js";
import { VERBS, verbFor } from "./verbs.js";

const focusList = () => document.getElementById(`list-${list.value}`)?.focus();

function switchList(name) {
  list.value = name;
  if (!cursors[name].value && rowsOf(name).length) point(name, rowsOf(name)[0].id);
  focusList();
}

/** To the next desk's queue, for those who see more than one. */
function nextDesk(by) {
  const ids = ["", ...catalog.value.desks.map(({ id }) => id)];
  if (me.value?.desk || ids.length < 3) return;
  watchDesk(ids[(ids.indexOf(deskId.value) + by + ids.length) % ids.length]);
}

/** Esc goes back one step; what was typed is kept by who has it. */
function back() {
  if (layer.value) layer.value = null;
  else if (middle.value === "map") middle.value = "case";
  else if (section.value) section.value = "";
  else if (marks.value.size) marks.value = new Set();
  else if (text.value) text.value = "";
  else if (openId.value) openId.value = "";
  else show({});
  focusList();
}

const toggleSection = (name) => {
  if (!openId.value && subject()) open(subject());
  section.value = section.value === name ? "" : name;
};

const PLAIN = {
  j: () => {
    move(1);
    focusList();
  },
  k: () => {
    move(-1);
    focusList();
  },
  ArrowDown: () => {
    move(1);
    focusList();
  },
  ArrowUp: () => {
    move(-1);
    focusList();
  },
  PageDown: () => move(15),
  PageUp: () => move(-15),
  Home: () => move(-1e6),
  End: () => move(1e6),
  Enter: () => {
    const id = cursors[list.value].value;
    if (id) open(id);
  },
  " ": () => {
    const id = cursors[list.value].value;
    if (id) {
      toggleMark(id);
      move(1);
    }
  },
  1: () => switchList("unassigned"),
  2: () => switchList("active"),
  "/": () => document.getElementById("search").focus(),
  "?": () => {
    layer.value = { name: "help" };
  },
  n: () => {
    layer.value = mayFile() ? { name: "new" } : { name: "cannot", key: "n", why: "file" };
  },
  U: () => {
    layer.value = mayFile() ? { name: "upload" } : { name: "cannot", key: "U", why: "file" };
  },
  w: () => toggleSection("why"),
  t: () => toggleSection("story"),
  "[": () => nextDesk(-1),
  "]": () => nextDesk(1),
  Escape: back,
};

/** After `g`. */
const GO = {
  f: () => document.getElementById("filter")?.click(),
  m: () => {
    middle.value = "map";
  },
  s: () => /** @type {HTMLElement|null} */ (document.querySelector("#squads button"))?.focus(),
  c: () => {
    middle.value = "case";
    focusList();
  },
  w: () => window.open("/wall", "_blank", "noopener"),
  p: () => window.open(`/report${query({ desk: deskId.value })}`, "_blank", "noopener"),
  l: () => {
    layer.value = { name: "replies" };
  },
  n: () => {
    layer.value = mayEnrol() ? { name: "devices" } : { name: "cannot", key: "g n", why: "devices" };
  },
  a: () => shows({ queue: "approvals" }),
  d: () => shows({ queue: "disputes" }),
  r: () => shows({ queue: "requests" }),
  k: () => shows({ queue: "checks" }),
  e: () => toggleSection("evidence"),
};

/** A verb by its key: on what is marked, or on the case that is open or under the cursor. */
function verbKey(key) {
  if (!VERBS.some((verb) => verb.key === key)) return false;
  if (marked.value.length) {
    const verbs = VERBS.filter((verb) => verb.key === key && verb.bulk && (me.value?.verbs ?? []).includes(verb.order));
    if (verbs.length) layer.value = { name: "verb", verb: bulkVerb(verbs).id };
    return true;
  }
  const id = subject();
  if (!id) return true;
  if (id !== openId.value) open(id);
  const view = opened.value;
  if (view?.row.id === id) layer.value = choose(key, view) ?? layer.value;
  else {
    typedAhead.value = [];
    layer.value = { name: "soon", key, id }; // its verbs are on their way
  }
  return true;
}

/** Several verbs share `r`: the marked cases' own state says which is meant. */
const bulkVerb = (verbs) => verbs.find((verb) => (verb.id === "relax" ? marked.value.some((row) => row.relaxation) : true)) ?? verbs[0];

/** The layer that a key opens on a case; `a` without a proposal is an assignment by hand. */
export function choose(key, view) {
  const verb = verbFor(key, view.allowed_actions) ?? (key === "a" ? verbFor("o", view.allowed_actions) : undefined);
  return verb ? { name: "verb", verb: verb.id } : { name: "cannot", key };
}

let going = 0;

export function listenKeys() {
  document.addEventListener("keydown", (event) => {
    const at = /** @type {HTMLElement} */ (event.target);
    const typing = at.closest("input, textarea, select");
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing) {
      if (event.key === "Escape") {
        at.blur();
        focusList();
        event.preventDefault();
      }
      return;
    }
    if (layer.value?.name === "cannot" && event.key !== "Escape") layer.value = null; // the next key is the next wish
    if (layer.value && event.key !== "Escape") return; // what lies on top listens for itself
    const onButton = at.closest("button, a");
    if (onButton && (event.key === "Enter" || event.key === " ")) return;
    const chord = going && Date.now() - going < 1_500;
    going = 0;
    const act = chord
      ? GO[event.key]
      : event.key === "g"
        ? () => {
            going = Date.now();
          }
        : PLAIN[event.key];
    if (act) batch(act);
    else if (!verbKey(event.key)) return;
    event.preventDefault();
  });
}
