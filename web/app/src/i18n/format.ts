import { locale } from ".";

// Intl's formatters cost more to make than to use.
const made = new Map<string, unknown>();

function once<T>(kind: string, options: object, make: (locale: string) => T): T {
  const key = `${kind} ${locale()} ${JSON.stringify(options)}`;
  let f = made.get(key) as T | undefined;
  if (f === undefined) made.set(key, (f = make(locale())));
  return f;
}

function dates(options: Intl.DateTimeFormatOptions) {
  return once("date", options, (l) => new Intl.DateTimeFormat(l, options));
}

/** "26 Nov 2026, 08:10" */
export function dateTime(at: string | number | Date): string {
  return dates({ dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** "26 Nov 2026" */
export function date(at: string | number | Date): string {
  return dates({ dateStyle: "medium" }).format(new Date(at));
}

/** "Thursday, 26 November" */
export function dayOfWeek(at: string | number | Date): string {
  return dates({ weekday: "long", day: "numeric", month: "long" }).format(new Date(at));
}

/** "08:10" */
export function time(at: string | number | Date): string {
  return dates({ timeStyle: "short" }).format(new Date(at));
}

/** "08:10" where it is of today, "Wed 08:10" else. */
export function clock(at: string | number | Date, now: number = Date.now()): string {
  const d = new Date(at);
  if (d.toDateString() === new Date(now).toDateString()) return time(d);
  return dates({ weekday: "short", hour: "2-digit", minute: "2-digit" }).format(d);
}

/** "3.4": with as many places as asked for. */
export function number(x: number, places = 1): string {
  const options = { minimumFractionDigits: places, maximumFractionDigits: places };
  return once("number", options, (l) => new Intl.NumberFormat(l, options)).format(x);
}

/** "83 %" of a share from 0 to 1. */
export function percent(share: number): string {
  const options = { style: "percent", maximumFractionDigits: 0 } as const;
  return once("number", options, (l) => new Intl.NumberFormat(l, options)).format(share);
}

/** "4.2 s": the sign of the second is the same in every language of ours. */
export function seconds(ms: number, places = 1): string {
  return `${number(ms / 1000, places)}\u00a0s`;
}

/** "a, b and c" */
export function list(of: readonly string[]): string {
  return once("list", {}, (l) => new Intl.ListFormat(l, { type: "conjunction" })).format(of);
}

/** "in 20 minutes", "3 hours ago": from now to a moment, in the largest unit that says enough. */
export function relative(at: string | number | Date, now: number = Date.now()): string {
  const minutes = Math.round((new Date(at).getTime() - now) / 60_000);
  const f = once("relative", {}, (l) => new Intl.RelativeTimeFormat(l, { numeric: "auto" }));
  const size = Math.abs(minutes);
  if (size < 90) return f.format(minutes, "minute");
  if (size < 36 * 60) return f.format(Math.round(minutes / 60), "hour");
  return f.format(Math.round(minutes / 1440), "day");
}

/** "26 Nov" */
export function day(at: string | number | Date): string {
  return dates({ day: "numeric", month: "short" }).format(new Date(at));
}
