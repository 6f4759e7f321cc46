import { beforeAll, describe as suite, expect, it } from "vitest";

import { speaking } from "./i18n/testing";

import type { Frame, Observation } from "./model";
import { describe, summarise } from "./words";

beforeAll(() => speaking());

const observation: Observation = {
  state: "assessed", duration_ms: 12000, assessed_ms: 10000, assessed: 0.8333, score_p95: 6.2, score_mean: 3.1, pspi_p95: 7, threshold: 2, above: 0.6,
  longest_ms: 4200, au: { AU4: { share: 0.5, peak: 3.4, mean: 1 }, AU9: { share: 0.01, peak: 1, mean: 0 } }, reasons: { too_dark: 0.16, blurred: 0.001 },
  confounders: { smile: 0.2 }, baseline: "population", confidence: "low", provisional: true, models: {}, rules: "r",
};
const said = (o: Observation) => Object.fromEntries(summarise(o).map((l) => [l.id, l.said]));

suite("summarise", () => {
  it("gives every number with its meaning", () => {
    const s = said(observation);
    expect(s.assessed).toBe("83% of the time: 10.0\u00a0s of 12.0\u00a0s.");
    expect(s.peak).toContain("6.2 of 16");
    expect(s.mean).toContain("3.1 of 16");
    expect(s.above).toBe("60% of the time, 4.2\u00a0s at the longest.");
    expect(s.notJudged).toBe("Too dark (16%).");
    expect(summarise(observation).find((l) => l.items)?.items).toEqual(["Brows lowered: 50% of the time, up to 3.4 of 5"]);
    expect(s.discounted).toContain("smile");
    expect(s.against).toContain("average face");
  });

  it("says which half of a palsied face was measured", () => {
    expect(said(observation).side).toBeUndefined();
    expect(said({ ...observation, side: "right" }).side).toMatch(/^The right, /);
    expect(said({ ...observation, side: "left" }).side).toMatch(/^The left, /);
  });

  it("says when no pictures came in the middle", () => {
    expect(said(observation).gaps).toBeUndefined();
    expect(said({ ...observation, gaps: [{ at_ms: 4000, ms: 21_000 }] }).gaps).toMatch(/^No pictures came for 21\u00a0s in the middle: /);
    expect(said({ ...observation, gaps: [{ at_ms: 4000, ms: 21_000 }, { at_ms: 30_000, ms: 4000 }] }).gaps).toContain("2 times in the middle, for 25\u00a0s in all");
  });

  it("never makes a zero of what could not be judged", () => {
    const s = said({ ...observation, state: "not_assessable", score_p95: null, score_mean: null, above: null, longest_ms: null, au: {} });
    expect(s.score).toContain("not a score of zero");
    expect(s.peak).toBeUndefined();
  });
});

const frame: Frame = {
  type: "frame", t_ms: 0, state: "scored", reasons: [], au: {}, pspi: 0, score: 0, confounders: [], baseline: "population", face: null,
  capture: { state: "idle", assessed_ms: 0, wanted_ms: 0 }, dropped: 0,
};

suite("describe", () => {
  it("says what to do when the face cannot be judged", () => {
    const d = describe({ ...frame, state: "not_assessable", reasons: ["too_dark", "too_small"] });
    expect(d.advice).toContain("light");
    expect(d.advice).toContain("closer");
  });

  it("says what was taken into account and survives what it does not know", () => {
    expect(describe({ ...frame, confounders: ["smile", "something_new"] }).advice).toBe("A smile is taken into account.");
    expect(describe(null).state).toBe("not_yet_assessed");
  });
});
