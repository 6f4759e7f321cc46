import type { Span } from "./api/reports";
import { locale } from "./i18n";

/** "2026-03" */
export type Month = string;

/** The last months, the present one first. */
export function lastMonths(count: number, now: Date): Month[] {
  return Array.from({ length: count }, (_, i) => {
    const d = new Date(now.getFullYear(), now.getMonth() - i, 1);
    return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}`;
  });
}

/** A month's first day and the first of the next. */
export function spanOf(month: Month): Span {
  const [year = 0, m = 1] = month.split("-").map(Number);
  const next = m === 12 ? `${year + 1}-01` : `${year}-${String(m + 1).padStart(2, "0")}`;
  return { from: `${month}-01`, to: `${next}-01` };
}

/** "March 2026" */
export function monthName(month: Month, short = false): string {
  return new Intl.DateTimeFormat(locale(), { month: short ? "short" : "long", year: "numeric" }).format(new Date(`${month}-15T12:00:00`));
}
