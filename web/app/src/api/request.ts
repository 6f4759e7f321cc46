import { signal } from "@preact/signals";

import { t, tOr } from "../i18n";

/** A failure with a sentence for the person at the tablet. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly field = "",
    readonly status = 0,
    readonly retryAfter: number | null = null, // seconds
  ) {
    super(message);
  }
}

/** What the server said of a problem, in the page's language: its own English sentence where the catalogue has none. */
export const problemSaid = (code: string, detail: string) => tOr(`problem.${code}`, detail, { detail });

/** Turns whatever was thrown into a sentence. */
export function sentence(e: unknown): string {
  return e instanceof Problem ? problemSaid(e.code, e.message) : t("errors.odd");
}

/** The code of a problem; empty where something else was thrown. */
export function codeOf(e: unknown): string {
  return e instanceof Problem ? e.code : "";
}

/**
 * Whether what is shown can be fresh: the server answered the last request, or since when it has not. The one notion of
 * that in the app; nothing that was read before `since` may be called live.
 */
export const connection = signal<{ fresh: true } | { fresh: false; since: number }>({ fresh: true });

/** The server answered. */
export function heard() {
  if (!connection.peek().fresh) connection.value = { fresh: true };
}

/** The server did not answer. */
export function unheard() {
  if (connection.peek().fresh) connection.value = { fresh: false, since: Date.now() };
}

/**
 * What to do when the server wants a sign-in: wait until somebody has signed in again, and say whether it was the same
 * person, who may go on where they were. The account sets it.
 */
export const signIn: { again: (() => Promise<boolean>) | null } = { again: null };

export interface Options {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  keepalive?: boolean; // goes out although the page is being left
}

async function once(path: string, o: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...o.headers };
  const init: RequestInit = { method: o.method ?? "GET", headers, credentials: "same-origin", cache: "no-store" };
  if (o.signal) init.signal = o.signal;
  if (o.keepalive) init.keepalive = true;
  if (typeof o.body === "string") {
    init.body = o.body;
  } else if (o.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(o.body);
  }
  let r: Response;
  try {
    r = await fetch(path, init);
  } catch (e) {
    if (o.signal?.aborted) throw e;
    unheard();
    throw new Problem(t("errors.serverGone"), "server_gone");
  }
  heard();
  return r;
}

/** Asks the server; throws a Problem where it refuses or does not answer. */
export async function request(path: string, o: Options = {}): Promise<Response> {
  let r = await once(path, o);
  if (r.status === 401 && signIn.again) {
    const p = (await r.clone().json().catch(() => ({}))) as { code?: string };
    // Nothing was done yet, so the same request is made again by whoever made it.
    if (p.code === "sign_in" && (await signIn.again())) r = await once(path, o);
  }
  if (r.ok) return r;
  const p = (await r.json().catch(() => ({}))) as { detail?: string; code?: string; field?: string };
  const after = Number(r.headers.get("Retry-After") ?? NaN);
  throw new Problem(p.detail ?? t("errors.odd"), p.code ?? "unknown", p.field, r.status, Number.isFinite(after) ? after : null);
}

export async function json<T>(path: string, o?: Options): Promise<T> {
  return (await (await request(path, o)).json()) as T;
}

/** The header that says which version of a record was seen. */
export function seen(record: { version: number }): Record<string, string> {
  return { "If-Match": `"${record.version}"` };
}

/** "?a=b" of what is there. */
export function query(of: Record<string, string | number | boolean | null | undefined>): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(of)) if (v !== null && v !== undefined && v !== "") q.set(k, String(v));
  const s = q.toString();
  return s ? `?${s}` : "";
}

export const v1 = "/api/v1";
