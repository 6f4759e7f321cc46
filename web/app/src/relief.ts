import type { Change, Drug, FollowUp, Measure, Relief } from "./api/reliefs";
import { t } from "./i18n";
import { clock, dateTime, list, number, relative } from "./i18n/format";

/** What was given, in words: the drug with its dose, and the measures by their names. */
export function reliefWords(r: Pick<Relief, "drug" | "measures">, measures: readonly Measure[]): string {
  const drug = r.drug ? [r.drug.text, r.drug.dose].filter(Boolean).join(" ") : "";
  return list([drug, ...(r.measures ?? []).map((id) => measures.find((m) => m.id === id)?.name ?? id)].filter(Boolean));
}

/** The drugs that a person was given lately, each with its dose once, the newest first: most are given again. */
export function drugsBefore(of: readonly Relief[], most = 3): Drug[] {
  const found = new Map<string, Drug>();
  for (const r of [...of].sort((a, b) => Date.parse(b.given_at) - Date.parse(a.given_at))) {
    if (!r.drug?.text || r.entered_in_error) continue;
    const key = `${r.drug.text.toLowerCase()} ${r.drug.dose?.toLowerCase() ?? ""}`;
    if (!found.has(key)) found.set(key, { text: r.drug.text, ...(r.drug.dose ? { dose: r.drug.dose } : {}) });
  }
  return [...found.values()].slice(0, most);
}

/** "hour", "4 hours", "90 minutes": to follow "every". */
export function lasting(minutes: number): string {
  return minutes % 60 === 0 ? t("relief.hours", { count: minutes / 60 }) : t("relief.minutes", { count: minutes });
}

/** The verdict on a change as sentences, after what the server decided. */
export function verdict(c: Change): string {
  const signed = (x: number, places: number) => (x > 0 ? "+" : "") + number(x, places).replace("-", "−");
  return [
    t("resident.verdict", { verdict: c.verdict }),
    t("resident.interval", { difference: signed(c.difference, 0), low: signed(c.low, 1), high: signed(c.high, 1) }),
    ...(c.sem_state === "assumed" ? [t("resident.verdictAssumed")] : []),
  ].join(" ");
}

/** The follow-up that matters now: the one to be made, else the newest that was made or missed. */
export function current(of: readonly FollowUp[]): FollowUp | null {
  return of.find((f) => f.state === "due" || f.state === "overdue") ?? of.find((f) => f.state === "upcoming") ?? of[of.length - 1] ?? null;
}

const soon = 6 * 86_400_000; // for which a weekday says enough

function when(at: string): string {
  return Math.abs(Date.parse(at) - Date.now()) < soon ? clock(at) : dateTime(at);
}

/** How a follow-up stands, in a sentence. */
export function followWords(f: FollowUp): string {
  switch (f.state) {
    case "overdue":
      return t("resident.followOverdue", { at: clock(f.overdue_at) });
    case "missed":
      return t("resident.followMissed", { at: when(f.due_at) });
    case "excused":
      return t("resident.followPaused");
    case "done":
      return f.change ? t("resident.followOf", { at: when(f.due_at), before: f.change.before, after: f.change.after }) : t("resident.followDone", { at: when(f.due_at) });
    default:
      return t("resident.followDue", { when: relative(f.due_at), at: clock(f.due_at) });
  }
}
