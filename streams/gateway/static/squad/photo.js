// Photos: taken by one tap, named by their hash, kept on the device until the server has them whole. Time and place
// stand in the record beside the hash; the picture itself is sent as the camera made it.
/** @typedef {{sha:string, case_id:string, blob:Blob, at:number, lon?:number, lat?:number, acc?:number}} Photo */
import { serverNow } from "../shared/clock.js";
import * as db from "./db.js";
import { ask } from "./device.js";
import { locate } from "./place.js";

const CHUNK = 256 * 1024;
const LARGEST = 10_000_000;

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Keeps a picture. Returns its record, or the reason why it is none: "photo.empty", "photo.large", "photo.type". */
export async function keepPhoto(file, caseId) {
  if (!file.size) return "photo.empty";
  if (file.size > LARGEST) return "photo.large";
  if (file.type && !/^image\/(jpeg|png|webp|heic|heif)$/.test(file.type)) return "photo.type";
  const at = Math.round(serverNow());
  const [bytes, point] = await Promise.all([file.arrayBuffer(), locate()]);
  const sha = hex(await crypto.subtle.digest("SHA-256", bytes));
  const place = point ? { lon: point.lon, lat: point.lat, acc: point.accuracy } : {};
  const photo = { sha, case_id: caseId, blob: new Blob([bytes], { type: file.type }), at, ...place };
  await db.put("photos", photo);
  return photo;
}

/** As it stands in the case's record. */
export function evidenceOf({ sha, at, lon, lat, acc }) {
  return `photo:${sha};at=${at}${lon === undefined ? "" : `;lon=${lon};lat=${lat};acc=${acc}`}`;
}

async function reached(sha) {
  try {
    await ask("HEAD", `/api/photos/${sha}`);
    return -1;
  } catch (fault) {
    if (fault.status !== 404) throw fault;
    return Number(fault.headers.get("Upload-Offset") ?? 0);
  }
}

/** Sends what the server lacks of a photo, from where it was broken off. Raises Fault. */
export async function upload(sha) {
  const photo = await db.find("photos", sha);
  if (!photo) return; // it went with an earlier intent
  const { blob } = photo;
  let offset = await reached(sha);
  let wrong = 0;
  while (offset >= 0) {
    const part = blob.slice(offset, offset + CHUNK);
    const headers = { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset), "Upload-Length": String(blob.size) };
    try {
      const { status } = await ask("PATCH", `/api/photos/${sha}`, part, headers);
      offset = status === 201 ? -1 : offset + part.size;
    } catch (fault) {
      // 409: the server is elsewhere than we thought; 422: what it had was broken, and is thrown away. Not for ever.
      if (![409, 422].includes(fault.status) || ++wrong > 2) throw fault;
      offset = await reached(sha);
    }
  }
}
