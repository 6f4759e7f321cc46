// The service worker: the page's files are kept on the tablet, so that it opens without the network. It never touches an
// answer of the server: records are kept elsewhere, sealed (src/offline). A new build waits until somebody lets it in, and
// nobody can while an assessment is under way in any tab.
import { clean, fileFor, fill, type Build } from "./files";
import { openRound } from "./notice";

declare const self: ServiceWorkerGlobalScope;
/** Put in when the page is built (build/worker.mjs). */
declare const BUILD: Build;
const build: Build = BUILD; // once: wherever the name stands, the whole list is put in

self.addEventListener("install", (e) => {
  e.waitUntil(fill(build, caches, (r) => fetch(r)));
});

self.addEventListener("activate", (e) => {
  e.waitUntil(activate());
});

async function activate() {
  // The first one takes over the page that installed it, which is of this build: its later parts come from here from now on.
  const older = await clean(build, caches);
  if (!older) await self.clients.claim();
}

/** A page holds this lock while an assessment is under way; it ends with the page, however that ends. */
async function inUse(): Promise<boolean> {
  const { held } = await navigator.locks.query();
  return (held ?? []).some((l) => l.name === "wince-in-use");
}

async function letIn(reply: MessagePort | undefined) {
  const busy = await inUse();
  reply?.postMessage(busy ? "busy" : "going");
  if (!busy) await self.skipWaiting();
}

self.addEventListener("message", (e) => {
  if (e.data === "activate") e.waitUntil(letIn(e.ports[0]));
});

self.addEventListener("notificationclick", (e) => {
  e.notification.close();
  e.waitUntil(openRound(self.clients));
});

self.addEventListener("fetch", (e) => {
  const path = fileFor(build, e.request, self.location.origin);
  if (path === null) return;
  e.respondWith(caches.match(path).then((kept) => kept ?? fetch(e.request)));
});
