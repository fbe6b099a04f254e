// The photos of a case that were not sent yet, as the device keeps them, and how they look.
import { html, useEffect, useRef, useState } from "../shared/dom.js";
import { instantText } from "../shared/clock.js";
import { t } from "../shared/i18n.js";
import * as db from "./db.js";
import { intents } from "./outbox.js";

/** [photos, add, remove]: those of a case that no intent has yet. */
export function usePhotos(caseId) {
  const [photos, setPhotos] = useState([]);
  useEffect(() => {
    db.all("photos").then((kept) => {
      const sent = new Set(intents.peek().flatMap((one) => (one.state === "away" ? [] : one.photos)));
      setPhotos(kept.filter((one) => one.case_id === caseId && !sent.has(one.sha)));
    });
  }, [caseId]);
  const add = (photo) => setPhotos((list) => [...list.filter((one) => one.sha !== photo.sha), photo]);
  const remove = async (photo) => {
    await db.drop("photos", photo.sha);
    setPhotos((list) => list.filter((one) => one.sha !== photo.sha));
  };
  return [photos, add, remove];
}

/** Drawn on a canvas: the page's policy has no pictures from elsewhere, not even from itself as a blob. */
function Thumb({ photo, onRemove }) {
  const canvas = useRef(null);
  useEffect(() => {
    createImageBitmap(photo.blob).then(
      (bitmap) => {
        const pen = canvas.current?.getContext("2d");
        const side = Math.min(bitmap.width, bitmap.height);
        pen?.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, 96, 96);
        bitmap.close();
      },
      () => {}, // HEIC: it is kept and sent all the same, only not shown
    );
  }, [photo.sha]);
  const place = photo.lon === undefined ? t("photo.no_place") : `${photo.lat}, ${photo.lon} ±${photo.acc} m`;
  return html`<li><canvas ref=${canvas} width="96" height="96" role="img" aria-label=${t("photo.of", { at: instantText(photo.at) })}></canvas>
    <span>${instantText(photo.at)}<br /><small>${place}</small><br /><small class="quiet">${photo.sha.slice(0, 12)}</small></span>
    <button type="button" class="tall" onClick=${() => onRemove(photo)}>${t("photo.remove")}</button></li>`;
}

export const Thumbs = ({ photos, onRemove }) =>
  photos.length
    ? html`<ul class="thumbs" aria-label=${t("phone.photos", { n: photos.length })}>${photos.map(
        (photo) => html`<${Thumb} key=${photo.sha} photo=${photo} onRemove=${onRemove} />`,
      )}</ul>`
    : null;
