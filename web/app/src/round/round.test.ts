import { beforeAll, describe, expect, it } from "vitest";

import { speaking } from "../i18n/testing";
import type { Due, Resident } from "../model";
import { group, lasting, stateAt, timing, why } from "./round";

beforeAll(() => speaking());

const at = (hhmm: string) => Date.parse(`2026-03-02T${hhmm}:00Z`);
const due = (hhmm: string, more: Partial<Due> = {}): Due => ({
  key: `k${hhmm}`, resident_id: "r1", why: "every 4 hours", state: "upcoming", due_at: new Date(at(hhmm)).toISOString(),
  overdue_at: new Date(at(hhmm) + 30 * 60_000).toISOString(), missed_at: new Date(at(hhmm) + 240 * 60_000).toISOString(), ...more,
});
const resident = (id: string, name: string) => ({ id, name, room: "1", consent: "given" }) as Resident;

describe("stateAt", () => {
  it.each([
    ["07:59", "upcoming"],
    ["08:00", "due"],
    ["08:29", "due"],
    ["08:30", "overdue"],
    ["11:59", "overdue"],
    ["12:00", "missed"],
  ] as const)("says at %s of what is due at eight that it is %s", (now, state) => {
    expect(stateAt(due("08:00"), at(now))).toBe(state);
  });

  it("takes the server's word for what is done or paused", () => {
    expect(stateAt(due("08:00", { state: "done" }), at("11:00"))).toBe("done");
    expect(stateAt(due("08:00", { state: "excused" }), at("11:00"))).toBe("excused");
  });
});

describe("group", () => {
  it("puts what waits longest first, follow-ups apart, and leaves out whom it does not know", () => {
    const g = group(
      [due("09:50"), due("09:20"), due("09:10", { key: "b", resident_id: "r2" }), due("09:40", { relief_id: "x" }), due("11:00", { relief_id: "y" }), due("10:00", { resident_id: "gone" })],
      [resident("r1", "Ada"), resident("r2", "Bo")],
      at("10:00"),
    );
    expect(g.overdue.map((e) => e.resident.name)).toEqual(["Bo", "Ada"]);
    expect(g.due).toHaveLength(1);
    expect(g.followUps.map((e) => e.due.relief_id)).toEqual(["x"]);
    expect(g.upcoming.map((e) => e.due.relief_id)).toEqual(["y"]);
  });
});

describe("words", () => {
  it("says how long", () => {
    expect([20_000, 25 * 60_000, 60 * 60_000, 80 * 60_000, 50 * 3600_000].map(lasting)).toEqual(["1 min", "25 min", "1 h", "1 h 20 min", "2 days"]);
  });

  it("says how late", () => {
    const [e] = group([due("08:00")], [resident("r1", "Ada")], at("08:45")).overdue;
    expect(e && timing(e, at("08:45"))).toBe("45 min late");
  });

  it.each([
    ["every hour", "Every hour"],
    ["every 4 hours", "Every 4 hours"],
    ["every day at 08:00, 20:00", "Every day at 08:00 and 20:00"],
    ["every 2 weeks, mo, th at 09:00", "Every 2 weeks, Monday and Thursday at 09:00"],
    ["mo at 09:00", "Monday at 09:00"],
    ["after a fall", "After a fall"],
    ["before personal care", "Before personal care"],
    ["something new", "something new"],
  ])("says %s as %s", (from, to) => {
    expect(why(due("08:00", { why: from }), at("08:00"))).toBe(to);
  });

  it("gives the time of relief as it is here", () => {
    const d = due("08:00", { why: "relief at 23:30 UTC" });
    expect(why(d, at("08:00"))).toContain("After relief given at");
  });
});
