// What a case is about, line by line: where, what, who has it, since when, and what was counted on it.
import { html } from "../shared/dom.js";
import { instantText } from "../shared/clock.js";
import { t, word } from "../shared/i18n.js";
import { holder, itemName, ownerName, superiorName, territoryName } from "../shared/names.js";

const Fact = ({ name, children }) => html`<div class="fact"><dt>${name}</dt><dd>${children}</dd></div>`;

function Holder({ row }) {
  const who = holder(row);
  const officers = (row.officers ?? []).join(" ");
  const answer = row.answer_due ? t("case.answer_until", { at: instantText(row.answer_due) }) : "";
  const received = answer && row.squad ? ` · ${t(row.received ? "case.on_device" : "case.not_on_device")}` : "";
  return html`<${Fact} name=${t("case.holder")}>
    ${who ? html`<b>${who}</b> ${row.team ?? ""} ${officers}` : t("case.nobody")}
    ${answer ? html` <span class="quiet">${answer}${received}</span>` : null}
    ${row.proposed ? html` <span>${t("row.proposed")} <b>${ownerName(row.proposed)}</b></span>` : null}
  <//>`;
}

/** What was done so that an offer is heard: pushed through which channels; whose superior was told that nobody answers. */
function Reached({ view }) {
  const channels = (view.assignment?.pushed ?? []).map((one) => word("channel", one)).join(t("list.comma"));
  const { alerted } = view.row;
  const parts = [channels && t("case.pushed", { channels }), alerted && t("case.alerted", { who: superiorName(alerted) })];
  return parts.some(Boolean) ? html`<${Fact} name=${t("case.reached")}>${parts.filter(Boolean).join(" · ")}<//>` : null;
}

/** Urged twice, returned once: what is not zero. */
function Counts({ row }) {
  const parts = ["urges", "returns", "rework"].filter((name) => row[name]).map((name) => t(`case.${name}`, { n: row[name] }));
  return parts.length ? html`<${Fact} name=${t("case.counts")}>${parts.join(" · ")}<//>` : null;
}

export function Facts({ view }) {
  const { row } = view;
  const facts = Object.entries(view.facts ?? {}).map(([name, value]) => `${word("fact", name)} ${word("fact", value)}`);
  const registered = [instantText(row.registered_at), word("kind", row.kind), word("level", row.level)];
  if (row.simulated) registered.push(t("case.simulated"));
  return html`<dl class="facts">
    <${Fact} name=${t("case.place")}>
      ${row.address || t("case.no_address")} <span class="quiet">${territoryName(row.territory)}</span>
    <//>
    <${Fact} name=${t("case.item")}>
      ${row.item ? itemName(row.item) : t("case.no_item")} <span class="quiet">${row.domain} ${row.duty ? word("duty", row.duty) : ""}</span>
    <//>
    <${Holder} row=${row} /><${Reached} view=${view} />
    <${Fact} name=${t("case.registered")}>${registered.join(" · ")}<//>
    ${facts.length > 0 && html`<${Fact} name=${t("case.facts")}>${facts.join(" · ")}<//>`}
    ${row.supervised && html`<${Fact} name=${word("limit", "supervise")}>${row.supervised}<//>`}
    <${Counts} row=${row} />
  </dl>`;
}
