// What was done here and cannot be so: what you did, why not, what is true now, who holds it, one button. Nothing of it
// is lost: it stays to be looked up (team.js).
import { html } from "../shared/dom.js";
import { instantText } from "../shared/clock.js";
import { said, t, word } from "../shared/i18n.js";
import { fineText } from "./fine.js";
import { holderText } from "./offer.js";
import { ofCase, putAway, refusedOf } from "./outbox.js";

/** One intent in words: 14:02 报处置 · 已改正 · 2 张照片. */
export function intentText(intent) {
  const { result, reason, note, basis, task } = intent.order;
  const code = result ? word("result", result) : reason ? word("reason", reason) : "";
  const photos = intent.photos.length ? t("phone.photos", { n: intent.photos.length }) : "";
  return [instantText(intent.order.happened_at), t(`verb.${intent.verb}`), code, fineText(intent.order), basis, task, note, photos].filter(Boolean).join(" · ");
}

export function Conflict({ caseId }) {
  const refused = refusedOf(caseId);
  if (!refused) return null;
  const { answer } = refused;
  const held = ofCase(caseId).filter((one) => one.state === "held");
  return html`<section class="card conflict" role="alert"><h2>${t("conflict.title")} ${refused.no}</h2>
    <dl><dt>${t("conflict.did")}</dt><dd>${intentText(refused)}</dd>
      <dt>${t("conflict.why")}</dt><dd><b>${said(answer.text) || answer.reason}</b></dd>
      <dt>${t("conflict.now")}</dt><dd>${answer.now ? word("status", answer.now.row.status) : t("conflict.unseen")}</dd>
      <dt>${t("conflict.holder")}</dt><dd>${holderText(answer.holder)}</dd>
      ${
        held.length
          ? html`<dt>${t("conflict.held")}</dt><dd><ul>${held.map((one) => html`<li key=${one.id}>${intentText(one)}</li>`)}</ul></dd>`
          : null
      }</dl>
    <button class="tall main" onClick=${() => putAway(caseId)}>${t("refusal.away")}</button></section>`;
}
