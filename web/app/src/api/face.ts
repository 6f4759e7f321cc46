import { json, v1 } from "./request";

export interface UnitSeen {
  n: number;
  share: number | null; // null where there are too few to say
  peak: number | null;
}

/** Which action units a person showed in assessments that said pain, and in those that did not. */
export interface FaceSummary {
  since: string;
  pain: number;
  no_pain: number;
  least: number; // assessments under which nothing is said
  units: { unit: string; pain: UnitSeen; no_pain: UnitSeen }[] | null;
}

export const faceOf = (resident: string) => json<FaceSummary>(`${v1}/residents/${resident}/face`);
