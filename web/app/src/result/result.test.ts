import { describe, expect, it } from "vitest";

import names from "../i18n/en/face.json";
import type { Observation, Trace } from "../model";
import { unitOrder } from "../words";
import { levelOf, seen } from "./level";
import { parted, stretches } from "./rows";

const trace = (state: string[], confounders: Record<string, number[]> = {}, t = state.map((_, i) => i * 100)) => ({ step_ms: 100, t_ms: t, state, confounders }) as Trace;

describe("stretches", () => {
  it("joins what is alike and keeps what counted apart from what did not", () => {
    expect(stretches(trace(["scored", "scored", "not_assessable", "scored", "scored"], { smile: [3] }))).toEqual([
      { kind: "counted", from: 0, to: 200 },
      { kind: "refused", from: 200, to: 300 },
      { kind: "discounted", from: 300, to: 400 },
      { kind: "counted", from: 400, to: 500 },
    ]);
  });

  it("does not fill a pause in", () => {
    expect(stretches(trace(["scored", "scored"], {}, [0, 5000]))).toHaveLength(2);
  });
});

describe("parted", () => {
  it("draws no line across a time without pictures", () => {
    const t = { ...trace(["scored", "scored", "scored"], {}, [0, 100, 21_000]), score: [1, 2, 3] } as Trace;
    expect(parted(t)).toEqual([{ t: 0, score: 1 }, { t: 0.1, score: 2 }, { t: 0.2, score: null }, { t: 21, score: 3 }]);
  });
});

describe("levels", () => {
  const o = { au: { AU4: { share: 0.5, peak: 4, mean: 1 }, AU6: { share: 0.02, peak: 5, mean: 1 }, AU43: { share: 0.3, peak: 0.5, mean: 0.1 }, AU9: { share: 0.4, peak: 1, mean: 0.2 } } } as unknown as Observation;

  it("takes thirds of what a unit can measure, and nothing for a moment", () => {
    expect(["AU4", "AU6", "AU43", "AU9", "AU12"].map((u) => levelOf(o, u))).toEqual([3, 0, 2, 1, 0]);
  });

  it("has a place for every unit that has a name", () => {
    expect(Object.keys(names).filter((k) => k.startsWith("unit.")).map((k) => k.slice(5)).sort()).toEqual([...unitOrder].sort());
  });

  it("names the strongest first", () => {
    expect(seen(o).map((u) => u.unit)).toEqual(["AU4", "AU43", "AU9"]);
  });
});
