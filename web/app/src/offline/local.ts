// What the tablet can say by itself of records that the server has not seen, or told of some time ago.
import type { NewAssessment } from "../api/assessments";
import type { Actor, Assessment, Due, DueState, Filling, Resident, Scale } from "../model";
import type { Entry, Queued } from "./queue";

/** The state of what is due by now: the server told it a while ago, and it follows from the times alone. */
export function stateAt(d: Due, now: number): DueState {
  if (d.state === "done" || d.state === "excused") return d.state;
  const past = (at: string) => now >= Date.parse(at);
  if (past(d.missed_at)) return "missed";
  if (past(d.overdue_at)) return "overdue";
  return past(d.due_at) ? "due" : "upcoming";
}

/** What a tablet without network needs of a resident: no more of anybody is kept on it. */
export function spare(r: Resident): Resident {
  return { ...r, external_id: "", given_name: "", family_name: "", birth_date: "", sex: "" };
}

/** Merges what was filled in; what is left out stays. */
export function merge(whole: Record<string, unknown>, filling: Filling): Record<string, unknown> {
  return { ...whole, ...Object.fromEntries(Object.entries(filling).filter(([, v]) => v !== undefined)) };
}

/** An assessment as far as this tablet knows it: a draft, whatever waits to be done with it. */
export function draft(id: string, whole: NewAssessment | Record<string, unknown>, by: Actor, at: number, version: number, scale: Scale | null, site: string): Assessment {
  const w = whole as Partial<Assessment> & { scale?: unknown };
  const answers = w.answers ?? {};
  const total = scale ? totalOf(scale, answers) : null;
  const band = scale?.bands.find((b) => total !== null && total >= b.from && total <= b.to)?.id;
  const when = new Date(at).toISOString();
  return {
    id,
    site_id: site,
    ...(w.resident_id && { resident_id: w.resident_id }),
    practice: w.practice ?? false,
    condition: w.condition ?? "rest",
    status: "draft",
    method: w.method ?? "observer",
    scale: scale ? { id: scale.id, version: scale.version } : null,
    ...(w.pain_type && { pain_type: w.pain_type }),
    answers,
    total,
    ...(band && { band }),
    blind: false,
    hidden: false,
    observation: null,
    proposals: null,
    not_proposed: null,
    body_sites: w.body_sites ?? [],
    remarks: w.remarks ?? "",
    assessed_at: w.assessed_at ?? when,
    created_at: when,
    created_by: by,
    changed_at: when,
    changed_by: by,
    version,
  };
}

/** The sum of the answers; null while one is missing. */
export function totalOf(scale: Scale, answers: Record<string, number>): number | null {
  let sum = 0;
  for (const item of scale.items) {
    const a = answers[item.id];
    if (a === undefined) return null;
    sum += a;
  }
  return sum;
}

/** The version that a record will have once what waits of it was sent: each change counts one. */
export function versionAfter(entries: Queued[], record: string): number {
  return entries.filter((e) => e.record === record).reduce((_, e) => (e.version === undefined ? 1 : e.version + 1), 1);
}

/** The last that was entered of a record and waits. */
export function lastOf(entries: Queued[], record: string): Entry | undefined {
  return entries.filter((e) => e.record === record).at(-1);
}
