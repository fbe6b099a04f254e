// Keeps the shell of the squad page, and serves it whether there is a network or not. SHELL (each file's SHA-256) is put
// before this by the gateway (pages.py): one shell is one version, and never half of another. Nothing of the API is
// kept here; what the page needs of it without a network stands in IndexedDB.
/* global SHELL, clients */
const NAME = `paidan-squad-${SHELL.hash}`;

async function fetchWhole() {
  const cache = await caches.open(NAME);
  await Promise.all(
    Object.entries(SHELL.files).map(async ([path, wanted]) => {
      const answer = await fetch(path, { cache: "reload" });
      const digest = await crypto.subtle.digest("SHA-256", await answer.clone().arrayBuffer());
      const found = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      if (!answer.ok || found !== wanted) throw new Error(`${path} is of another version`); // tried again at the next start
      await cache.put(path, answer);
    }),
  );
}

self.addEventListener("install", (event) => {
  event.waitUntil(fetchWhole().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) if (name.startsWith("paidan-squad-") && name !== NAME) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || !(pathname in SHELL.files)) return;
  const kept = caches.open(NAME).then((cache) => cache.match(pathname));
  event.respondWith(kept.then((answer) => answer ?? fetch(event.request)));
});

// Nothing of the case is in a push: it only wakes. A window that is seen rings by itself.
self.addEventListener("push", (event) => {
  const show = async () => {
    const open = await clients.matchAll({ type: "window" });
    if (open.some((one) => one.visibilityState === "visible")) return;
    await self.registration.showNotification("派单 Paidan", {
      body: "有新的派单，请打开。 A new offer: please open.",
      tag: "offer",
      renotify: true,
      icon: "/static/squad/icon-192.png",
      vibrate: [300, 120, 300, 120, 600],
    });
  };
  event.waitUntil(show());
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const look = async () => {
    const [open] = await clients.matchAll({ type: "window" });
    return open ? open.focus() : clients.openWindow("/squad");
  };
  event.waitUntil(look());
});
