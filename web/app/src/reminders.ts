import { signal } from "@preact/signals";

import type { Due, Resident } from "./model";

/** A look again after relief that has come due, with whom it is about. */
export interface Reminder {
  due: Due;
  resident: Resident;
}

/**
 * The looks again that are due or overdue at a moment, the oldest first. The server says what is asked for; between its
 * answers the clock alone tells what has come due. What was put off is left out until its time.
 */
export function dueNow(round: readonly Due[], residents: readonly Resident[], later: ReadonlyMap<string, number>, now: number): Reminder[] {
  const by = new Map(residents.map((r) => [r.id, r]));
  const out: Reminder[] = [];
  for (const due of round) {
    const resident = by.get(due.resident_id);
    const open = due.state === "upcoming" || due.state === "due" || due.state === "overdue";
    if (!due.relief_id || !resident || !open || now < Date.parse(due.due_at) || now >= Date.parse(due.missed_at)) continue;
    if (now >= (later.get(due.key) ?? 0)) out.push({ due, resident });
  }
  return out.sort((a, b) => Date.parse(a.due.due_at) - Date.parse(b.due.due_at));
}

/** Of these, the keys that no notice was shown for on this tablet yet; notes them as shown. */
export function untold(keys: readonly string[], kept: Storage): string[] {
  const name = "wince.told";
  const told = new Set((kept.getItem(name) ?? "").split("\n").filter(Boolean));
  const fresh = keys.filter((k) => !told.has(k));
  // What is not due any more is forgotten.
  if (fresh.length > 0 || told.size > keys.length) kept.setItem(name, keys.join("\n"));
  return fresh;
}

/** Counted up when a relief was recorded, so that what follows is read at once. */
export const changed = signal(0);

const wish = "wince.notices";

/** Whether somebody asked for notices on this tablet, and the browser allows them. */
export const notices = signal<"on" | "off" | "denied">(read());

function read(): "on" | "off" | "denied" {
  if (!("Notification" in globalThis)) return "denied";
  return localStorage.getItem(wish) === "on" && Notification.permission === "granted" ? "on" : "off";
}

/** Whether the browser knows notices at all. */
export const canNotice = () => "Notification" in globalThis;

export async function allowNotices() {
  const said = await Notification.requestPermission();
  if (said === "granted") localStorage.setItem(wish, "on");
  notices.value = said === "granted" ? "on" : "denied";
}

export function stopNotices() {
  localStorage.removeItem(wish);
  notices.value = "off";
}

/** Shows a notice of the tablet's own. It names nobody: whoever passes by may read it. */
export async function notice(title: string, body: string) {
  const options: NotificationOptions = { body, tag: "wince-relief", icon: "/icons/192.png" };
  const worker = "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration() : undefined;
  if (worker) return worker.showNotification(title, options);
  const n = new Notification(title, options);
  n.onclick = () => window.focus();
}
