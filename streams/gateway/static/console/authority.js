// In whose name an order is given 条/块: said by those above the operators, if at all. It stands beside the way of the
// Enter key, not in it: who leaves it out presses nothing for it.
import { html } from "../shared/dom.js";
import { me } from "../shared/api.js";
import { t } from "../shared/i18n.js";

const SAYS = new Set(["lead", "coordination", "supervisor"]);
const CHOICES = ["", "line", "block"];

/** The member of an order; nothing when it is left out. */
export const inName = (authority) => (authority ? { authority } : {});

export function Authority({ value, onPick, onEnter, onClose }) {
  if (!SAYS.has(me.value?.role)) return null;
  const keyed = (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    (event.key === "Enter" ? onEnter : onClose)();
  };
  return html`<fieldset class="authority" onKeyDown=${keyed}><legend class="quiet">${t("authority.title")} · ${t("form.optional")}</legend>
    ${CHOICES.map(
      (choice) => html`<label key=${choice}><input type="radio" name="authority" value=${choice} checked=${value === choice}
        onChange=${() => onPick(choice)} />${t(`authority.${choice || "none"}`)}</label>`,
    )}</fieldset>`;
}
