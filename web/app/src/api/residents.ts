import type { Consent, Resident } from "../model";
import { json, query, seen, v1 } from "./request";

export const communications = ["speaks", "limited", "cannot_say", "unknown"] as const;
export const faceNotes = ["parkinsonism", "palsy_left", "palsy_right", "mask", "vision"] as const;
export type FaceNote = (typeof faceNotes)[number];

/** What can be changed of a resident; what is left out stays. */
export interface Particulars {
  name?: string;
  room?: string;
  wing?: string;
  birth_date?: string;
  language?: string;
  communication?: Resident["communication"];
  conditions?: FaceNote[];
}

export const residents = {
  list: async (site: string | null, signal?: AbortSignal) =>
    (await json<{ residents: Resident[] }>(`${v1}/residents${query({ site_id: site })}`, signal ? { signal } : {})).residents,
  get: (id: string) => json<Resident>(`${v1}/residents/${id}`),
  add: (r: { id: string; name: string; room: string; consent: Consent; site_id?: string }) =>
    json<Resident>(`${v1}/residents`, { method: "POST", body: r }),
  change: (r: Resident, to: Particulars) => json<Resident>(`${v1}/residents/${r.id}`, { method: "PATCH", body: to, headers: seen(r) }),
};
