import { json, request, seen, v1 } from "./request";

/** An address that is told of changes. */
export interface Webhook {
  id: string;
  kind: string; // "webhook", or of a FHIR Subscription
  name: string;
  site_id: string; // empty for all homes
  url: string;
  events: string[];
  payload: "ids" | "full";
  disabled: boolean;
  disabled_reason?: string;
  version: number;
  state?: { pending: number; dead: number; behind: number };
}

export interface Attempt {
  id: string;
  at: string;
  event: string;
  attempt: number;
  status: number;
  took_ms: number;
  outcome: string;
}

const at = `${v1}/webhooks`;

export const webhooks = {
  list: async () => (await json<{ webhooks: Webhook[] }>(at)).webhooks,
  /** With the secret that its messages are signed with, which is shown this once. */
  add: (w: { id: string; name: string; url: string; site_id?: string; payload: "ids" | "full" }) => json<Webhook & { secret: string }>(at, { method: "POST", body: w }),
  change: (w: Webhook, to: { name?: string; url?: string; disabled?: boolean; payload?: "ids" | "full" }) => json<Webhook>(`${at}/${w.id}`, { method: "PATCH", body: to, headers: seen(w) }),
  remove: (w: Webhook) => request(`${at}/${w.id}`, { method: "DELETE", headers: seen(w) }),
  newSecret: async (w: Webhook) => (await json<{ secret: string }>(`${at}/${w.id}/secret`, { method: "POST", body: {}, headers: seen(w) })).secret,
  test: (w: Webhook) => json<Attempt>(`${at}/${w.id}/test`, { method: "POST", body: {} }),
  log: async (w: Webhook) => (await json<{ deliveries: Attempt[] }>(`${at}/${w.id}/deliveries`)).deliveries,
  redrive: (w: Webhook) => request(`${at}/${w.id}/dead-letters/redrive`, { method: "POST", body: {} }),
};
