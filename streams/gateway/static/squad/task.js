// A request of another office to the squad: signed for, then answered.
import { html } from "../shared/dom.js";
import { instantText, ticking } from "../shared/clock.js";
import { tone } from "../shared/deadline.js";
import { t, word } from "../shared/i18n.js";
import { requestState } from "../console/requests.js";
import { Conflict } from "./conflict.js";
import { caseOf } from "./day.js";
import { useDraft } from "./drafts.js";
import { intend, ofCase } from "./outbox.js";
import { Distance, itemOf, Maps, placeOf, Priority } from "./parts.js";
import { back } from "./route.js";

export function Task({ caseId, requestId }) {
  const view = caseOf(caseId);
  const request = view?.requests.find((one) => one.id === requestId);
  const [filled, change, clear] = useDraft(`${requestId}/answer`, { note: "" });
  if (!request) return html`<main class="page"><${Conflict} caseId=${caseId} /><p>${t("phone.not_here")}</p></main>`;
  const { row } = view;
  const { state, words, due } = requestState(request, ticking());
  const waits = ofCase(caseId).filter((one) => one.order.request_id === requestId && one.state !== "away");
  const signed = !request.receipt_due || waits.some((one) => one.verb === "sign_request");
  const answered = request.answered_at || waits.some((one) => one.verb === "answer_request");
  const sign = () => intend(row, "sign_request", { type: "SignRequest", request_id: requestId });
  const answer = async (event) => {
    event.preventDefault();
    await intend(row, "answer_request", { type: "AnswerRequest", request_id: requestId, note: filled.note });
    await clear();
    back("tasks");
  };
  return html`<main class="page"><${Conflict} caseId=${caseId} /><header><p class="over"><${Priority} row=${row} /> ${row.no}</p>
      <h1>${word("request", request.kind)}</h1><p class="where">${placeOf(row)} <${Distance} row=${row} /></p>
      <p class=${tone(state)}>${words} ${instantText(due)}</p></header><${Maps} row=${row} />
    <section class="card"><p>${request.task}</p><p class="quiet">${itemOf(row.item)} · ${row.title}</p></section>
    ${waits.map((one) => html`<p key=${one.id} class="queued">◌ ${t(`verb.${one.verb}`)} ${t("phone.queued")}</p>`)}
    ${
      signed && !answered && request.due_at && filled
        ? html`<form class="sheet" onSubmit=${answer}><label class="field">${t("field.note")}<textarea rows="4" required maxlength="20000" value=${filled.note}
        onInput=${(event) => change({ note: event.currentTarget.value })}></textarea></label>
        <div class="bottom"><button class="tall main">${t("verb.answer_request")}</button></div></form>`
        : null
    }
    ${!signed && html`<div class="bottom"><button class="tall main" onClick=${sign}>${t("verb.sign_request")}</button></div>`}</main>`;
}
