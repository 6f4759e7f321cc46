// What the server sends, as docs/api.md describes it.

export type Consent = "given" | "refused" | "unknown" | "expired" | "withdrawn";
export type Condition = "rest" | "movement";

export interface Actor {
  id: string;
  name: string;
}

export interface User extends Actor {
  role: "admin" | "manager" | "nurse" | "carer" | "integration";
}

export interface Resident {
  id: string;
  name: string;
  room: string;
  external_id: string;
  consent: Consent;
}

export interface Session {
  id: string;
  whip: string;
  events: string;
  capture: string;
  condition: Condition;
  practice: boolean;
}

export interface UnitSummary {
  share: number;
  peak: number;
  mean: number;
}

export interface Observation {
  state: "assessed" | "not_assessable";
  duration_ms: number;
  assessed_ms: number;
  assessed: number;
  score_p95: number | null;
  score_mean: number | null;
  pspi_p95: number | null;
  threshold: number;
  above: number | null;
  longest_ms: number | null;
  au: Record<string, UnitSummary>;
  reasons: Record<string, number>;
  confounders: Record<string, number>;
  baseline: string;
  baselines?: Record<string, number>;
  confidence: string;
  provisional: boolean;
  models: Record<string, string>;
  rules: string;
}

export interface Proposal {
  scale: string;
  item: string;
  value: number;
  label: string;
  evidence: string;
  provisional: boolean;
}

export interface Assessment {
  id: string;
  session_id: string;
  resident_id?: string;
  practice: boolean;
  condition: Condition;
  status: "draft" | "preliminary" | "final" | "amended" | "entered_in_error";
  observation: Observation | null; // null without a camera, and while it is hidden
  proposals: Proposal[];
  remarks: string;
  created_at: string;
  created_by: Actor;
  confirmed_at?: string;
  confirmed_by?: Actor;
  version: number;
}

export interface Face {
  box: [number, number, number, number];
  pose: [number, number, number];
  points: number[];
}

export interface Frame {
  type: "frame";
  t_ms: number;
  state: "not_yet_assessed" | "scored" | "no_face" | "not_assessable";
  reasons: string[];
  au: Record<string, number> | null;
  pspi: number | null;
  score: number | null;
  confounders: string[];
  baseline: string;
  face: Face | null;
  capture: { state: "idle" | "running" | "done"; assessed_ms: number; wanted_ms: number };
  dropped: number;
}

export type LiveEvent =
  | Frame
  | ({ type: "observation" } & Observation)
  | { type: "notice"; code: string; text: string }
  | { type: "end"; reason: string };
