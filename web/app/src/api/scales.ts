import type { Scale } from "../model";
import { json, query, v1 } from "./request";

export interface Scales {
  site_id: string;
  blind: boolean; // carers rate before they see the machine's view
  scales: Scale[];
}

export const scales = {
  list: (site: string | null) => json<Scales>(`${v1}/scales${query({ site_id: site })}`),
  /** One version of a scale: an assessment is read with the one that it was scored with. */
  get: (id: string, version: string, site: string | null = null) => json<Scale>(`${v1}/scales/${id}${query({ version, site_id: site })}`),
};
