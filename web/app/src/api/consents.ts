import type { Actor, Consent } from "../model";
import { json, seen, v1 } from "./request";

export type Purpose = "camera" | "photo";
export type Capacity = "resident" | "attorney" | "guardian" | "relative" | "clinician" | "not_recorded";
export type Basis = "consent" | "care" | "vital" | "other_law";

export const capacities = ["resident", "attorney", "guardian", "relative", "clinician"] as const;
export const bases = ["consent", "care", "vital", "other_law"] as const;

/** One decision; the newest of a purpose counts. */
export interface ConsentRecord {
  id: string;
  purpose: Purpose;
  decision: Consent;
  legal_basis: Basis;
  given_by: string;
  capacity: Capacity;
  given_at: string;
  expires_at: string | null;
  note: string;
  withdrawn_at: string | null;
  withdrawn_by?: string;
  recorded_at: string;
  recorded_by: Actor;
  version: number;
}

export interface NewConsent {
  id: string;
  purpose: Purpose;
  decision: "given" | "refused";
  given_by: string;
  capacity: Capacity;
  legal_basis: Basis;
  given_at?: string;
  expires_at?: string;
  note?: string;
}

const of = (resident: string) => `${v1}/residents/${resident}/consents`;

export const consents = {
  list: async (resident: string) => (await json<{ consents: ConsentRecord[] }>(of(resident))).consents,
  add: (resident: string, c: NewConsent) => json<ConsentRecord>(of(resident), { method: "POST", body: c }),
  withdraw: (resident: string, c: ConsentRecord, withdrawn_by: string) =>
    json<ConsentRecord>(`${of(resident)}/${c.id}/withdraw`, { method: "POST", body: { withdrawn_by }, headers: seen(c) }),
};

/** What a record of consent is worth at a moment, as the server decides it. */
export function stateOf(c: ConsentRecord, now: number): Consent {
  if (c.decision === "refused") return "refused";
  if (c.withdrawn_at) return "withdrawn";
  if (c.expires_at && now >= Date.parse(c.expires_at)) return "expired";
  return "given";
}
