// Web Push: wakes the device when the page is closed. Needs no more than the browser's own service; where it is not
// reached, the other channels are (`paidan notify`).
import { kept } from "../shared/prefs.js";
import { ask } from "./device.js";

/** Whether this device was subscribed. */
export const pushed = kept("squad.pushed", false);

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

/** By a touch: the browser asks. Also again at each start, since subscriptions end by themselves. */
export async function allowPush(key) {
  if (!("PushManager" in globalThis) || (await Notification.requestPermission()) !== "granted") return;
  try {
    const worker = await navigator.serviceWorker.ready;
    const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
    const { endpoint, keys } = subscription.toJSON();
    await ask("PUT", "/api/squad/push", { endpoint, ...keys });
    pushed.value = true;
  } catch {
    pushed.value = false; // no such service from here: the button shows that it is off
  }
}
export const keepPush = (key) => pushed.peek() && key && allowPush(key);
