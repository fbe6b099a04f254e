// What was fined: whom, how much, what of it was taken on the spot. In whole yuan, as the order has it.
import { html } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { Choice } from "./form.js";
import { IN_CASH, ON_THE_SPOT } from "./redlines.js";

const PARTIES = ["citizen", "organisation"];
/** What a draft begins with. */
export const NO_FINE = { party: "", fine: 0, cash: 0 };

/** Digits alone: no telephone makes a sign or a fraction of them. */
function Yuan({ name, value, change, children }) {
  const set = (event) => change({ [name]: Number(event.currentTarget.value.replace(/\D/g, "").slice(0, 9)) });
  return html`<label class="field">${t(`field.${name}`)}<input inputmode="numeric" name=${name} value=${value || ""} onInput=${set} />
    <small>${children}</small></label>`;
}

export function Fine({ filled, change }) {
  const { result, party, fine, cash } = filled;
  const simple = result === "simple_penalty";
  return html`<section class="sheet" aria-label=${t("field.fine")}>
    <${Choice} name="party" value=${party} choices=${PARTIES} label=${(one) => t(`party.${one}`)} onPick=${(one) => change({ party: one })} />
    <${Yuan} name="fine" value=${fine} change=${change}>${simple && party ? t("fine.limit", { n: ON_THE_SPOT[party] }) : null}</${Yuan}>
    <${Yuan} name="cash" value=${cash} change=${change}>${t(simple ? "fine.cash" : "fine.no_cash", { n: IN_CASH })}</${Yuan}></section>`;
}

/** Fined without saying whom: the limit depends on it. */
export const lacksParty = ({ party, fine }) => fine > 0 && !party;
/** In words, or "". */
export const fineText = ({ fine, cash }) => [fine && t("fine.of", { n: fine }), cash && t("fine.taken", { n: cash })].filter(Boolean).join(" · ");
