// An offer: what, where, how far, who; the clock as a bar that empties; 接单 at the thumb.
import { html, useState } from "../shared/dom.js";
import { clockText, instantText, spanText, ticking } from "../shared/clock.js";
import { said, t, word } from "../shared/i18n.js";
import { squadName } from "../shared/names.js";
import { actOf } from "./acts.js";
import { day, forgetGone } from "./day.js";
import { ActForm } from "./form.js";
import { intend } from "./outbox.js";
import { Distance, itemOf, Numbers, placeOf, Priority, teamName } from "./parts.js";
import { go } from "./route.js";

/** As the forms and the outbox know a case. */
export const rowOf = (offer) => ({
  ...offer,
  id: offer.case_id,
  no: offer.case_no,
  version: offer.case_version,
  desk: day.peek()?.cases.find((one) => one.row.id === offer.case_id)?.row.desk,
});

function Clock({ offer }) {
  const left = offer.due_at - ticking();
  const whole = Math.max(1, offer.due_at - offer.offered_at);
  const share = Math.max(0, Math.min(100, (left / whole) * 100));
  const soon = share < 25;
  return html`<div class="clock"><div class=${soon ? "empties soon" : "empties"} role="progressbar" aria-valuemin="0" aria-valuemax="100"
      aria-valuenow=${Math.round(share)} aria-label=${t("offer.answer")}><i style=${{ width: `${share}%` }}></i></div>
    <p class=${soon ? "danger" : ""}>${left > 0 ? t("offer.left", { left: spanText(left), at: clockText(offer.due_at) }) : t("offer.over")}</p></div>`;
}

export function Offer({ offer, more }) {
  const [back, setBack] = useState(false);
  const row = rowOf(offer);
  if (back) {
    const away = () => setBack(false);
    return html`<main class="page"><${ActForm} act=${actOf("return")} row=${row} onDone=${away} onBack=${away} /></main>`;
  }
  const accept = async () => {
    await intend(row, "accept", { type: "AcceptAssignment", assignment_id: offer.assignment_id });
    if (!more) go("case", offer.case_id);
  };
  return html`<main class="page offer" aria-label=${t("offer.title")} data-offer=${offer.assignment_id}>
    <div role="alert"><p class="over"><${Priority} row=${offer} /> <b>${t("offer.title")}</b> <span>${offer.case_no}</span>
      ${offer.attempt > 1 ? html` <span>${t("offer.attempt", { n: offer.attempt })}</span>` : null}</p>
    <h1>${itemOf(offer.item) || offer.title}</h1></div>
    <p class="where">${placeOf(offer)}</p>
    <p><${Distance} row=${offer} /></p>
    <p>${offer.title}</p>
    ${offer.limit_at ? html`<p class="quiet">${t("offer.limit", { at: instantText(Number(offer.limit_at)) })}</p>` : null}
    <p class="pair-of">${teamName(offer.team)} <${Numbers} list=${offer.officers} /></p>
    ${more ? html`<p><a href="#/list">${t("offer.more", { n: more })}</a></p>` : html`<p><a href="#/list">${t("offer.others")}</a></p>`}
    <div class="bottom"><${Clock} offer=${offer} />
      <button class="tall back" onClick=${() => setBack(true)}>${t("verb.return")}…</button>
      <button class="tall main accept" onClick=${accept}>${t("verb.accept")}</button></div></main>`;
}

/** Offers that went away before they were answered, and why. Who has the case now the squad is not told: nobody may have
 * been chosen yet, and it may be none of the squad's affair. */
export function Gone({ list }) {
  return list.map(
    (offer) => html`<section key=${offer.assignment_id} class="card gone" role="status"><h2>${t("gone.title", { no: offer.case_no })}</h2>
    <p>${itemOf(offer.item)} · ${placeOf(offer)}</p>
    <p><b>${word("gone", offer.reason, word("reason", offer.reason, offer.reason || t("gone.unknown")))}</b> ${instantText(offer.at)}</p>
    <button class="tall" onClick=${() => forgetGone(offer.assignment_id)}>${t("refusal.away")}</button></section>`,
  );
}

/** Who has it: {squad, name, team, since}, or nobody that is known here. */
export function holderText(holder) {
  if (!holder) return t("holder.nobody");
  const who = said(holder.name) || holder.name || squadName(holder.squad);
  return t("holder.is", { who: holder.team ? `${who} ${teamName(holder.team)}` : who, since: instantText(holder.since) });
}
