// The device and its session. At enrolment it makes a key pair that the browser gives to nobody; from then on it signs
// in by signing a challenge, so what can be stolen off it is a cookie of a quarter of an hour.
/** @typedef {{account:string, keys:CryptoKeyPair, role:string, squad:string, officer:string}} Device */
import { signal } from "../shared/dom.js";
import { call, Fault, me, whenUnsigned } from "../shared/api.js";
import * as db from "./db.js";

/** undefined: not read yet; null: not enrolled. @type {import("../shared/types.js").Held<Device|null|undefined>} */
export const device = signal(undefined);
/** The lead revoked it: what had not been sent. @type {import("../shared/types.js").Held<any[]|null>} */
export const revoked = signal(null);

const HALF = 450_000; // of a session
const PATIENCE = 20_000; // for one answer, on a network that swallows what it is given
const PAIR = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };

/** Browsers have no keys for pages that did not come by HTTPS (or from the machine itself). */
export const canSign = () => Boolean(globalThis.crypto?.subtle && globalThis.indexedDB);

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

export async function readDevice() {
  whenUnsigned(() => {}); // it signs in by itself, see `ask`
  device.value = canSign() ? ((await db.find("kept", "device")) ?? null) : null;
}

/** Raises Fault 401 for a code that is wrong, was used, or is too old. */
export async function enrol(code) {
  const keys = await crypto.subtle.generateKey(PAIR, false, ["sign", "verify"]);
  const key = text(await crypto.subtle.exportKey("spki", keys.publicKey));
  const { body } = await call("POST", "/api/enrol", { code, key }, {}, PATIENCE);
  const known = { account: body.account, keys, role: body.role, squad: body.squad, officer: body.officer };
  await db.put("kept", known, "device");
  navigator.storage?.persist?.();
  begun(body);
  device.value = known;
}

let begunAt = 0;
let timer = 0;
function begun(who) {
  me.value = who;
  begunAt = Date.now();
  clearTimeout(timer);
  timer = setTimeout(freshen, HALF);
}

async function signedIn() {
  const { account, keys } = device.peek();
  const { body } = await call("POST", "/api/device/challenge", { account }, {}, PATIENCE);
  const signature = text(await crypto.subtle.sign(SIGNING, keys.privateKey, new TextEncoder().encode(body.challenge)));
  begun((await call("POST", "/api/device/session", { account, challenge: body.challenge, signature }, {}, PATIENCE)).body);
}

let renewing = null;
/** A new session. A refusal counts when a second challenge is refused too: the first may have been too old. */
export function renew() {
  renewing ??= signedIn()
    .catch((fault) => (fault.status === 401 ? signedIn() : Promise.reject(fault)))
    .catch(async (fault) => {
      if (fault.status === 401) await forget();
      throw fault;
    })
    .finally(() => {
      renewing = null;
    });
  return renewing;
}

/** Renews a session of which half is over; what fails is tried again with the next request. */
export function freshen() {
  if (device.peek() && !revoked.peek() && Date.now() - begunAt >= HALF) renew().catch(() => {});
}

/** A request in the device's name: signs in first where that is needed. Raises Fault. */
export async function ask(method, path, body, headers = {}, within = PATIENCE) {
  if (revoked.peek() || !device.peek()) throw new Fault(401);
  if (!me.peek()) await renew();
  try {
    return await call(method, path, body, headers, within);
  } catch (fault) {
    if (fault.status !== 401 && fault.message !== "csrf") throw fault;
  }
  await renew();
  return call(method, path, body, headers, within);
}

/** Nothing stays on a device that was revoked. What had not been sent is named once more. */
async function forget() {
  const unsent = await db.all("outbox");
  me.value = null;
  clearTimeout(timer);
  revoked.value = unsent.filter((intent) => !intent.quiet);
  device.value = null;
  await db.forget();
}
/** As the carrier wishes: it needs a new code then. */
export const forgetDevice = forget;
