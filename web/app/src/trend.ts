import type { Relief, Score } from "./api/reliefs";
import { t } from "./i18n";
import { day } from "./i18n/format";
import type { Scale } from "./model";
import type { Drawing } from "./parts/plot";
import { bandLabel } from "./scale/words";

export const ranges = ["week", "month", "quarter", "year"] as const;
export type Range = (typeof ranges)[number];

const days: Record<Range, number> = { week: 7, month: 31, quarter: 92, year: 366 };
const dayLong = 86_400_000;

/** From when on a range shows what there is, in ms since 1970. */
export function startOf(range: Range, now: number): number {
  return now - days[range] * dayLong;
}

/** The scales that totals were made with, the one of the newest first. */
export function scalesOf(scores: readonly Score[]): string[] {
  const newest = [...scores].filter((s) => s.scale && s.total !== null).sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return [...new Set(newest.map((s) => s.scale))];
}

/** The shortest range from a month on that shows at least two totals, so that nobody opens an empty plot; else the year. */
export function fitting(scores: readonly Score[], now: number): Range {
  const shows = (r: Range) => scores.filter((s) => s.total !== null && Date.parse(s.at) >= startOf(r, now)).length;
  return ranges.slice(1).find((r) => shows(r) >= 2) ?? (shows("year") > 0 ? "year" : "month");
}

/** Whole numbers for the y axis: every one of a short scale, the lower ends of the bands of a long one. */
function splits(scale: Scale): number[] {
  const { min, max } = scale.total;
  if (max - min <= 10) return Array.from({ length: max - min + 1 }, (_, i) => min + i).filter((n) => n % 2 === 0 || n === max);
  return [...new Set([...scale.bands.map((b) => b.from), max])];
}

/** The totals of one scale over time: rest and movement are lines of their own, because they do not compare. */
export function trend(scores: readonly Score[], scale: Scale, reliefs: readonly Relief[], range: Range, now: number): Drawing {
  const from = startOf(range, now);
  const shown = scores
    .filter((s) => s.scale === scale.id && s.total !== null && Date.parse(s.at) >= from)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const of = (condition: Score["condition"]) => shown.map((s) => (s.condition === condition ? s.total : null));
  const { min, max } = scale.total;
  return {
    x: shown.map((s) => Date.parse(s.at) / 1000),
    lines: [
      { label: t("face.condition.rest"), values: of("rest"), points: true, connect: true },
      { label: t("face.condition.movement"), values: of("movement"), points: true, connect: true, look: "dashed", marker: "diamond", color: "--second" },
    ],
    dates: true,
    xRange: [from / 1000, now / 1000],
    yRange: [min - 0.5, max + 0.5],
    ySplits: splits(scale),
    zones: scale.bands.map((b) => ({ from: b.from - 0.5, to: b.to + 0.5, label: b.customary ? t("resident.customary", { band: bandLabel(scale, b.id) }) : bandLabel(scale, b.id) })),
    marks: reliefs.filter((r) => !r.entered_in_error && Date.parse(r.given_at) >= from).map((r) => ({ x: Date.parse(r.given_at) / 1000, label: "✚" })),
    marksLabel: t("resident.reliefGiven"),
    // Between midnights there is no second label of the same day.
    xLabel: (x) => (new Date(x * 1000).getHours() === 0 ? day(x * 1000) : ""),
  };
}
