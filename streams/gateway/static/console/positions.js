// Who is where, and which town's terminal is silent: asked every quarter of a minute while somebody can see it. Nothing
// of it is kept here: the last point of who is on duty is all that the gateway gives.
/**
 * @typedef {{squad:string, officer:string, lon:number, lat:number, at:number}} At
 * @typedef {{squad:string, seen_at?:number, online?:boolean}} Node
 * @typedef {{now:number, known:boolean, positions:At[], nodes:Node[], online:number, required:number, heard:number}} Positions
 */
import { effect, signal } from "../shared/dom.js";
import { Fault, get, me, query } from "../shared/api.js";
import { t } from "../shared/i18n.js";
import { deskId, loaded } from "./store.js";

const EVERY = 15_000;
const OLD = 2 * 60_000;

/** Null: not asked, or not for this role. `heard`: this browser's clock. @type {import("../shared/types.js").Held<Positions|null>} */
export const whereabouts = signal(null);
export const mayAsk = () => Boolean(me.value?.may.includes("positions"));

async function ask(desk) {
  let told = { known: false, now: 0, positions: [], nodes: [], online: 0, required: 0 }; // no answer: nothing is known
  try {
    told = await get(`/api/positions${query({ desk })}`);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
  }
  if (desk === deskId.peek()) whereabouts.value = { ...told, heard: performance.now() };
}

effect(() => {
  const desk = deskId.value;
  whereabouts.value = null;
  if (!loaded.value || !mayAsk()) return undefined;
  const look = () => {
    if (!document.hidden) ask(desk);
  };
  look();
  const timer = setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  };
});

/** Milliseconds since an instant of the gateway's wall clock. */
const since = (at) => {
  const { now, heard } = whereabouts.value;
  return now + performance.now() - heard - at;
};

export const isOld = (at) => since(at) > OLD;

/** 12 分钟, 3 小时 */
function spanWords(ms) {
  const minutes = Math.floor(ms / 60_000);
  return minutes < 120 ? t("where.minutes", { n: minutes }) : t("where.hours", { n: Math.floor(minutes / 60) });
}

/** When a point was heard: no more exactly than it is asked for. */
export const ageWords = (at) => (since(at) < 60_000 ? t("where.now") : t("where.age", { span: spanWords(since(at)) }));

/** How a squad's terminal is: null, nothing is known of it. @returns {{state:"on"|"silent"|"none", words:string}|null} */
export function terminal(squad) {
  const node = whereabouts.value?.known && whereabouts.value.nodes.find((one) => one.squad === squad);
  if (!node) return null;
  if (!node.online && node.seen_at) return { state: "silent", words: t("where.silent", { span: spanWords(since(node.seen_at)) }) };
  if (!node.online) return { state: "none", words: t("where.none") };
  const n = whereabouts.value.positions.filter((one) => one.squad === squad).length;
  return { state: "on", words: n ? t("where.on_with", { n }) : t("where.on") };
}
