// All limits of a case: the legal ones and those of its present stage, with what remains of each.
import { html } from "../shared/dom.js";
import { instantText, spanText, ticking } from "../shared/clock.js";
import { remainder, termState, tone } from "../shared/deadline.js";
import { Shape } from "../shared/shape.js";
import { t, word } from "../shared/i18n.js";

/** "4 working_hours" in words. */
function limitText(limit) {
  const [n, unit] = String(limit).split(" ");
  return unit ? `${n} ${word("unit", unit)}` : limit;
}

const STAGES = [
  ["dispatch_due", "dispatch"],
  ["operator_due", "operator"],
  ["answer_due", "answer"],
  ["stage_due", "stage"],
];

export function Clocks({ terms = [], row }) {
  const now = ticking();
  const stages = STAGES.filter(([field]) => row[field]).map(([field, name]) => ({
    name,
    limit: "",
    started_at: 0,
    warn_at: row[field],
    due_at: row[field],
    stage: true,
  }));
  const all = [...stages, ...terms];
  if (!all.length) return null;
  return html`<table class="clocks"><thead><tr><th>${t("clock.what")}</th><th>${t("clock.limit")}</th><th>${t("clock.state")}</th>
    <th>${t("clock.due")}</th><th class="n">${t("clock.left")}</th></tr></thead>
    <tbody>${all.map((term) => {
      const state = termState(term, now);
      return html`<tr key=${`${term.name}${term.started_at}`}><td>${term.stage ? t(`stage.${term.name}`) : word("limit", term.name)}</td>
        <td>${limitText(term.limit)}</td>
        <td class=${tone(state)}>
        <${Shape} state=${state} /> ${term.done_at ? t("clock.done", { at: instantText(term.done_at) }) : t(`deadline.${state}`)}</td>
        <td>${instantText(term.due_at)}</td>
        <td class="n">${term.done_at ? "" : term.due_at ? remainder(term.due_at, now) : spanText(term.left ?? 0)}</td></tr>`;
    })}</tbody></table>`;
}
