import type { Frame, Observation } from "./model";
import { text } from "./strings";

const percent = (x: number) => `${Math.round(100 * x)} %`;
const number = (x: number) => x.toFixed(1);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** Things with their shares of time, the longest first; what lasted under one percent is left out. */
function shares(of: Record<string, number>, names: Record<string, string>): string {
  return Object.entries(of)
    .filter(([, share]) => share >= 0.01)
    .sort((a, b) => b[1] - a[1])
    .map(([code, share]) => `${names[code] ?? code} (${percent(share)})`)
    .join(", ");
}

export interface Line {
  term: string;
  said: string;
  items?: string[];
}

/** An observation in words: every number with what it means, what was left out and why. */
export function summarise(o: Observation): Line[] {
  const lines: Line[] = [
    { term: "Assessed", said: `${percent(o.assessed)} of the time: ${seconds(o.assessed_ms)} of ${seconds(o.duration_ms)}.` },
  ];
  const refused = shares(o.reasons, text.reasonNames);
  if (refused) lines.push({ term: "Not judged", said: `${refused}.` });
  if (o.state === "assessed" && o.score_p95 !== null && o.score_mean !== null) {
    lines.push({ term: "Typical score", said: `${number(o.score_mean)} of 16 on average.` });
    lines.push({ term: "Peak score", said: `${number(o.score_p95)} of 16; it was higher for at most 5 % of the time.` });
    if (o.above !== null && o.longest_ms !== null) {
      lines.push({
        term: `At ${o.threshold} or more`,
        said: o.above > 0 ? `${percent(o.above)} of the time, ${seconds(o.longest_ms)} at the longest.` : "At no time.",
      });
    }
    const seen = Object.entries(o.au)
      .filter(([, s]) => s.share >= 0.05)
      .sort((a, b) => b[1].share - a[1].share)
      .map(([unit, s]) => `${text.unitNames[unit] ?? unit}: ${percent(s.share)} of the time, up to ${number(s.peak)} of ${unit === "AU43" ? 1 : 5}`);
    lines.push({ term: "Seen in the face", said: seen.length > 0 ? "" : "No action unit for longer than a moment.", items: seen });
    const discounted = shares(o.confounders, text.confounders);
    lines.push({ term: "Taken into account", said: discounted ? `${capital(discounted)}. It counts less or not at all.` : "Nothing that looks like pain and is not." });
    lines.push({ term: "Measured against", said: `${capital(against(o))}.` });
    lines.push({ term: "Confidence", said: `${capital(o.confidence)}.` });
  } else {
    lines.push({ term: "Score", said: "None: too little of the time could be judged. That is not a score of zero." });
  }
  return lines;
}

export function capital(s: string): string {
  return s.charAt(0).toUpperCase() + s.slice(1);
}

/** What to say of one frame: the state first, then what to do or what was taken into account. */
export function describe(f: Frame | null): { state: Frame["state"]; said: string; advice: string } {
  if (!f) return { state: "not_yet_assessed", said: text.states.not_yet_assessed, advice: "" };
  const advice =
    f.state === "scored"
      ? f.confounders.map((c) => text.confoundersNow[c] ?? "").filter(Boolean)
      : f.reasons.map((r) => text.advice[r] ?? "").filter(Boolean);
  return { state: f.state, said: text.states[f.state], advice: advice.join(" ") };
}

/** A time as people write it, in the tablet's own way. */
export function when(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** What the units were measured against; where that changed in the middle, each with its share. */
function against(o: Observation): string {
  const name = (key: string) => text.baselines[key] ?? key;
  const parts = Object.entries(o.baselines ?? {}).sort((a, b) => b[1] - a[1]);
  if (parts.length < 2) return name(o.baseline);
  return parts.map(([key, part]) => `${percent(part)}: ${name(key)}`).join("; ");
}
