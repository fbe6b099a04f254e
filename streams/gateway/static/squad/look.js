// A collector's two looks: before anything is dispatched (found or not, where), and after it was disposed of (passed or
// not). A photo's record stands in the note: these orders have no other place for it.
import { html } from "../shared/dom.js";
import { t } from "../shared/i18n.js";
import { useDraft } from "./drafts.js";
import { Choice } from "./form.js";
import { intend, ofCase } from "./outbox.js";
import { evidenceOf } from "./photo.js";
import { Thumbs } from "./photos.js";
import { allowPlace, here, locate, placed } from "./place.js";

const LOOKS = {
  verifying: { verb: "found", order: "ReportVerification", field: "found" },
  disposed: { verb: "check", order: "CheckCase", field: "passed" },
};

function Where({ value, onPlace }) {
  const take = async () => {
    if (!placed.peek()) allowPlace(true);
    const point = await locate(15_000);
    if (point) onPlace({ lon: point.lon, lat: point.lat, acc: point.accuracy });
  };
  return html`<section><p>${value ? `${value.lat}, ${value.lon} ±${value.acc} m` : t("look.no_place")}</p>
    <button type="button" class="tall" onClick=${take}>${t("look.here")}</button>
    ${!value && here.value === null && placed.value && html`<p class="quiet">${t("phone.place_unknown")}</p>`}</section>`;
}

export function Look({ view, status, photos, camera, onRemove }) {
  const { row } = view;
  const look = LOOKS[status];
  const [filled, change, clear] = useDraft(`${row.id}/look`, { said: "", note: "", where: null });
  if (!look || !filled || !view.allowed_actions.includes(look.order) || ofCase(row.id).some((one) => one.state !== "away")) return null;
  const give = async (event) => {
    event.preventDefault();
    const note = [filled.note.trim(), ...photos.map(evidenceOf)].filter(Boolean).join("\n");
    const place = look.field === "found" && filled.where ? { lon: filled.where.lon, lat: filled.where.lat } : {};
    const order = { type: look.order, [look.field]: filled.said === "true", ...place, note };
    await intend(row, look.verb, order, { photos: photos.map(({ sha }) => sha) });
    await clear();
  };
  return html`<form class="sheet" onSubmit=${give} aria-label=${t(`verb.${look.verb}`)}><h2>${t(`verb.${look.verb}`)}</h2>
    <${Choice} name=${look.field} value=${filled.said} choices=${["true", "false"]} label=${(one) => t(`yesno.${look.field}.${one}`)} onPick=${(said) => change({ said })} />
    ${look.field === "found" && filled.said === "true" && html`<${Where} value=${filled.where} onPlace=${(where) => change({ where })} />`}
    ${camera}<${Thumbs} photos=${photos} onRemove=${onRemove} />
    <label class="field">${t("field.note")}<textarea rows="3" maxlength="18000" value=${filled.note} onInput=${(event) => change({ note: event.currentTarget.value })}></textarea></label>
    <div class="bottom"><button class="tall main" disabled=${!filled.said}>${t(`verb.${look.verb}`)}</button></div></form>`;
}
