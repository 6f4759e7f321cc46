import type { Assessment, AssessmentMethod, BodyRegion, Condition, Filling } from "../model";
import { json, query, seen, v1 } from "./request";

/** An assessment that is to be made: from a session, or by an observer without one. */
export type NewAssessment = { id: string; scale?: string; method?: AssessmentMethod } & Filling &
  ({ session_id: string } | { resident_id: string; condition: Condition } | { practice: true; condition: Condition });

const change = (a: { id: string; version: number }, what: string, body: object) =>
  json<Assessment>(`${v1}/assessments/${a.id}${what}`, { method: what ? "POST" : "PATCH", body, headers: seen(a) });

export const assessments = {
  add: (a: NewAssessment) => json<Assessment>(`${v1}/assessments`, { method: "POST", body: a }),
  /** The newest of a resident; of practice where there is none. */
  list: async (resident: string | null, limit?: number) =>
    (await json<{ assessments: Assessment[] }>(`${v1}/assessments${query({ ...(resident === null ? { practice: true } : { resident_id: resident }), limit })}`))
      .assessments,
  get: (id: string) => json<Assessment>(`${v1}/assessments/${id}`),
  versions: async (id: string) => (await json<{ versions: Assessment[] }>(`${v1}/assessments/${id}/versions`)).versions,
  fill: (a: Assessment, with_: Filling) => change(a, "", with_),
  observe: (a: Assessment, session_id: string) => change(a, "/observe", { session_id }),
  confirm: (a: Assessment, with_: Filling = {}) => change(a, "/confirm", with_),
  amend: (a: Assessment, reason: string, with_: Filling) => change(a, "/amend", { reason, ...with_ }),
  enteredInError: (a: Assessment, reason: string) => change(a, "/entered-in-error", { reason }),
  bodyRegions: async () => (await json<{ regions: BodyRegion[] }>(`${v1}/body-regions`)).regions,
};
