// A refused order: why, in the desk's own words, and what is different now from what was on the screen when it was
// given. Stays until it is put away: nobody must be quick to read it.
import { html } from "../shared/dom.js";
import { instantText } from "../shared/clock.js";
import { said, t, word } from "../shared/i18n.js";
import { itemName, ownerName, squadName, territoryName, unitName } from "../shared/names.js";
import { given, putAway } from "./orders.js";
import { layer } from "./state.js";

const INSTANTS = /(_at|_due|^due_at|_until)$/;
const NAMES = { squad: squadName, unit: unitName, territory: territoryName, item: itemName, proposed: ownerName };
const SILENT = new Set(["id", "no", "desk", "lon", "lat", "near", "assignment_id", "filed_at", "warn_at"]);

/** A field's value as a person reads it; what is left out of a row is empty. */
function valueText(field, value) {
  if (value === undefined || value === "" || value === 0) return "—";
  if (field === "status") return word("status", value);
  if (INSTANTS.test(field)) return instantText(value);
  if (NAMES[field]) return NAMES[field](value);
  if (Array.isArray(value)) return value.join(" ");
  return String(value);
}

/** Fields that differ between two rows. @returns {[string, any, any][]} */
function difference(before, after) {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...fields]
    .filter((field) => !SILENT.has(field) && JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => [field, before[field], after[field]]);
}

function Difference({ seen, now }) {
  const fields = seen && now ? difference(seen, now) : [];
  if (!fields.length) return html`<p class="quiet">${t("refusal.same")}</p>`;
  return html`<table class="difference"><thead><tr><th>${t("refusal.field")}</th><th>${t("refusal.seen")}</th><th>${t("refusal.now")}</th>
    </tr></thead>
    <tbody>${fields.map(
      ([field, was, is]) => html`<tr key=${field}><td>${word("row", field)}</td><td>${valueText(field, was)}</td><td>
    <b>${valueText(field, is)}</b></td></tr>`,
    )}</tbody></table>`;
}

export function Refusal({ id }) {
  const entry = given.value.get(id);
  if (entry?.state !== "refused") return null;
  const again = () => {
    putAway(id);
    layer.value = { name: "verb", verb: entry.verb };
  };
  return html`<section class="note bad refusal" role="alert"><h2>${t("refusal.head", { verb: t(`verb.${entry.verb}`) })}</h2>
    <p>${said(entry.text) || entry.reason}</p>
    ${
      entry.now
        ? html`<p>${t("refusal.state")} <b>${word("status", entry.now.row.status)}</b></p>
      <${Difference} seen=${entry.seen} now=${entry.now.row} />`
        : null
    }
    <p><button onClick=${again}>${t("refusal.again")}</button> <button onClick=${() => putAway(id)}>${t("refusal.away")}</button></p>
    </section>`;
}
