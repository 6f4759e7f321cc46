import { beforeAll, describe, expect, it } from "vitest";

import { speaking } from "./i18n/testing";
import type { Due, Resident } from "./model";

beforeAll(() => speaking());

const at = (hhmm: string) => Date.parse(`2026-03-02T${hhmm}:00Z`);
const due = (hhmm: string, more: Partial<Due> = {}): Due => ({
  key: hhmm, resident_id: "r1", relief_id: "x", why: "", state: "upcoming", due_at: new Date(at(hhmm)).toISOString(),
  overdue_at: new Date(at(hhmm) + 15 * 60_000).toISOString(), missed_at: new Date(at(hhmm) + 60 * 60_000).toISOString(), ...more,
});
const people = [{ id: "r1", name: "Ada" }] as Resident[];
const { dueNow, untold } = await import("./reminders");

describe("dueNow", () => {
  const round = [due("10:10"), due("10:00"), due("10:00", { key: "schedule", relief_id: "" }), due("10:00", { key: "done", state: "done" }), due("10:00", { key: "gone", resident_id: "r9" })];
  const keys = (now: string, later = new Map<string, number>()) => dueNow(round, people, later, at(now)).map((r) => r.due.key);

  it("tells of looks again only, from when they are due until they are missed", () => {
    expect(keys("09:59")).toEqual([]);
    expect(keys("10:00")).toEqual(["10:00"]);
    expect(keys("10:30")).toEqual(["10:00", "10:10"]);
    expect(keys("11:05")).toEqual(["10:10"]);
  });

  it("waits with what was put off", () => {
    const later = new Map([["10:00", at("10:20")]]);
    expect(keys("10:05", later)).toEqual([]);
    expect(keys("10:20", later)).toContain("10:00");
  });
});

describe("untold", () => {
  it("names each key once on a tablet, also after a reload, and forgets what is not due any more", () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) } as unknown as Storage;
    expect(untold(["a", "b"], storage)).toEqual(["a", "b"]);
    expect(untold(["a", "b"], storage)).toEqual([]);
    expect(untold(["b", "c"], storage)).toEqual(["c"]);
    expect(untold([], storage)).toEqual([]);
    expect([...kept.values()]).toEqual([""]);
  });
});

