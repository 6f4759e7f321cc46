import type { Schedule } from "./api/schedules";
import { t } from "./i18n";
import { list } from "./i18n/format";

/** How a schedule comes round, in words. */
export function repeatWords(r: Schedule["repeat"]): string {
  const times = list(r.at ?? []);
  if (r.every_hours) return t("resident.everyHours", { hours: r.every_hours });
  if (r.every_days) return t("resident.everyDays", { days: r.every_days, times });
  if (r.on) return t("resident.on", { kind: r.on });
  return t("resident.weekly", { weeks: r.every_weeks ?? 1, weekdays: list((r.weekdays ?? []).map((day) => t("resident.weekday", { day }))), times });
}

/** Reads "8:00, 14.30" as clock times; null where it is none. */
export function readTimes(typed: string): string[] | null {
  const parts = typed.split(/[,;]+/).map((p) => p.trim()).filter(Boolean);
  const read = parts.map((p) => {
    const m = /^(\d{1,2})[:.h](\d{2})$/.exec(p);
    return m && Number(m[1]) < 24 && Number(m[2]) < 60 ? `${(m[1] ?? "").padStart(2, "0")}:${m[2] ?? ""}` : null;
  });
  if (read.length === 0 || read.includes(null)) return null;
  return [...new Set(read as string[])].sort();
}
