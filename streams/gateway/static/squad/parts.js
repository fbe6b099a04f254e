// Small parts that several views show: whose a line is, its place, its clock, the way there.
import { html } from "../shared/dom.js";
import { instantText, ticking } from "../shared/clock.js";
import { deadline, remainder, tone } from "../shared/deadline.js";
import { lang, t, word } from "../shared/i18n.js";
import { territoryName } from "../shared/names.js";
import { Shape } from "../shared/shape.js";
import { mapLinks } from "./datum.js";
import { day } from "./day.js";
import { away } from "./place.js";

/** The name of an item, from its law: the city's names may not be on the device. */
export function itemOf(id) {
  const law = day.value?.laws[id];
  return law ? (lang.value === "en" && law.name_en) || law.name : (id ?? "");
}
export const teamName = (id) => day.value?.teams.find((team) => team.id === id)?.name ?? id;

export const Priority = ({ row }) => (row.priority === 0 ? html`<b class="p0">${t("priority.urgent")}</b>` : html`<b>P${row.priority}</b>`);

/** Officers, by number; who carries the device is marked. */
export const Numbers = ({ list }) =>
  html`<span class="numbers">${list.map((one) => html`<b key=${one} class=${one === day.value?.me.officer ? "me" : ""}>${one}</b> `)}</span>`;

export const placeOf = (row) => row.address || territoryName(row.territory) || t("case.no_address");

export function Distance({ row }) {
  const far = away(row);
  return far ? html`<span class="far">${t("phone.away", { far })}</span>` : null;
}

export function Due({ row }) {
  const now = ticking();
  const state = deadline(row, now);
  if (!state.due) return html`<span class="quiet"><${Shape} state=${state.state} /> ${t(`deadline.${state.state}`)}</span>`;
  return html`<span class=${tone(state.state)}><${Shape} state=${state.state} /> ${t(`deadline.${state.state}`)} ${instantText(state.due)}
    (${remainder(state.due, now)})</span>`;
}

/** Hands the place to the telephone's own map. */
export function Maps({ row }) {
  if (row.lon === undefined || row.lon === null) return null;
  const links = mapLinks(Number(row.lon), Number(row.lat), row.address || row.title);
  return html`<nav class="maps" aria-label=${t("phone.maps")}>${links.map(
    ({ id, href }) => html`<a key=${id} class="button" href=${href}>${t(`map_of.${id}`)}</a>`,
  )}</nav>`;
}

export const Status = ({ status, queued }) =>
  queued
    ? html`<span class="queued">◌ ${t("phone.queued")} · ${word("status", status)}</span>`
    : html`<span>${word("status", status)}</span>`;
