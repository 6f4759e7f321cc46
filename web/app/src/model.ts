// What the server sends, as docs/api.md describes it.

export type Consent = "given" | "refused" | "unknown" | "expired" | "withdrawn";
export type Condition = "rest" | "movement";
export type Role = "admin" | "manager" | "nurse" | "carer" | "integration";
export type Method = "password" | "pin" | "passkey" | "provider";

export interface Actor {
  id: string;
  name: string;
}

export type Person = Actor;

export interface User extends Actor {
  role: Role;
  sites: string[];
}

export interface Passkey {
  id: string;
  name: string;
  created_at: string;
  used_at?: string | null;
}

export interface Site {
  id: string;
  name: string;
  zone: string;
  version: number;
}

export interface Resident {
  id: string;
  site_id: string;
  name: string;
  room: string;
  wing?: string;
  external_id: string;
  given_name: string;
  family_name: string;
  birth_date: string;
  sex: string;
  communication: "speaks" | "limited" | "cannot_say" | "unknown" | "";
  conditions: string[] | null;
  language: string;
  consent: Consent;
  version: number;
}

export type DueState = "upcoming" | "due" | "overdue" | "missed" | "done" | "excused";

/** One entry of the round. */
export interface Due {
  key: string;
  resident_id: string;
  schedule_id?: string;
  relief_id?: string;
  scale?: string;
  condition?: Condition;
  why: string;
  state: DueState;
  due_at: string;
  overdue_at: string;
  missed_at: string;
  assessment_id?: string;
}

export interface Escalation {
  id: string;
  site_id: string;
  resident_id: string;
  level: number;
  state: DueState;
  due_at: string;
  since: string;
  acknowledged_at: string | null;
}

export interface Session {
  id: string;
  whip: string;
  events: string;
  capture: string;
  condition: Condition;
  practice: boolean;
  resident_id?: string;
  /** What the server counts of it; null once it has ended. */
  live: { connected: boolean; capture: "idle" | "running" | "done"; purpose: "observation" | "baseline"; assessed_ms: number; wanted_ms: number; observed: boolean } | null;
}

export interface UnitSummary {
  share: number;
  peak: number;
  mean: number;
}

/** A capture over time, in columns of equal length; null where there is no number. */
export interface Trace {
  step_ms: number;
  t_ms: number[];
  state: Frame["state"][];
  score: (number | null)[];
  pspi: (number | null)[];
  au: Record<string, (number | null)[]>;
  reasons: Record<string, number[]>; // rows that could not be judged for each reason
  confounders: Record<string, number[]>; // rows in which each was taken into account
}

export interface Observation {
  state: "assessed" | "not_assessable";
  duration_ms: number;
  assessed_ms: number;
  assessed: number;
  score_p95: number | null;
  score_mean: number | null;
  pspi_p95: number | null;
  gaps?: { at_ms: number; ms: number }[]; // times without pictures in the middle, which are in no other figure
  threshold: number;
  above: number | null;
  longest_ms: number | null;
  au: Record<string, UnitSummary>;
  reasons: Record<string, number>;
  confounders: Record<string, number>;
  baseline: string;
  baselines?: Record<string, number>;
  baseline_id?: string;
  baseline_taken_at?: string;
  side?: "right" | "left"; // the half of the face that was read, of a face that is palsied on the other
  trace?: Trace | null; // of single records; lists leave it out
  confidence: string;
  provisional: boolean;
  models: Record<string, string>;
  rules: string;
}

export interface Proposal {
  scale_id: string;
  scale_version: string;
  item_id: string;
  scale: string;
  item: string;
  value: number;
  label: string;
  evidence: string;
  action_units: string[];
  confounders: string[] | null;
  confidence: string;
  rules: string;
  provisional: boolean;
}

export interface NotProposed {
  item_id: string;
  item: string;
  because: string;
}

export interface BodySite {
  region: string;
  view?: "front" | "back";
  x?: number;
  y?: number;
}

export interface BodyRegion {
  id: string;
  label: string;
  views: ("front" | "back")[];
}

export type Answers = Record<string, number>;
export type AssessmentMethod = "camera" | "observer" | "self_report";
export type Status = "draft" | "preliminary" | "final" | "amended" | "entered_in_error";

/** What a carer fills in; what is left out stays as it is. */
export interface Filling {
  answers?: Answers;
  pain_type?: string;
  body_sites?: BodySite[];
  remarks?: string;
  assessed_at?: string;
}

export interface Assessment {
  id: string;
  session_id?: string;
  site_id: string;
  resident_id?: string;
  practice: boolean;
  condition: Condition;
  status: Status;
  method: AssessmentMethod;
  scale: { id: string; version: string } | null;
  pain_type?: string;
  answers: Answers | null;
  total: number | null;
  band?: string;
  blind: boolean;
  rated_blind?: Answers;
  hidden: boolean; // the machine's view is there and not shown yet
  observation: Observation | null; // null without a camera, and while it is hidden
  proposals: Proposal[] | null;
  not_proposed: NotProposed[] | null;
  body_sites: BodySite[] | null;
  remarks: string;
  reason?: string;
  assessed_at: string;
  created_at: string;
  created_by: Actor;
  changed_at: string;
  changed_by: Actor;
  confirmed_at?: string;
  confirmed_by?: Actor;
  version: number;
}

export interface ScaleOption {
  value: number;
  label: string;
}

export interface ScaleItem {
  id: string;
  label: string;
  ask: string;
  options: ScaleOption[];
}

export interface Band {
  id: string;
  label: string;
  from: number;
  to: number;
  customary?: boolean;
}

/** A scale's definition, as docs/scales.md describes it. */
export interface Scale {
  id: string;
  version: string;
  name: string;
  title: string;
  kind: "observation" | "self_report";
  source: string;
  permission: { state: string; note: string };
  total: { min: number; max: number };
  pain_from: number;
  bands: Band[];
  cutoffs?: { from: number; meaning: string; source: string }[];
  types?: { id: string; label: string }[];
  items: ScaleItem[];
  camera?: { rules: string; items: Record<string, unknown> };
  enabled?: boolean;
  built_in?: boolean;
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
  held_back?: boolean; // a site that rates blind: the numbers are not shown yet
}

/** How the taking of a baseline went. */
export interface BaselineTaken {
  type: "baseline";
  values_ready: boolean;
  reasons: string[] | null;
  advice: string[] | null; // a sentence for each reason
  frames: number;
  assessed_ms: number;
  pspi: number | null;
  sway: number; // degrees that the head turned
}

export type LiveEvent =
  | Frame
  | ({ type: "observation" } & Observation)
  | BaselineTaken
  | { type: "notice"; code: string; text: string }
  | { type: "end"; reason: string };
