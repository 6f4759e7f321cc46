// Sessions that a page left open because it was loaded anew, or the browser ended, in the middle of a capture.
import { signal } from "@preact/signals";

import { connection } from "../api/request";
import { sessions } from "../api/sessions";
import type { Session } from "../model";

/** What this tab has going, so that after a reload the same observation is kept once. Ids only: nothing that names anybody. */
export interface Mark {
  session: string;
  id?: string; // of the assessment that it becomes
  scale?: string;
}

const name = "wince.capture";

export function marked(): Mark | null {
  const kept = sessionStorage.getItem(name);
  return kept === null ? null : (JSON.parse(kept) as Mark);
}

/** Notes more of the session that is going, or with another id another one; with null that there is none. */
export function mark(m: Partial<Mark> | null) {
  if (m === null) return sessionStorage.removeItem(name);
  sessionStorage.setItem(name, JSON.stringify({ ...(m.session === undefined ? marked() : null), ...m }));
}

/** How far a session came: done and to be kept, broken off in the middle, or without an observation yet. */
export type Reach = "done" | "middle" | "before";

export function reach(s: Session): Reach {
  const { live } = s;
  if (!live || live.purpose !== "observation" || live.capture === "idle") return "before";
  // The server ends an observation for which no pictures come: what was seen before is not all of it.
  return live.observed && live.capture === "done" && live.assessed_ms >= live.wanted_ms ? "done" : "middle";
}

/** Whether a session was left by a page: this tab's of before, or one that no tablet sends to. */
export function isLeft(s: Session, mark: Mark | null): boolean {
  return s.live !== null && (mark?.session === s.id || !s.live.connected);
}

/** Those that are done and not kept, to be offered wherever one is. */
export const unkept = signal<readonly Session[]>([]);

/** Asks for what was left. What cannot be asked now is no obstacle: then a capture begins anew. */
export async function left(): Promise<Session[]> {
  if (!connection.peek().fresh) return [];
  try {
    const found = (await sessions.mine()).filter((s) => isLeft(s, marked()));
    unkept.value = found.filter((s) => reach(s) === "done");
    return found;
  } catch {
    return [];
  }
}

/** Ends a session: it was kept, or is not wanted. */
export async function end(s: Session) {
  unkept.value = unkept.peek().filter((x) => x.id !== s.id);
  if (marked()?.session === s.id) mark(null);
  await sessions.end(s.id).catch(() => undefined); // it ends by itself after a while
}
