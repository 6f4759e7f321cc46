import type { Actor, Due } from "../model";
import { json, query, seen, v1 } from "./request";

export interface Drug {
  text: string;
  dose?: string;
}

export interface Relief {
  id: string;
  resident_id: string;
  assessment_id: string;
  drug: Drug | null;
  measures: string[] | null;
  given_at: string;
  given_by: string;
  remarks: string;
  scale: string;
  recorded_at: string;
  recorded_by: Actor;
  entered_in_error: boolean;
  version: number;
}

/** The difference of two totals of one scale, with how far it can be trusted. */
export interface Change {
  before: number;
  after: number;
  difference: number;
  low: number;
  high: number;
  smallest_detectable: number;
  verdict: "less" | "more" | "within_uncertainty";
  text: string;
  sem_state: "published" | "assumed";
}

export interface FollowUp extends Due {
  change?: Change;
}

export interface Cadence {
  scale: string;
  first_minutes: number;
  repeat_minutes: number;
  then_minutes: number;
  until_minutes: number;
}

export interface ReliefView extends Relief {
  follow_ups: FollowUp[];
  cadence: Cadence;
}

export interface Measure {
  id: string;
  name: string;
  retired: boolean;
}

export interface NewRelief {
  id: string;
  assessment_id?: string;
  drug?: Drug;
  measures?: string[];
  given_at?: string;
  remarks?: string;
}

/** One confirmed assessment in short. */
export interface Score {
  assessment_id: string;
  at: string;
  scale: string;
  condition: "rest" | "movement";
  total: number | null;
}

const of = (resident: string) => `${v1}/residents/${resident}`;

/** Where another relief took over at once there is no follow-up, and the server sends null. */
const whole = async (r: Promise<Omit<ReliefView, "follow_ups"> & { follow_ups: FollowUp[] | null }>): Promise<ReliefView> => {
  const view = await r;
  return { ...view, follow_ups: view.follow_ups ?? [] };
};

export const reliefs = {
  list: async (resident: string, since?: string) => (await json<{ reliefs: Relief[] }>(`${of(resident)}/reliefs${query({ since })}`)).reliefs,
  get: (resident: string, id: string) => whole(json(`${of(resident)}/reliefs/${id}`)),
  add: (resident: string, r: NewRelief, signal?: AbortSignal) => whole(json(`${of(resident)}/reliefs`, { method: "POST", body: r, ...(signal && { signal }) })),
  enteredInError: (resident: string, r: Relief) => whole(json(`${of(resident)}/reliefs/${r.id}/entered-in-error`, { method: "POST", body: {}, headers: seen(r) })),
  measures: async (site: string | null) => (await json<{ measures: Measure[] }>(`${v1}/measures${query({ site_id: site })}`)).measures,
  scores: async (resident: string, since?: string) => (await json<{ scores: Score[] }>(`${of(resident)}/scores${query({ since })}`)).scores,
};
