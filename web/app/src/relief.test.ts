import { beforeAll, describe, expect, it } from "vitest";

import type { Change, FollowUp } from "./api/reliefs";
import { speaking } from "./i18n/testing";
import { current, followWords, reliefWords, verdict } from "./relief";

beforeAll(() => speaking());

const change: Change = { before: 7, after: 2, difference: -5, low: -7.77, high: -2.23, smallest_detectable: 2.77, verdict: "less", text: "", sem_state: "assumed" };
const follow = (state: FollowUp["state"], more: Partial<FollowUp> = {}): FollowUp => ({
  key: state, resident_id: "r", relief_id: "x", why: "", state, due_at: "2026-03-01T08:00:00Z", overdue_at: "2026-03-01T08:15:00Z", missed_at: "2026-03-01T09:00:00Z", ...more,
});

describe("reliefWords", () => {
  it("names the drug with its dose and the measures as the home calls them", () => {
    const measures = [{ id: "warmth", name: "Warmth", retired: false }];
    expect(reliefWords({ drug: { text: "Paracetamol", dose: "500 mg" }, measures: ["warmth", "gone"] }, measures)).toBe("Paracetamol 500 mg, Warmth and gone");
    expect(reliefWords({ drug: null, measures: ["warmth"] }, measures)).toBe("Warmth");
  });
});

describe("verdict", () => {
  it("gives the difference with its interval, and says that the uncertainty is assumed", () => {
    expect(verdict(change)).toBe(
      "The score is lower by more than the scale’s own uncertainty. Change −5, likely between −7.8 and −2.2. The uncertainty is an assumption, because no figure was found for this scale.",
    );
  });

  it("says that nothing is shown where the difference is within the uncertainty", () => {
    const said = verdict({ ...change, difference: 1, low: -1.77, high: 3.77, verdict: "within_uncertainty", sem_state: "published" });
    expect(said).toContain("does not show a change");
    expect(said).toContain("+1, likely between −1.8 and +3.8");
    expect(said).not.toContain("assumption");
  });
});

describe("current", () => {
  it("takes what is to be done, then what comes, then the last", () => {
    expect(current([follow("done"), follow("overdue"), follow("upcoming")])?.state).toBe("overdue");
    expect(current([follow("done"), follow("upcoming")])?.state).toBe("upcoming");
    expect(current([follow("done"), follow("missed")])?.state).toBe("missed");
    expect(current([])).toBeNull();
  });
});

describe("followWords", () => {
  it("says what was before and after, and nothing of a change where there was no score before", () => {
    expect(followWords(follow("done", { change }))).toContain("7 before, 2 after");
    expect(followWords(follow("done"))).toContain("no total before");
    expect(followWords(follow("missed"))).toContain("Nobody looked again");
  });
});
