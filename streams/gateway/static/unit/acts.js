// What a unit may do about a work order or a request, each with the few fields that it needs.
import { html, useFocus, useState } from "../shared/dom.js";
import { t, word } from "../shared/i18n.js";
import { give, given } from "../console/orders.js";
import { RESULTS, RETURN_REASONS } from "../console/verbs.js";

const UNIT_RESULTS = RESULTS.filter((result) => !["simple_penalty", "general_filed", "self_handled"].includes(result));

/** Verbs of a unit by order; fields as the order has them. */
const ACTS = [
  { id: "sign", order: "AcceptAssignment", fields: [] },
  {
    id: "dispose",
    order: "ReportDisposal",
    fields: [
      { name: "result", choices: UNIT_RESULTS, words: "result" },
      { name: "note", long: true },
    ],
  },
  {
    id: "return",
    order: "ReturnAssignment",
    fields: [
      { name: "reason", choices: RETURN_REASONS, words: "reason" },
      { name: "basis", required: true },
    ],
  },
  { id: "extend", order: "RequestExtension", fields: [{ name: "reason", required: true }] },
  { id: "answer", order: "AnswerCaller", fields: [{ name: "text", long: true, required: true }] },
];
const ABOUT_ASSIGNMENT = new Set(["sign", "dispose", "return", "extend"]);

function Fields({ act, onGive, onClose }) {
  const [filled, setFilled] = useState(Object.fromEntries(act.fields.map((field) => [field.name, field.choices?.[0] ?? ""])));
  const first = useFocus();
  const set = (name) => (event) => setFilled({ ...filled, [name]: event.currentTarget.value });
  return html`<form onSubmit=${(event) => {
    event.preventDefault();
    onGive(filled);
  }}
      onKeyDown=${(event) => {
        if (event.key === "Escape") onClose();
      }}>
    ${act.fields.map(
      (field, i) => html`<label key=${field.name}>${t(`field.${field.name}`)}${
        field.choices
          ? html`<select value=${filled[field.name]} onChange=${set(field.name)}
          ref=${i === 0 ? first : null}>${field.choices.map(
            (value) => html`<option key=${value} value=${value}>${word(field.words, value)}
        </option>`,
          )}</select>`
          : field.long
            ? html`<textarea rows="3" ref=${i === 0 ? first : null} value=${filled[field.name]} onInput=${set(field.name)}
          required=${field.required} maxlength="20000">
        </textarea>`
            : html`<input ref=${i === 0 ? first : null} value=${filled[field.name]} onInput=${set(field.name)} required=${field.required}
            maxlength="500" />`
      }
          </label>`,
    )}
    <div class="acts"><button class="first">${t(`verb.${act.id}`)}</button><button type="button" onClick=${onClose}>${t("form.back")}
    </button></div></form>`;
}

/** Buttons, or the fields of the one that was pressed, or that the desk has not answered yet. */
function Choice({ acts, caseId, seen, extra }) {
  const [chosen, setChosen] = useState(null);
  const busy = given.value.get(caseId);
  if (busy && busy.state !== "refused") return html`<p><span class="pending" role="status">${t(`given.${busy.state}`)}</span></p>`;
  const act = (one) => (filled) => {
    setChosen(null);
    give(one.id, { type: one.order, ...filled, ...extra(one) }, caseId, seen);
  };
  if (chosen) return html`<${Fields} act=${chosen} onGive=${act(chosen)} onClose=${() => setChosen(null)} />`;
  return html`<div class="acts">${acts.map(
    (one) => html`<button key=${one.id}
      class=${one.id === "sign" || one.id === "sign_request" ? "first" : ""}
      onClick=${() => (one.fields.length ? setChosen(one) : act(one)({}))}>${t(`verb.${one.id}`)}
    </button>`,
  )}</div>`;
}

export function Acts({ row, view }) {
  if (!view) return html`<p class="quiet">${t("list.loading")}</p>`;
  const acts = ACTS.filter((act) => view.allowed_actions.includes(act.order));
  return html`<${Choice} acts=${acts} caseId=${row.id} seen=${row}
      extra=${(act) => (ABOUT_ASSIGNMENT.has(act.id) ? { assignment_id: row.assignment_id } : {})} />`;
}

const REQUEST_ACTS = {
  sign: { id: "sign_request", order: "SignRequest", fields: [] },
  answer: { id: "answer_request", order: "AnswerRequest", fields: [{ name: "note", long: true, required: true }] },
};

export function RequestActs({ request, view }) {
  const acts = [request.receipt_due ? REQUEST_ACTS.sign : REQUEST_ACTS.answer].filter((act) => view.allowed_actions.includes(act.order));
  return html`<${Choice} acts=${acts} caseId=${view.row.id} seen=${view.row} extra=${() => ({ request_id: request.id })} />`;
}
