// 处置 and 反馈: what came of it, who acted, the photos; then the words, and the red lines before anything is sent.
import { html, useState } from "../shared/dom.js";
import { serverNow } from "../shared/clock.js";
import { t, word } from "../shared/i18n.js";
import { RESULTS } from "../console/verbs.js";
import { day } from "./day.js";
import { useDraft } from "./drafts.js";
import { Fine, lacksParty, NO_FINE } from "./fine.js";
import { Choice, Officers } from "./form.js";
import { Law, RedLine } from "./law.js";
import { intend } from "./outbox.js";
import { evidenceOf } from "./photo.js";
import { Thumbs } from "./photos.js";
import { certified, forbids, PENALTIES, redLines } from "./redlines.js";

/** Names what would be crossed, with the article. One way back; another on only where the law leaves one. */
function Warning({ crossed, forbidden, onBack, onGive }) {
  return html`<section class="card red" role="alertdialog" aria-labelledby="red-title"><h2 id="red-title">▲ ${t("red.crossed")}</h2>
    <ul>${crossed.map((line) => html`<${RedLine} key=${line.id} line=${line} />`)}</ul>
    <p>${t(forbidden ? "red.forbidden" : "red.may")}</p>
    <button type="button" class="tall main" onClick=${onBack}>${t("red.mend")}</button>
    ${!forbidden && html`<button type="button" class="tall" onClick=${onGive}>${t("red.all_the_same")}</button>`}</section>`;
}

export function Disposal({ view, photos, camera, onRemove, onBack }) {
  const { row, assignment } = view;
  const [filled, change, clear] = useDraft(`${row.id}/dispose`, {
    result: "",
    note: "",
    ...NO_FINE,
    officers: assignment?.officers ?? row.officers ?? [],
  });
  const [step, setStep] = useState("dispose");
  const [warned, setWarned] = useState(false);
  if (!filled) return null;
  const may = (officers) => certified(officers, view, day.value, serverNow(), filled.result);
  const judged = () => redLines(day.value.red_lines, { ...filled, certified: may(filled.officers), photos });
  const { crossed, mind } = judged();
  const penalty = PENALTIES.has(filled.result);
  const unnamed = penalty && lacksParty(filled);
  const forbidden = forbids(crossed, filled.result);
  const give = async () => {
    const order = {
      type: "ReportDisposal",
      assignment_id: row.assignment_id,
      result: filled.result,
      note: filled.note,
      officers: filled.officers,
      evidence: photos.map(evidenceOf),
      ...(penalty && { party: filled.party, fine: filled.fine, cash: filled.cash }),
    };
    await intend(row, "dispose", order, { photos: photos.map(({ sha }) => sha) });
    await clear();
    onBack();
  };
  const lines =
    mind.length > 0 &&
    html`<section class="card"><h2>${t("red.title")}</h2><ul>${mind.map((line) => html`<${RedLine} key=${line.id} line=${line} />`)}</ul></section>`;
  if (step === "dispose") {
    return html`<main class="page" aria-label=${t("step.dispose")}><h2>${t("step.dispose")} <span class="quiet">${row.no}</span></h2>
      ${camera}<${Thumbs} photos=${photos} onRemove=${onRemove} />
      <${Choice} name="result" value=${filled.result} choices=${RESULTS} label=${(one) => word("result", one)} onPick=${(result) => change({ result })} />
      <${Officers} value=${filled.officers} team=${row.team} may=${may} onPick=${(officers) => change({ officers })} legend=${t("phone.two_officers")} />
      ${lines}<${Law} item=${row.item} />
      <div class="bottom"><div class="pair"><button class="tall" onClick=${onBack}>${t("form.back")}</button>
        <button class="tall main" disabled=${!filled.result} onClick=${() => setStep("feedback")}>${t("step.feedback")}</button></div></div></main>`;
  }
  const send = () => (judged().crossed.length ? setWarned(true) : give()); // as of now: a certificate may have ended
  return html`<main class="page" aria-label=${t("step.feedback")}><h2>${t("step.feedback")} <span class="quiet">${row.no}</span></h2>
    <section class="card"><p><b>${word("result", filled.result)}</b></p><p>${filled.officers.join(" ")}</p><p>${t("phone.photos", { n: photos.length })}</p></section>
    ${penalty && html`<${Fine} filled=${filled} change=${change} />`}
    <label class="field">${t("field.note")}<textarea rows="5" maxlength="20000" value=${filled.note}
      onInput=${(event) => change({ note: event.currentTarget.value })}></textarea></label>
    ${lines}
    ${
      warned &&
      crossed.length > 0 &&
      html`<${Warning} crossed=${crossed} forbidden=${forbidden} onGive=${give} onBack=${() => {
        setWarned(false);
        setStep("dispose");
      }} />`
    }
    ${
      !(warned && crossed.length) &&
      html`<div class="bottom">${unnamed && html`<p class="quiet">${t("phone.missing", { what: t("field.party") })}</p>`}
      <div class="pair"><button class="tall" onClick=${() => setStep("dispose")}>${t("form.back")}</button>
      <button class="tall main" disabled=${unnamed} onClick=${send}>${t("phone.give_feedback")}</button></div></div>`
    }</main>`;
}
