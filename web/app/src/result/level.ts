import type { Observation } from "../model";
import { mostOf, unitOrder } from "../words";

export type Level = 0 | 1 | 2 | 3;

/** How strongly a unit was seen, in three steps to draw and to say: the thirds of what it can measure. No clinical threshold. */
export function levelOf(o: Observation, unit: string): Level {
  const s = o.au[unit];
  if (!s || s.share < 0.05) return 0;
  const of = s.peak / mostOf(unit);
  return of < 1 / 3 ? 1 : of < 2 / 3 ? 2 : 3;
}

/** The units that were seen for longer than a moment, the strongest first. */
export function seen(o: Observation): { unit: string; level: Level; share: number; peak: number }[] {
  return Object.entries(o.au)
    .map(([unit, s]) => ({ unit, level: levelOf(o, unit), share: s.share, peak: s.peak }))
    .filter((u) => u.level > 0)
    .sort((a, b) => b.level - a.level || b.share - a.share || unitOrder.indexOf(a.unit) - unitOrder.indexOf(b.unit));
}
