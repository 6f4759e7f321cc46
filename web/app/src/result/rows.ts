import type { Trace } from "../model";

export type Kind = "counted" | "discounted" | "refused";

export interface Stretch {
  kind: Kind;
  from: number; // ms
  to: number;
}

/** What counted, what was discounted and what could not be judged, one after the other in stretches of the same kind. */
export function stretches(trace: Trace): Stretch[] {
  const discounted = new Set(Object.values(trace.confounders).flat());
  const out: Stretch[] = [];
  trace.t_ms.forEach((from, i) => {
    const kind: Kind = trace.state[i] !== "scored" ? "refused" : discounted.has(i) ? "discounted" : "counted";
    const to = from + trace.step_ms;
    const last = out[out.length - 1];
    // Time without pictures, as in a pause, is in no stretch.
    if (last?.kind === kind && from - last.to < trace.step_ms / 2) last.to = to;
    else out.push({ kind, from, to });
  });
  return out;
}

/** The score over time, in seconds, with an empty row where no pictures came, so that no line is drawn across. */
export function parted(trace: Trace): { t: number; score: number | null }[] {
  const out: { t: number; score: number | null }[] = [];
  trace.t_ms.forEach((ms, i) => {
    const before = trace.t_ms[i - 1];
    if (before !== undefined && ms - before > 1000 + trace.step_ms) out.push({ t: (before + trace.step_ms) / 1000, score: null });
    out.push({ t: ms / 1000, score: trace.score[i] ?? null });
  });
  return out;
}
