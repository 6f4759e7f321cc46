// A new version of the app: it is fetched beside the one in use, waits, and is let in by somebody who has no assessment
// under way.
import { signal } from "@preact/signals";

import { go, to } from "../route";

/** Whether a newer version waits. */
export const waiting = signal(false);

const lock = "wince-in-use";
let release: (() => void) | null = null;

/** Says whether an assessment is under way here. Meanwhile no new version is let in, in any tab. */
export function inUse(now: boolean): void {
  if (now === (release !== null)) return;
  if (!now) {
    release?.();
    release = null;
    return;
  }
  const held = new Promise<void>((done) => (release = done));
  void navigator.locks.request(lock, { mode: "shared" }, () => held);
}

/** Installs the service worker and looks for a newer one now and then. Without one the page works, but not without the network. */
export async function startUpdates(): Promise<boolean> {
  if (!("serviceWorker" in navigator)) return false;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  } catch {
    return false; // a certificate that the browser does not trust, or a browser without
  }
  const look = () => (waiting.value = registration.waiting !== null && navigator.serviceWorker.controller !== null);
  const follow = (worker: ServiceWorker | null) => worker?.addEventListener("statechange", look);
  look();
  follow(registration.installing);
  follow(registration.waiting);
  registration.addEventListener("updatefound", () => follow(registration.installing));
  const check = () => void registration.update().catch(() => undefined); // without network there is nothing newer
  setInterval(check, 3_600_000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) check();
  });
  let controlled = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    // The first worker takes over nothing: the page it finds is its own version.
    if (controlled && release === null) location.reload();
    controlled = true;
  });
  // Somebody tapped a notice of a look again: the round lists it first.
  navigator.serviceWorker.addEventListener("message", (e) => {
    if (e.data === "round" && release === null) go(to(""));
  });
  return true;
}

/** Lets the waiting version in; "busy" where an assessment is under way, in this tab or another. The page then loads anew. */
export async function letIn(): Promise<"going" | "busy"> {
  if (release !== null) return "busy";
  const registration = await navigator.serviceWorker.getRegistration();
  const worker = registration?.waiting;
  if (!worker) return "busy";
  const channel = new MessageChannel();
  return new Promise((resolve) => {
    channel.port1.onmessage = (m) => resolve(m.data === "going" ? "going" : "busy");
    worker.postMessage("activate", [channel.port2]);
  });
}
