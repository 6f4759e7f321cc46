import { signal } from "@preact/signals";

import type { Actor, Assessment, Condition, Consent, Resident, Session, User } from "./model";
import { text } from "./strings";

/** A failure with a sentence for the person at the tablet. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly field = "",
    readonly status = 0,
  ) {
    super(message);
  }
}

/** Turns whatever was thrown into a sentence. */
export function sentence(e: unknown): string {
  return e instanceof Problem ? e.message : text.errors.odd;
}

/** Who is signed in; undefined while that is not known yet. */
export const me = signal<User | null | undefined>(undefined);
/** Whether the person was signed out by the server and not by choice. */
export const expired = signal(false);

interface Options {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export async function request(path: string, o: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...o.headers };
  const init: RequestInit = { method: o.method ?? "GET", headers, credentials: "same-origin", cache: "no-store" };
  if (typeof o.body === "string") {
    init.body = o.body;
  } else if (o.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(o.body);
  }
  let r: Response;
  try {
    r = await fetch(path, init);
  } catch {
    throw new Problem(text.errors.serverGone, "server_gone");
  }
  if (r.ok) return r;
  const p = (await r.json().catch(() => ({}))) as { detail?: string; code?: string; field?: string };
  if (p.code === "sign_in" && me.value) {
    me.value = null;
    expired.value = true;
  }
  throw new Problem(p.detail ?? text.errors.odd, p.code ?? "unknown", p.field, r.status);
}

async function json<T>(path: string, o?: Options): Promise<T> {
  return (await (await request(path, o)).json()) as T;
}

const v1 = "/api/v1";

export const api = {
  setUpNeeded: async () => (await json<{ needed: boolean }>(`${v1}/setup`)).needed,
  setUp: (token: string, name: string, password: string) =>
    json<{ user: User }>(`${v1}/setup`, { method: "POST", body: { token, name, password } }),
  acceptInvitation: (token: string, password: string) =>
    json<{ user: User }>(`${v1}/invitation`, { method: "POST", body: { token, password } }),
  signIn: (name: string, password: string) => json<{ user: User }>(`${v1}/login`, { method: "POST", body: { name, password } }),
  signOut: () => request(`${v1}/logout`, { method: "POST" }),
  whoAmI: async () => (await json<{ user: User }>(`${v1}/me`)).user,
  residents: async () => (await json<{ residents: Resident[] }>(`${v1}/residents`)).residents,
  resident: (id: string) => json<Resident>(`${v1}/residents/${id}`),
  addResident: (name: string, room: string, consent: Consent) =>
    json<Resident>(`${v1}/residents`, { method: "POST", body: { name, room, consent } }),
  openSession: (resident: string | null, condition: Condition) =>
    json<Session>(`${v1}/sessions`, { method: "POST", body: { resident_id: resident, practice: resident === null, condition } }),
  endSession: (id: string) => request(`${v1}/sessions/${id}`, { method: "DELETE" }),
  capture: (s: Session, seconds: number) => request(s.capture, { method: "POST", body: { seconds } }),
  assess: (id: string, session: string) =>
    json<Assessment>(`${v1}/assessments`, { method: "POST", body: { id, session_id: session, remarks: "" } }),
  assessments: async (resident: string | null) => {
    const query = resident === null ? "practice=true" : `resident_id=${resident}`;
    return (await json<{ assessments: Assessment[] }>(`${v1}/assessments?${query}`)).assessments;
  },
  assessment: (id: string) => json<Assessment>(`${v1}/assessments/${id}`),
  confirm: (a: Assessment, remarks: string) =>
    json<Assessment>(`${v1}/assessments/${a.id}/confirm`, { method: "POST", body: { remarks }, headers: { "If-Match": `"${a.version}"` } }),
};

export type { Actor };

/** A UUID of version 7 (RFC 9562), so that an assessment sent twice is made once. */
export function newID(now: number = Date.now()): string {
  const b = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0; i < 6; i++) b[i] = Math.floor(now / 2 ** (8 * (5 - i))) & 0xff;
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x70;
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
