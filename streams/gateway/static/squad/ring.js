// One sound and one vibration for each attempt at an assignment, whatever happens to the page meanwhile.
import { signal } from "../shared/dom.js";
import * as db from "./db.js";

const TONES = [784, 1047, 784, 1047];
const SHAKES = [300, 120, 300, 120, 600];

let audio = null;
/** Browsers sound only for pages that were touched. */
export const canSound = signal(false);

function woken() {
  audio ??= new AudioContext();
  audio.resume().then(() => {
    canSound.value = audio.state === "running";
  });
}

/** From the first touch on it can be heard. */
export function listenForTouch() {
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, woken, { passive: true });
  if (navigator.userActivation?.hasBeenActive) woken();
}

function sound() {
  audio ??= new AudioContext();
  TONES.forEach((frequency, i) => {
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    const from = audio.currentTime + i * 0.2;
    tone.type = "square"; // carries over traffic
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.3, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.19);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 0.2);
  });
}

export function ring() {
  sound();
  navigator.vibrate?.(SHAKES);
}

/** Rings unless this attempt was rung before, here or in another window. Returns whether it did. */
export async function ringOnce({ assignment_id, attempt }) {
  const rings = await db.first("rung", Date.now(), `${assignment_id}/${attempt}`);
  if (rings) ring();
  return rings;
}

// -- the screen stays on while something waits for an answer -----------------------------------------------------------

let lock = null;
let wanted = false;

async function hold() {
  if (!wanted || lock || document.hidden || !navigator.wakeLock) return;
  lock = await navigator.wakeLock.request("screen").catch(() => null); // low battery: the system's own decision
  lock?.addEventListener("release", () => {
    lock = null;
  });
  if (!wanted) lock?.release();
}

export function keepAwake(wish) {
  wanted = wish;
  if (wish) hold();
  else lock?.release();
}
document.addEventListener("visibilitychange", hold);
