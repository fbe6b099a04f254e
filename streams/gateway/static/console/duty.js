// Who is on duty: by team, asked of the gateway at the beginning, every half minute, and each half hour of the city's
// clock, since shifts turn on these.
/** @typedef {{on:boolean, people:number, of:number, next_change:number, begins:boolean}} TeamDuty */
import { computed, effect, html, signal } from "../shared/dom.js";
import { get, query } from "../shared/api.js";
import { instantText, serverNow, tick, ticking, told } from "../shared/clock.js";
import { t } from "../shared/i18n.js";
import { deskId, loaded } from "./store.js";

const EVERY = 30_000;
const HALF_HOUR = 1_800_000;
const DOTS = 4; // more teams than this are counted: dots that must be counted by eye say nothing

/** By team; a team that is not in it is one of which nothing is known. @type {import("../shared/types.js").Held<Record<string, TeamDuty>>} */
export const teams = signal({});

async function ask(desk) {
  try {
    const answer = await get(`/api/duty${query({ desk })}`);
    if (desk === deskId.peek()) teams.value = answer.teams;
  } catch {
    if (desk === deskId.peek()) teams.value = {}; // better no dot than one of an hour ago
  }
}

const half = computed(() => {
  tick.value;
  return told.value ? Math.floor(serverNow() / HALF_HOUR) : 0;
});

effect(() => {
  const desk = deskId.value;
  if (!loaded.value || !half.value) return undefined;
  ask(desk);
  const timer = setInterval(ask, EVERY, desk);
  return () => clearInterval(timer);
});

/** "16:00 换班": when the roster changes next, for any team that is shown. */
export function NextChange() {
  const now = ticking();
  const next = Math.min(...Object.values(teams.value).map((one) => (one.next_change > now ? one.next_change : Infinity)));
  return next < Infinity ? html`<span class="quiet cut" title=${t("roster.next_title")}>${t("roster.next", { at: instantText(next) })}</span>` : null;
}

const Dot = ({ on }) => html`<span class=${on ? "dot on" : "dot"}></span>`;

/** What is known of some teams: how many are on, and how many people are there. Null: nothing is known. */
export function sumOf(ids) {
  const known = ids.map((id) => teams.value[id]).filter(Boolean);
  if (!known.length) return null;
  return { on: known.filter((one) => one.on).length, all: known.length, people: known.reduce((n, one) => n + one.people, 0) };
}

/** "2 of 3 teams on, 5 there" */
export const dutyWords = (ids) => {
  const sum = sumOf(ids);
  return sum ? t("roster.sum", sum) : t("roster.unknown");
};

/** A dot a team: filled on duty, a ring off duty. Many teams: a dot with the number of each. */
export function Dots({ ids }) {
  const sum = sumOf(ids);
  if (!sum) return html`<span class="dots"></span>`;
  const off = sum.all - sum.on;
  if (sum.all > DOTS)
    return html`<span class="dots" aria-hidden="true">${sum.on > 0 && html`<span><${Dot} on=${true} /> ${sum.on}</span>`}
      ${off > 0 && html`<span><${Dot} on=${false} /> ${off}</span>`}</span>`;
  const each = ids.map((id) => teams.value[id]).filter(Boolean);
  return html`<span class="dots" aria-hidden="true">${[...each].sort((a, b) => Number(b.on) - Number(a.on)).map((one, i) => html`<${Dot} key=${i} on=${one.on} />`)}</span>`;
}

/** One team: dot, word, who is there. */
export function TeamDuty({ id }) {
  const one = teams.value[id];
  if (!one) return html`<span class="quiet">${t("roster.unknown")}</span>`;
  return html`<span class="nowrap"><${Dot} on=${one.on} /> ${t(one.on ? "roster.on" : "roster.off")} ${t("roster.people", one)}</span>`;
}
