// What was handed in to prove a case: files by their name, photos small, each a link to the whole of it.
import { html, useState } from "./dom.js";
import { instantText } from "./clock.js";
import { t } from "./i18n.js";

/** A reference to a photo, photo:<sha256>;at=…;lon=…;lat=…;acc=…, in parts; null: it names something else. */
function photoOf(reference) {
  const [, sha, rest] = /^photo:([0-9a-f]{64})(?:;(.*))?$/.exec(reference) ?? [];
  return sha ? { sha, .../** @type {any} */ (Object.fromEntries((rest ?? "").split(";").map((part) => part.split("=")))) } : null;
}

function Photo({ id, photo }) {
  const [seen, setSeen] = useState(true);
  const taken = t("photo.of", { at: instantText(Number(photo.at)) || "–" });
  const place = photo.lat && photo.lon ? `${photo.lat}, ${photo.lon}${photo.acc ? ` ±${photo.acc} m` : ""}` : t("photo.no_place");
  const address = `/api/cases/${encodeURIComponent(id)}/photos/${photo.sha}`;
  return html`<li><a href=${address} target="_blank" rel="noopener">
    ${seen ? html`<img src=${address} alt=${taken} loading="lazy" onError=${() => setSeen(false)} />` : html`<span class="unseen">${t("photo.unseen")}</span>`}
    <span>${taken}<br />${place}</span></a></li>`;
}

/** How many there are. */
export const evidenceCount = (view) => (view.attachments ?? []).length + (view.evidence ?? []).length;

export function Evidence({ view }) {
  const all = [...(view.attachments ?? []), ...(view.evidence ?? [])];
  if (!all.length) return html`<p class="quiet">${t("case.no_evidence")}</p>`;
  const photos = all.map(photoOf).filter(Boolean);
  const files = all.filter((name) => !photoOf(name));
  return html`<div class="part">
    ${photos.length ? html`<ul class="photos">${photos.map((photo) => html`<${Photo} key=${`${photo.sha}${photo.at}`} id=${view.row.id} photo=${photo} />`)}</ul>` : null}
    ${files.length ? html`<ul>${files.map((name) => html`<li key=${name}>${name}</li>`)}</ul>` : null}
  </div>`;
}
