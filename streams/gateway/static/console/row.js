// One row of a list. Only the cell of the deadline is drawn each second; the rest when the row itself has changed.
import { html } from "../shared/dom.js";
import { spanText, ticking } from "../shared/clock.js";
import { deadline, remainder, spoken, tone } from "../shared/deadline.js";
import { t, word } from "../shared/i18n.js";
import { shortDesk, shortSquad, territoryName, unitName } from "../shared/names.js";
import { Shape } from "../shared/shape.js";
import { given } from "./orders.js";
import { isUnassigned } from "./filters.js";
import { deskId } from "./store.js";

export function Priority({ level }) {
  return level === 0 ? html`<span class="p0" title="P0">${t("priority.urgent")}</span>` : html`<span class="p">P${level}</span>`;
}

/** Shape and remainder; the word is in the text that is read out and shown on pointing. */
function Due({ row }) {
  const now = ticking();
  const due = deadline(row, now);
  return html`<span class=${`due ${tone(due.state)}`} title=${spoken(due, now)}><${Shape} state=${due.state} />
    <span class="only-read">${t(`deadline.${due.state}`)}</span> ${remainder(due.due, now)}</span>`;
}

function Age({ since }) {
  return html`<span class="age">${since ? spanText(ticking() - since) : ""}</span>`;
}

/** What became of the order that was just given here. */
function Mark({ id }) {
  const entry = given.value.get(id);
  if (!entry) return null;
  const state = entry.state === "refused" ? "refused" : entry.state === "waits" ? "waits" : "sent";
  return html`<span class=${state === "refused" ? "danger" : "pending"}>${t(`given.${state}`)}</span>`;
}

export function CaseRow({ row }) {
  const place = row.territory ? territoryName(row.territory) : row.address;
  return html`<${Due} row=${row} /><${Priority} level=${row.priority} />
    <span class="no">${row.no.slice(-9)}</span>
    <span class="cut title" title=${`${row.title} · ${row.address ?? ""}`}>${row.title}${
      row.callers > 1
        ? html` <b>×${row.callers}
    </b>`
        : null
    } <span class="quiet">${place}</span></span>
    <span class="cut state quiet" title=${word("status", row.status)}><${Mark} id=${row.id} /> ${stateWord(row)}</span>
    <${Age} since=${row.registered_at} />`;
}

/** In one's own list of what nobody has, the status says nothing; who has it says more than that somebody has. */
function stateWord(row) {
  const desk = deskId.value ? "" : `${shortDesk(row.desk)} `;
  if (row.relaxation) return `${desk}${t("row.relax", { what: word("relax", row.relaxation) })}`;
  if (isUnassigned(row)) return desk + (row.proposed ? t("row.proposed") : word("short", row.status, word("status", row.status)));
  const who = row.squad ? shortSquad(row.squad) : unitName(row.unit);
  return `${desk}${word("short", row.status, word("status", row.status))}${who ? ` · ${who}` : ""}`;
}
