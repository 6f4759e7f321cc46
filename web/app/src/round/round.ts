import { t } from "../i18n";
import { clock, list } from "../i18n/format";
import { locale } from "../i18n";
import type { Due, DueState, Resident } from "../model";

/** An entry of the round with its resident, as it stands at a moment. */
export interface Entry {
  due: Due;
  resident: Resident;
  state: DueState;
  followUp: boolean; // it asks whether relief helped
}

/**
 * Places an entry at a moment, as the server does. What is done or paused the server knows; the rest is a matter of the
 * clock, so that a tablet that waits for the next answer says no old thing.
 */
export function stateAt(d: Due, now: number): DueState {
  if (d.state === "done" || d.state === "excused") return d.state;
  if (now < Date.parse(d.due_at)) return "upcoming";
  if (now < Date.parse(d.overdue_at)) return "due";
  if (now < Date.parse(d.missed_at)) return "overdue";
  return "missed";
}

export interface Groups {
  followUps: Entry[]; // due or overdue, of relief
  overdue: Entry[];
  due: Entry[];
  upcoming: Entry[];
  missed: Entry[];
  done: Entry[];
  excused: Entry[];
}

/** Sorts the round: what waits the longest first, what is done last. Residents who are not known are left out. */
export function group(round: readonly Due[], residents: readonly Resident[], now: number): Groups {
  const by = new Map(residents.map((r) => [r.id, r]));
  const g: Groups = { followUps: [], overdue: [], due: [], upcoming: [], missed: [], done: [], excused: [] };
  for (const due of round) {
    const resident = by.get(due.resident_id);
    if (!resident) continue;
    const state = stateAt(due, now);
    const followUp = !!due.relief_id;
    const e = { due, resident, state, followUp };
    if (followUp && (state === "due" || state === "overdue")) g.followUps.push(e);
    else g[state].push(e);
  }
  const rising = (a: Entry, b: Entry) => Date.parse(a.due.due_at) - Date.parse(b.due.due_at) || a.resident.name.localeCompare(b.resident.name, locale());
  for (const [name, entries] of Object.entries(g) as [keyof Groups, Entry[]][]) {
    entries.sort(rising);
    if (name === "done" || name === "missed" || name === "excused") entries.reverse();
  }
  return g;
}

/** "25 min", "1 h 20 min", "2 days" */
export function lasting(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 60) return t("round.minutes", { m: minutes });
  if (minutes < 24 * 60) return t("round.hours", { h: Math.floor(minutes / 60), m: minutes % 60 }).trim();
  return t("round.days", { d: Math.round(minutes / (24 * 60)) });
}

/** How early or late an entry is, in words. */
export function timing(e: Entry, now: number): string {
  const due = Date.parse(e.due.due_at);
  switch (e.state) {
    case "overdue":
      return t("round.late", { for: lasting(now - due) });
    case "due":
      return now - due < 60_000 ? t("round.dueNow") : t("round.dueSince", { for: lasting(now - due) });
    case "upcoming":
      return t("round.dueIn", { for: lasting(due - now) });
    case "missed":
      return t("round.missedSince", { at: clock(due, now) });
    case "done":
      return t("round.doneBy", { at: clock(due, now) });
    case "excused":
      return t("round.pausedNow");
  }
}

const weekday = (day: string) => {
  const at = ["mo", "tu", "we", "th", "fr", "sa", "su"].indexOf(day);
  if (at < 0) return day;
  // The fifth of January 2026 was a Monday.
  return new Intl.DateTimeFormat(locale(), { weekday: "long", timeZone: "UTC" }).format(new Date(Date.UTC(2026, 0, 5 + at)));
};

const days = (of: string) => list(of.split(", ").map(weekday));
const times = (of: string) => list(of.split(", "));
const what = (of: string) => (of === "a fall" ? "fall" : of);

/** The server's ways to say why something is due, each with how it is said here. */
const reasons: [RegExp, (...m: (string | undefined)[]) => string][] = [
  [/^every (?:(\d+) )?hours?$/, (n) => t("round.why.hours", { n: Number(n ?? 1) })],
  [/^every (?:(\d+) )?days? at (.+)$/, (n, at = "") => t("round.why.days", { n: Number(n ?? 1), times: times(at) })],
  [/^every (?:(\d+) )?weeks?, (.+) at (.+)$/, (n, d = "", at = "") => t("round.why.weeks", { n: Number(n ?? 1), days: days(d), times: times(at) })],
  [/^after (.+)$/, (of = "") => t("round.why.after", { what: what(of) })],
  [/^before (.+)$/, (of = "") => t("round.why.before", { what: what(of) })],
  [/^((?:mo|tu|we|th|fr|sa|su)(?:, (?:mo|tu|we|th|fr|sa|su))*) at (.+)$/, (d = "", at = "") => t("round.why.weekdays", { days: days(d), times: times(at) })],
];

/** Why something is due, in the page's language; in the server's words where they are new. */
export function why(d: Due, now: number): string {
  const relief = /^relief at (\d\d):(\d\d) UTC$/.exec(d.why);
  if (relief) {
    const at = new Date(d.due_at);
    at.setUTCHours(Number(relief[1]), Number(relief[2]), 0, 0);
    if (at.getTime() > Date.parse(d.due_at)) at.setUTCDate(at.getUTCDate() - 1);
    return t("round.why.relief", { at: clock(at, now) });
  }
  for (const [form, say] of reasons) {
    const m = form.exec(d.why);
    if (m) return say(...m.slice(1));
  }
  return d.why;
}
