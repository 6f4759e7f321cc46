import type { Condition, Status } from "../model";
import { json, query, v1 } from "./request";

/** A resident who needs something, and why. */
export interface Concern {
  resident_id: string;
  reason: "unknown" | "expired" | "expires_soon" | "none" | "outdated" | "never" | "long_ago";
  at?: string;
}

export interface Overview {
  at: string;
  residents: number;
  days: number;
  open_escalations: number;
  consent: Concern[] | null;
  without_baseline: Concern[] | null;
  not_assessed: Concern[] | null;
  unconfirmed: { assessment_id: string; resident_id: string; status: Status; created_at: string }[] | null;
}

export interface Share {
  count: number;
  of: number;
  share: number | null; // null of nothing
}

export interface Agreement {
  n: number;
  same: number | null;
  kappa: number | null;
  weighted: number | null;
}

export interface Quality {
  from: string;
  to: string;
  residents: number;
  residents_assessed: number;
  assessments: number;
  assessments_per_resident: number | null;
  on_movement: Share;
  with_camera: Share;
  self_report: Share;
  zero_scores: Share;
  pain_scores: Share;
  followed_up: Share;
  refused: Share;
  refusals: (Share & { reason: string })[];
  camera_differs: Share;
  agreement: { scale: string; item: string; blind: Agreement; seen: Agreement }[];
}

export interface Disagreement {
  assessment_id: string;
  resident_id: string;
  at: string;
  condition: Condition;
  scale: string;
  item: string;
  proposed: number;
  answered: number;
  rated_blind: number | null;
  difference: number;
}

export interface Disagreements {
  compared: number;
  differing: number;
  by_size: Record<string, number>;
  disagreements: Disagreement[] | null;
}

/** The first day and the day after the last, as the server reads them. */
export interface Span {
  from: string;
  to: string;
}

const quality = (site: string | null, s: Span, wing: string, format?: string) => `${v1}/reports/quality${query({ site_id: site, ...s, wing, format })}`;

export const reports = {
  overview: (site: string | null) => json<Overview>(`${v1}/reports/overview${query({ site_id: site })}`),
  quality: (site: string | null, s: Span, wing: string) => json<Quality>(quality(site, s, wing)),
  qualityCSV: (site: string | null, s: Span, wing: string) => quality(site, s, wing, "csv"),
  /** The wings that a site's residents live in; none is named where none is written down. */
  wings: async (site: string) => (await json<{ wings: { name: string; residents: number }[] }>(`${v1}/sites/${site}/wings`)).wings.map((w) => w.name).filter(Boolean),
  disagreements: (site: string | null, s: Span) => json<Disagreements>(`${v1}/reports/disagreements${query({ site_id: site, ...s })}`),
};
