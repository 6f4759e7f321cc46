import { beforeAll, describe, expect, it } from "vitest";

import type { Relief, Score } from "./api/reliefs";
import { speaking } from "./i18n/testing";
import type { Scale } from "./model";
import { fitting, scalesOf, trend } from "./trend";

beforeAll(() => speaking());

const now = Date.parse("2026-03-31T12:00:00Z");
const daysAgo = (n: number) => new Date(now - n * 86_400_000).toISOString();
const score = (days: number, total: number | null, condition: Score["condition"] = "rest", scale = "painad"): Score => ({
  assessment_id: `a${days}`, at: daysAgo(days), scale, condition, total,
});
const painad = {
  id: "painad", name: "PAINAD", total: { min: 0, max: 10 },
  bands: [{ id: "none", label: "No sign", from: 0, to: 0 }, { id: "mild", label: "Mild", from: 1, to: 3, customary: true }, { id: "severe", label: "Severe", from: 4, to: 10 }],
} as unknown as Scale;
const relief = (days: number, wrong = false) => ({ id: `r${days}`, given_at: daysAgo(days), entered_in_error: wrong }) as Relief;

describe("trend", () => {
  const d = trend([score(2, 3), score(20, 1, "movement"), score(5, 4, "movement"), score(3, null), score(4, 9, "rest", "abbey"), score(40, 7)], painad, [relief(4), relief(3, true), relief(50)], "month", now);

  it("draws one scale, oldest first, rest and movement apart, and no total that is not there", () => {
    expect(d.x).toEqual([20, 5, 2].map((n) => (now - n * 86_400_000) / 1000));
    expect(d.lines.map((l) => l.values)).toEqual([[null, null, 3], [1, 4, null]]);
  });

  it("tells the lines apart by more than their colour", () => {
    expect(new Set(d.lines.map((l) => `${l.look ?? "solid"} ${l.marker ?? "circle"}`)).size).toBe(2);
  });

  it("marks relief of the range that was really given", () => {
    expect(d.marks?.map((m) => m.x)).toEqual([(now - 4 * 86_400_000) / 1000]);
  });

  it("lays the bands side by side over the whole axis", () => {
    expect(d.zones?.map((z) => [z.from, z.to])).toEqual([[-0.5, 0.5], [0.5, 3.5], [3.5, 10.5]]);
    expect(d.yRange).toEqual([-0.5, 10.5]);
    expect(d.zones?.[1]?.label).toContain("customary");
  });
});

describe("scalesOf", () => {
  it("puts the scale of the newest total first and leaves out those without totals", () => {
    expect(scalesOf([score(1, null, "rest", "nrs"), score(2, 1, "rest", "abbey"), score(3, 1), score(1, 2)])).toEqual(["painad", "abbey"]);
  });
});

describe("fitting", () => {
  it.each([
    [[], "month"],
    [[score(2, 1), score(20, 1)], "month"],
    [[score(2, 1), score(60, 1)], "quarter"],
    [[score(300, 1)], "year"],
    [[score(2, null), score(3, null)], "month"],
  ] as const)("takes the shortest range that shows something (%#)", (scores, range) => {
    expect(fitting(scores, now)).toBe(range);
  });
});
