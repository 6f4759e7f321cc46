import { t, tOr } from "./i18n";
import { number, percent, seconds } from "./i18n/format";
import type { Frame, Observation } from "./model";

/** An action unit's name in plain words. */
export const unitName = (unit: string) => tOr(`face.unit.${unit}`, unit);

/** All units that may be measured: those of the pain score first, then the others. */
export const unitOrder = ["AU4", "AU6", "AU7", "AU9", "AU10", "AU43", "AU1", "AU2", "AU5", "AU12", "AU15", "AU17", "AU20", "AU25", "AU26"];

/** The most that an action unit can measure. */
export const mostOf = (unit: string) => (unit === "AU43" ? 1 : 5);

/** Things with their shares of time, the longest first; what lasted under one percent is left out. */
function shares(of: Record<string, number>, kind: "reason" | "confounder"): string {
  return Object.entries(of)
    .filter(([, share]) => share >= 0.01)
    .sort((a, b) => b[1] - a[1])
    .map(([code, share]) => `${tOr(`face.${kind}.${code}`, code)} (${percent(share)})`)
    .join(", ");
}

export interface Line {
  id: "assessed" | "gaps" | "notJudged" | "mean" | "peak" | "above" | "seen" | "discounted" | "against" | "side" | "confidence" | "score";
  term: string;
  said: string;
  items?: string[];
}

/** An observation in words: every number with what it means, what was left out and why. */
export function summarise(o: Observation): Line[] {
  const lines: Line[] = [];
  const add = (id: Line["id"], said: string, term = t(`result.${id as "seen"}`)) => lines.push({ id, term, said });
  add("assessed", t("result.assessedSaid", { share: percent(o.assessed), done: seconds(o.assessed_ms), of: seconds(o.duration_ms) }));
  const away = interrupted(o);
  if (away) add("gaps", away);
  const refused = shares(o.reasons, "reason");
  if (refused) add("notJudged", `${capital(refused)}.`);
  if (o.state !== "assessed" || o.score_p95 === null || o.score_mean === null) {
    add("score", t("result.scoreNone"));
    return lines;
  }
  add("mean", t("result.meanSaid", { score: number(o.score_mean) }));
  add("peak", t("result.peakSaid", { score: number(o.score_p95) }));
  if (o.above !== null && o.longest_ms !== null) {
    const said = o.above > 0 ? t("result.aboveSaid", { share: percent(o.above), longest: seconds(o.longest_ms) }) : t("result.aboveNever");
    add("above", said, t("result.above", { threshold: o.threshold }));
  }
  const seen = Object.entries(o.au)
    .filter(([, s]) => s.share >= 0.05)
    .sort((a, b) => b[1].share - a[1].share)
    .map(([unit, s]) => t("result.seenUnit", { unit: unitName(unit), share: percent(s.share), peak: number(s.peak), most: mostOf(unit) }));
  lines.push({ id: "seen", term: t("result.seen"), said: seen.length > 0 ? "" : t("result.seenNone"), items: seen });
  const discounted = shares(o.confounders, "confounder");
  add("discounted", discounted ? t("result.discountedSaid", { what: capital(discounted) }) : t("result.discountedNone"));
  add("against", `${capital(against(o))}.`);
  if (o.side) add("side", t("result.sideSaid", { side: o.side }));
  add("confidence", `${t("result.confidenceOf", { level: o.confidence })}.`);
  return lines;
}

/** That no pictures came for a while in the middle; empty where they did. */
export function interrupted(o: Observation): string {
  const gaps = o.gaps ?? [];
  return gaps.length > 0 ? t("result.gapsSaid", { count: gaps.length, time: seconds(gaps.reduce((ms, g) => ms + g.ms, 0), 0) }) : "";
}

export function capital(s: string): string {
  return s.charAt(0).toLocaleUpperCase() + s.slice(1);
}

/** What an observation was measured against, each with its share of the time where there were several. */
export function against(o: Observation): string {
  const name = (key: string) => tOr(`face.baseline.${key}`, key);
  const parts = Object.entries(o.baselines ?? {}).sort((a, b) => b[1] - a[1]);
  if (parts.length < 2) return name(o.baseline);
  return parts.map(([key, part]) => `${percent(part)}: ${name(key)}`).join("; ");
}

/** What to say of one frame: the state first, then what to do or what was taken into account. */
export function describe(f: Frame | null): { state: Frame["state"]; said: string; advice: string } {
  if (!f) return { state: "not_yet_assessed", said: t("face.state.not_yet_assessed"), advice: "" };
  const codes = f.state === "no_face" ? ["no_face"] : f.state === "not_assessable" ? f.reasons : [];
  const advice = codes.map((code) => tOr(`face.advice.${code}`, "")).concat(f.state === "scored" ? f.confounders.map((code) => tOr(`face.now.${code}`, "")) : []);
  return { state: f.state, said: t(`face.state.${f.state}`), advice: advice.filter(Boolean).join(" ") };
}
