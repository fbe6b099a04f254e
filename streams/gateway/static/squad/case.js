// One case: what and where, the three steps in order, photos, the law of its item, and whatever else may be done.
import { html, useEffect, useRef, useState } from "../shared/dom.js";
import { instantText } from "../shared/clock.js";
import { Evidence, evidenceCount } from "../shared/evidence.js";
import { t, word } from "../shared/i18n.js";
import { squadName, unitName } from "../shared/names.js";
import { actOf, actsFor } from "./acts.js";
import { Conflict, intentText } from "./conflict.js";
import { caseOf, changed, day, presumed, readAt } from "./day.js";
import { Disposal } from "./dispose.js";
import { ActForm } from "./form.js";
import { Law, Uncertified } from "./law.js";
import { Look } from "./look.js";
import { intend, ofCase, refusedOf } from "./outbox.js";
import { Distance, Due, itemOf, Maps, Numbers, placeOf, Priority, Status, teamName } from "./parts.js";
import { keepPhoto } from "./photo.js";
import { usePhotos } from "./photos.js";
import { back, go } from "./route.js";

const AT = { offered: 0, accepted: 0, on_site: 1, penalty: 1, disposed: 3, checked: 3 };

function Steps({ status, row }) {
  const at = AT[status] ?? 3;
  const sure = AT[row.status] ?? 3;
  return html`<ol class="three">${["arrive", "dispose", "feedback"].map((step, i) => {
    const state = i < at ? (i < sure ? "done" : "sent") : i === at ? "next" : "later";
    return html`<li key=${step} class=${state} aria-current=${state === "next" ? "step" : undefined}>
      <span aria-hidden="true">${{ done: "✓", sent: "◌", next: "▸", later: "·" }[state]}</span> ${t(`step.${step}`)}
      <small>${t(`step_state.${state}`)}</small></li>`;
  })}</ol>`;
}

/** One tap: the camera, and the picture is kept with time and place. */
export function Camera({ caseId, onTaken }) {
  const input = useRef(null);
  const [trouble, setTrouble] = useState("");
  const taken = async (event) => {
    const [file] = event.currentTarget.files;
    if (!file) return;
    const photo = await keepPhoto(file, caseId);
    setTrouble(typeof photo === "string" ? photo : "");
    if (typeof photo !== "string") await onTaken(photo);
    if (input.current) input.current.value = "";
  };
  return html`<label class="tall button camera">${t("photo.take")}<input ref=${input} type="file" accept="image/*" capture="environment"
      class="only-read" onChange=${taken} /></label>
    ${trouble && html`<p class="danger" role="alert">${t(trouble)}</p>`}`;
}

function Facts({ view }) {
  const { row, assignment } = view;
  const asked = view.requests.filter((one) => one.squad !== row.squad);
  return html`<section class="card"><p>${view.description || row.title}</p>
    <p class="quiet">${row.no} · ${itemOf(row.item)} · ${t("case.registered")} ${instantText(row.registered_at)}</p>
    ${assignment ? html`<p>${teamName(assignment.team)} <${Numbers} list=${assignment.officers ?? []} /></p>` : null}
    ${row.urges ? html`<p class="warn">${t("case.urges", { n: row.urges })}</p>` : null}
    ${row.relaxation ? html`<p class="warn">${t("row.relax", { what: word("relax", row.relaxation) })}</p>` : null}
    ${asked.map(
      (one) =>
        html`<p key=${one.id}>${t("case.asked")} ${one.unit ? unitName(one.unit) : squadName(one.squad)} · ${word("request", one.kind)} · ${
          one.answered_at
            ? t("request_state.answered", { at: instantText(one.answered_at) })
            : one.signed_at
              ? t("request_state.signed", { at: instantText(one.signed_at) })
              : t("request_state.to_sign")
        }</p>`,
    )}</section>`;
}

function Queue({ caseId }) {
  const waits = ofCase(caseId).filter((one) => one.state === "queued" || one.state === "asked");
  if (!waits.length) return null;
  return html`<section class="card waits" aria-label=${t("phone.queued")}><ul class="plain">${waits.map(
    (one) =>
      html`<li key=${one.id} class="queued">◌ ${intentText(one)} <b>${t(one.state === "asked" ? "phone.asked" : "phone.queued")}</b></li>`,
  )}</ul></section>`;
}

function Next({ view, status }) {
  const { row } = view;
  const held = { assignment_id: row.assignment_id };
  if (status === "offered") {
    const accept = () => intend(row, "accept", { type: "AcceptAssignment", ...held });
    return html`<button class="tall main" onClick=${accept}>${t("verb.accept")}</button>`;
  }
  if (status === "accepted")
    return html`<button class="tall main" onClick=${() => intend(row, "arrive", { type: "ReportArrival", ...held })}>${t("step.arrive")}</button>`;
  if (status === "on_site" || status === "penalty")
    return html`<button class="tall main" onClick=${() => go("case", row.id, "dispose")}>${t("step.dispose")}</button>`;
  return null;
}

/** The archive, which has texts and evidence, is a moment behind: asked again while the case is looked at. */
function useTexts(view) {
  const lacking = view?.filed === false;
  useEffect(() => {
    const again = lacking ? setTimeout(changed, 1_000) : 0;
    return () => clearTimeout(again);
  }, [lacking, readAt.value]);
}

export function Case({ id, part }) {
  const view = caseOf(id);
  const [photos, add, remove] = usePhotos(id);
  useTexts(view);
  if (!view) return html`<main class="page"><${Conflict} caseId=${id} />${!refusedOf(id) && html`<p>${t("phone.not_here")}</p>`}</main>`;
  const { row } = view;
  const { role } = day.value.me;
  const status = presumed(view);
  const home = () => back("case", id);
  const queued = status !== row.status;
  if (part === "dispose")
    return html`<${Disposal} view=${view} photos=${photos} camera=${html`<${Camera} caseId=${id} onTaken=${add} />`} onRemove=${remove} onBack=${home} />`;
  if (part && actOf(part))
    return html`<main class="page"><${ActForm} act=${actOf(part)} row=${row} onDone=${home} onBack=${home} /></main>`;
  const conflict = refusedOf(id);
  const acts = conflict ? [] : actsFor(view, status, role);
  return html`<main class="page" aria-label=${row.no}><${Conflict} caseId=${id} />
    <header><p class="over"><${Priority} row=${row} /> ${row.no} <${Status} status=${status} queued=${queued} /></p>
      <h1>${itemOf(row.item) || row.title}</h1><p class="where">${placeOf(row)} <${Distance} row=${row} /></p>
      <p><${Due} row=${row} /></p></header>
    <${Maps} row=${row} />
    ${role === "collector" ? null : html`<${Steps} status=${status} row=${row} />`}<${Queue} caseId=${id} />
    ${role !== "collector" && AT[status] < 3 && html`<${Uncertified} view=${view} />`}<${Facts} view=${view} />
    ${evidenceCount(view) > 0 && html`<section class="card" aria-label=${t("part.evidence")}><h2>${t("part.evidence")}</h2><${Evidence} view=${view} /></section>`}
    ${
      role === "collector"
        ? html`<${Look} view=${view} status=${status} photos=${photos} camera=${html`<${Camera} caseId=${id} onTaken=${add} />`} onRemove=${remove} />`
        : html`<${Law} item=${row.item} />
      ${
        acts.length > 0 &&
        html`<nav class="acts-of" aria-label=${t("case.verbs")}>${acts.map(
          (act) =>
            html`<a key=${act.id} class="button tall" href=${`#/case/${encodeURIComponent(id)}/${act.id}`}>${t(`verb.${act.id}`)}</a>`,
        )}</nav>`
      }
      ${!conflict && html`<div class="bottom"><${Next} view=${view} status=${status} /></div>`}`
    }</main>`;
}
