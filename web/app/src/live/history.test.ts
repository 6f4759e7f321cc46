import { describe, expect, it } from "vitest";

import type { Frame } from "../model";
import { History } from "./history";

const at = (t_ms: number, score: number | null): Frame => ({
  type: "frame", t_ms, state: score === null ? "no_face" : "scored", reasons: [], au: null, pspi: score, score, confounders: [], baseline: "population",
  face: null, capture: { state: "idle", assessed_ms: 0, wanted_ms: 0 }, dropped: 0,
});

describe("History", () => {
  it("keeps the last seconds, counted back from now", () => {
    const h = new History(2);
    for (let t = 0; t <= 5000; t += 500) h.add(at(t, t / 1000));
    const [x, y] = h.data();
    expect(x).toEqual([-2, -1.5, -1, -0.5, 0]);
    expect(y).toEqual([3, 3.5, 4, 4.5, 5]);
  });

  it("starts again with the next session, whose time begins at zero", () => {
    const h = new History();
    h.add(at(40_000, 9));
    h.clear();
    h.add(at(0, 1));
    expect(h.data()).toEqual([[0], [1]]);
  });

  it("leaves gaps where there was no score and drops what comes late", () => {
    const h = new History();
    h.add(at(0, 1));
    h.add(at(100, null));
    h.add(at(50, 9));
    expect(h.data()[1]).toEqual([1, null]);
    h.add(at(900, 2));
    h.add(at(9000, 3));
    expect(h.data()[1]).toEqual([1, null, 2, null, 3]); // no line across a time without pictures
  });
});
