// Who called: masked. To see it one says why; that is written down before anything is shown, and it is shown until
// the case is left.
import { html, useFocus, useState } from "../shared/dom.js";
import { Fault, me, post } from "../shared/api.js";
import { said, t, word } from "../shared/i18n.js";

const MAY = new Set(["operator", "lead", "hotline"]);
const REASONS = ["call_back", "ask_place", "give_answer"];

export function Caller({ view }) {
  const [asking, setAsking] = useState(false);
  const [shown, setShown] = useState(null);
  if (view.reporter === "none") return t("caller.none");
  if (shown)
    return html`<span>${[shown.name, shown.phone, shown.id_number, shown.note].filter(Boolean).join(" · ") || t("caller.none")} <span
      class="quiet">${t("caller.written")}
    </span></span>`;
  if (!MAY.has(me.value?.role)) return t("caller.masked");
  if (!asking) return html`<span>${t("caller.masked")} <button onClick=${() => setAsking(true)}>${t("caller.reveal")}</button></span>`;
  return html`<${Asking} view=${view} onShow=${setShown} onClose=${() => setAsking(false)} />`;
}

function Asking({ view, onShow, onClose }) {
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState(null);
  const first = useFocus();
  const reveal = async (event) => {
    event.preventDefault();
    try {
      const answer = await post(`/api/cases/${encodeURIComponent(view.row.id)}/reporter`, { reason });
      onShow(answer.reporter ?? {});
    } catch (problem) {
      if (!(problem instanceof Fault)) throw problem;
      setFault(problem.text);
    }
  };
  return html`<form class="inline" onSubmit=${reveal} onKeyDown=${(e) => {
    e.stopPropagation();
    if (e.key === "Escape") onClose();
  }}>
    <label>${t("caller.why")} <input list="caller-reasons" value=${reason} onInput=${(e) => setReason(e.currentTarget.value)} required
        ref=${first} />
    </label>
    <datalist id="caller-reasons">${REASONS.map((code) => html`<option key=${code} value=${word("caller_reason", code)}></option>`)}
    </datalist>
    <button disabled=${!reason.trim()}>${t("caller.show")}</button>${fault && html`<span class="danger">${said(fault)}</span>`}</form>`;
}
