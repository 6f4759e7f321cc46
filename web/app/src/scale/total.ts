import type { Answers, Band, Scale } from "../model";

export interface Sum {
  /** null while items are open: a part of a sum is no total. */
  total: number | null;
  open: string[];
  band: Band | null;
}

/** Adds up as the server does. */
export function sum(scale: Scale, answers: Answers): Sum {
  const open = scale.items.filter((i) => answers[i.id] === undefined).map((i) => i.id);
  if (open.length > 0) return { total: null, open, band: null };
  const total = scale.items.reduce((n, i) => n + (answers[i.id] ?? 0), 0);
  return { total, open, band: scale.bands.find((b) => total >= b.from && total <= b.to) ?? null };
}

/** How far up a band stands, from 0 (the lowest) to 1: for its sign and colour, never for its word. */
export function height(scale: Scale, band: Band): number {
  const at = scale.bands.findIndex((b) => b.id === band.id);
  return scale.bands.length < 2 ? 0 : at / (scale.bands.length - 1);
}
