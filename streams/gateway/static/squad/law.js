// The law of an item: its five public fields, its limits, the red lines.
import { html } from "../shared/dom.js";
import { ticking } from "../shared/clock.js";
import { lang, t, word } from "../shared/i18n.js";
import { day } from "./day.js";
import { certified } from "./redlines.js";

const FIELDS = ["basis", "scope", "procedure", "standard", "hotline"];

export function Law({ item }) {
  const law = day.value?.laws[item];
  const lines = day.value?.red_lines ?? [];
  if (!law) return null;
  return html`<details class="card law"><summary>${t("law.title")}</summary><dl>${FIELDS.map(
    (name) => html`<dt key=${`t${name}`}>${t(`law.${name}`)}</dt><dd key=${name}>${law[name] || "—"}</dd>`,
  )}${law.limits.map(
    ({ name, limit }) => html`<dt key=${`t${name}`}>${word("limit", name)}</dt><dd key=${name}>${limitText(limit)}</dd>`,
  )}</dl>
    ${lines.length > 0 && html`<h3>${t("red.title")}</h3><ul>${lines.map((line) => html`<${RedLine} key=${line.id} line=${line} />`)}</ul>`}</details>`;
}
/** "4 working_hours" in words. */
function limitText(limit) {
  const [number, unit] = limit.split(" ");
  return `${number} ${word("unit", unit)}`;
}
export const RedLine = ({ line }) =>
  html`<li><b>${lang.value === "en" ? line.name_en : line.name}</b> ${lang.value === "en" ? line.text_en : line.text} <span class="quiet">${line.law}</span></li>`;

/** Said before anybody acts, and by the second: a certificate may end between the offer and the act (R80). */
export function Uncertified({ view }) {
  const officers = view.assignment?.officers ?? [];
  const able = certified(officers, view, day.value, ticking());
  const without = officers.filter((_, i) => able[i] === false);
  const line = day.value.red_lines.find(({ id }) => id === "no_certificate");
  if (!without.length) return null;
  return html`<section class="card red" role="alert"><h2>▲ ${t("red.uncertified", { who: without.join("、") })}</h2>
    ${line && html`<ul><${RedLine} line=${line} /></ul>`}</section>`;
}
