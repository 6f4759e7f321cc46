import type { Due, Escalation } from "../model";
import { json, query, request, v1 } from "./request";

export interface Round {
  at: string;
  site_id: string;
  due: Due[];
}

export const round = {
  due: (site: string | null, signal?: AbortSignal) => json<Round>(`${v1}/due${query({ site_id: site })}`, signal ? { signal } : {}),
  dueOf: async (resident: string) => (await json<Round>(`${v1}/residents/${resident}/due`)).due,
  escalations: async () => (await json<{ escalations: Escalation[] }>(`${v1}/escalations?open=true`)).escalations,
  acknowledge: (id: string) => request(`${v1}/escalations/${id}/acknowledge`, { method: "POST", body: {} }),
};
