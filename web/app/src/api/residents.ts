import type { Consent, Resident } from "../model";
import { json, query, v1 } from "./request";

export const residents = {
  list: async (site: string | null, signal?: AbortSignal) =>
    (await json<{ residents: Resident[] }>(`${v1}/residents${query({ site_id: site })}`, signal ? { signal } : {})).residents,
  get: (id: string) => json<Resident>(`${v1}/residents/${id}`),
  add: (r: { id: string; name: string; room: string; consent: Consent; site_id?: string }) =>
    json<Resident>(`${v1}/residents`, { method: "POST", body: r }),
};
