// What other offices were asked about the case: signed for or not, answered or not, and until when.
import { html } from "../shared/dom.js";
import { instantText, ticking } from "../shared/clock.js";
import { remainder, tone } from "../shared/deadline.js";
import { Shape } from "../shared/shape.js";
import { t, word } from "../shared/i18n.js";
import { ownerName } from "../shared/names.js";

/** Where a request stands, and what is due next. */
export function requestState(request, now) {
  if (request.answered_at)
    return { state: "in_time", words: t("request_state.answered", { at: instantText(request.answered_at) }), due: 0 };
  const due = request.receipt_due || request.due_at || 0;
  if (!due) return { state: "in_time", words: t("request_state.signed", { at: instantText(request.signed_at) }), due: 0 };
  return {
    state: now > due ? "overdue" : "in_time",
    words: t(request.receipt_due ? "request_state.to_sign" : "request_state.to_answer"),
    due,
  };
}

export function Requests({ view }) {
  const now = ticking();
  const wish = view.relaxation;
  return html`${
    wish
      ? html`<p class="note"><b>${t("case.wish", { what: word("relax", wish.kind) })}
    </b> ${wish.by} · ${wish.reason}${wish.until ? ` · ${t("case.until", { at: instantText(wish.until) })}` : ""}
      ${wish.first ? ` · ${t("case.first", { who: wish.first })}` : ""} · ${t("case.decide_until", { at: instantText(wish.due_at) })}
        </p>`
      : null
  }
    ${
      view.requests?.length
        ? html`<table class="requests"><caption class="only-read">${t("queue.requests")}</caption><thead><tr>
      <th>${t("queue.requests")}</th><th>${t("case.asked")}</th><th>${t("clock.state")}</th><th class="n">${t("clock.left")}</th></tr>
      </thead>
      <tbody>${view.requests.map((one) => {
        const { state, words, due } = requestState(one, now);
        return html`<tr key=${one.id}><td>${word("request", one.kind)} <span class="quiet">${one.task}</span></td>
          <td>${ownerName(one.unit || one.squad)}</td><td class=${tone(state)}><${Shape} state=${state} /> ${words}</td>
          <td class="n">${remainder(due, now)}</td></tr>`;
      })}</tbody></table>`
        : null
    }`;
}
