// Where the device is, as far as its carrier allows: for distances, for photos, and once a minute for the desk. A beat
// goes also without a position: it says that the terminal is there.
import { signal } from "../shared/dom.js";
import { kept } from "../shared/prefs.js";
import { ask, device } from "./device.js";

/** @type {import("../shared/types.js").Held<{lon:number, lat:number, accuracy:number, at:number}|null>} */
export const here = signal(null);
/** Whether the carrier lets the page look. */
export const placed = kept("squad.placed", false);

const BEAT = 60_000;
const FRESH = 120_000; // what is older is no answer to "where"
const LOW = 0.2; // of the battery

/** The position now, or null within a few seconds. */
export function locate(patience = 4_000) {
  if (!placed.peek() || !navigator.geolocation) return Promise.resolve(null);
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) => {
        const round = (n) => Math.round(n * 1e6) / 1e6;
        here.value = { lon: round(coords.longitude), lat: round(coords.latitude), accuracy: Math.round(coords.accuracy), at: timestamp };
        resolve(here.value);
      },
      () => resolve(here.peek() && Date.now() - here.peek().at < FRESH ? here.peek() : null),
      { enableHighAccuracy: true, timeout: patience, maximumAge: 30_000 },
    );
  });
}

/** Asks the carrier; by a touch only, or browsers take it for a nuisance. */
export function allowPlace(allowed) {
  placed.value = allowed;
  if (allowed) locate(20_000);
  else here.value = null;
}

async function battery() {
  const state = await navigator.getBattery?.().catch(() => null);
  return state ? { level: state.level, low: state.level < LOW && !state.charging } : { level: null, low: false };
}

/** One beat. A position costs battery: none while nobody looks and little is left. */
export async function beat() {
  if (!device.peek()) return;
  const { level, low } = await battery();
  const point = document.hidden && low ? null : await locate();
  const place = point && { lon: point.lon, lat: point.lat, accuracy: point.accuracy };
  await ask("POST", "/api/squad/beat", { at: Date.now(), ...place, ...(level === null ? {} : { battery: level }) }).catch(() => {}); // the next one comes in a minute
}

export function keepBeating() {
  beat();
  setInterval(beat, BEAT);
}

/** Metres between two points, good to a per mille within a county. */
export function metres(a, b) {
  const radians = Math.PI / 180;
  const east = (a.lon - b.lon) * Math.cos(((a.lat + b.lat) / 2) * radians);
  return Math.round(Math.hypot(east, a.lat - b.lat) * radians * 6_371_000);
}

/** 320 m, 1.4 km; "" where either end is unknown. */
export function away(row) {
  if (!here.value || row.lon === undefined || row.lon === null) return "";
  const far = metres(here.value, { lon: Number(row.lon), lat: Number(row.lat) });
  return far < 1000 ? `${far} m` : `${(far / 1000).toFixed(1)} km`;
}
