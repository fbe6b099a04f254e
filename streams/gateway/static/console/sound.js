// Few sounds: a new P0 or P1 that nobody has, and the loss of the link. Each can be muted for half an hour, not longer:
// who comes after must not inherit a silence.
import { effect } from "../shared/dom.js";
import { link } from "../shared/link.js";
import { kept } from "../shared/prefs.js";
import { unassigned } from "./filters.js";
import { loaded } from "./store.js";

export const SOUNDS = ["urgent", "link"];
const MUTE = 30 * 60_000;
const TONES = { urgent: [880, 660], link: [330, 330] };
const mutes = kept("mutes", {});

export const muted = (kind) => (mutes.value[kind] ?? 0) > Date.now();
export const muteFor = (kind) => {
  mutes.value = { ...mutes.value, [kind]: Date.now() + MUTE };
};
export const unmute = (kind) => {
  mutes.value = { ...mutes.value, [kind]: 0 };
};

let audio = null;
function beep(kind) {
  if (muted(kind)) return;
  audio ??= new AudioContext();
  audio.resume(); // a page may only sound once it was touched
  TONES[kind].forEach((frequency, i) => {
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    const from = audio.currentTime + i * 0.18;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.15, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.16);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 0.17);
  });
}

/** Listens for what deserves a sound. What was there when the board came is no news. */
export function listen() {
  let known = null;
  effect(() => {
    const urgent = unassigned.value.filter((row) => row.priority <= 1).map((row) => row.id);
    if (!loaded.value) {
      known = null;
      return;
    }
    if (known && urgent.some((id) => !known.has(id))) beep("urgent");
    known = new Set([...(known ?? []), ...urgent]);
  });
  let was = "";
  effect(() => {
    const { state, heard } = link.value;
    if (state === "lost" && was && was !== "lost" && heard) beep("link");
    was = state;
  });
}
