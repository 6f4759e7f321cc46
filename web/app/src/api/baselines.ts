import type { Actor } from "../model";
import { json, seen, v1 } from "./request";

/** What a resident's face measures at ease: numbers, no picture. */
export interface Baseline {
  id: string;
  taken_at: string;
  method: string;
  frames: number;
  note: string;
  chosen: boolean;
  outdated: boolean; // measured in a way that does not compare with today's
  retired_at: string | null;
  retired_reason?: string;
  recorded_at: string;
  recorded_by: Actor;
  version: number;
}

const of = (resident: string) => `${v1}/residents/${resident}/baselines`;

export const baselines = {
  list: async (resident: string) => (await json<{ baselines: Baseline[] }>(of(resident))).baselines,
  /** Keeps what a session took. */
  keep: (resident: string, b: { id: string; session_id: string; note: string; chosen: boolean }) => json<Baseline>(of(resident), { method: "POST", body: b }),
  choose: (resident: string, b: Baseline) => json<Baseline>(`${of(resident)}/${b.id}/choose`, { method: "POST", body: {}, headers: seen(b) }),
  retire: (resident: string, b: Baseline, reason: string) => json<Baseline>(`${of(resident)}/${b.id}/retire`, { method: "POST", body: { reason }, headers: seen(b) }),
};

/** The one to measure against, if there is one. */
export function chosen(list: readonly Baseline[]): Baseline | null {
  return list.find((b) => b.chosen) ?? null;
}
