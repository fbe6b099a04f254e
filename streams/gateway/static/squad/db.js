// What the device keeps of a shift: IndexedDB, opened once. Nothing else of this page outlives it, but for the switches
// of language and light (shared/prefs.js).
/**
 *   kept     by name: device (account, key pair), day, catalog, cursor, clock
 *   outbox   intents in the order in which they were made (outbox.js)
 *   photos   by SHA-256, until the server has them
 *   drafts   what was filled in, by case and act: telephones end a page while its camera is open
 *   rung     by assignment and attempt: an offer that was heard
 */
const NAME = "paidan-squad";
let opened = null;

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      const db = request.result;
      for (const name of ["kept", "drafts", "rung"]) db.createObjectStore(name);
      db.createObjectStore("outbox", { keyPath: "n", autoIncrement: true });
      db.createObjectStore("photos", { keyPath: "sha" });
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function within(store, mode, act) {
  const transaction = (await open()).transaction(store, mode);
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
  const [result] = await Promise.all([asked(act(transaction.objectStore(store))), done]);
  return result;
}

/** Written when this returns: not before is anything told as kept. */
export const put = (store, value, key) => within(store, "readwrite", (s) => s.put(value, key));
export const find = (store, key) => within(store, "readonly", (s) => s.get(key));
export const all = (store) => within(store, "readonly", (s) => s.getAll());
export const drop = (store, key) => within(store, "readwrite", (s) => s.delete(key));

/** Whether it was not there before: of two windows one is told so. */
export async function first(store, value, key) {
  try {
    await within(store, "readwrite", (s) => s.add(value, key));
    return true;
  } catch (fault) {
    if (fault?.name === "ConstraintError") return false;
    throw fault;
  }
}

/** Forgets everything. */
export async function forget() {
  if (opened) (await opened).close();
  opened = null;
  await asked(indexedDB.deleteDatabase(NAME));
}
