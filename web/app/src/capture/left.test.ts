import { describe, expect, it, vi } from "vitest";

import type { Session } from "../model";

vi.stubGlobal("window", globalThis);
const { isLeft, reach } = await import("./left");

const session = (live: Partial<NonNullable<Session["live"]>> | null): Session => ({
  id: "s1",
  whip: "",
  events: "",
  capture: "",
  condition: "rest",
  practice: false,
  live: live && { connected: false, capture: "done", purpose: "observation", assessed_ms: 10_000, wanted_ms: 10_000, observed: true, ...live },
});

describe("a session that a page left", () => {
  it.each([
    ["done", {}],
    ["middle", { capture: "running" as const, observed: false, assessed_ms: 4000 }],
    ["middle", { capture: "running" as const, assessed_ms: 2000 }], // a second one, after one that was kept
    ["middle", { assessed_ms: 4000 }], // the server ended it: the face was gone
    ["before", { capture: "idle" as const, observed: false, assessed_ms: 0, wanted_ms: 0 }],
    ["before", { purpose: "baseline" as const }],
    ["before", null],
  ])("came as far as %s", (as, live) => {
    expect(reach(session(live))).toBe(as);
  });

  it("is this tab's own, or one that no tablet sends to", () => {
    expect(isLeft(session({}), null)).toBe(true);
    expect(isLeft(session({ connected: true }), null)).toBe(false); // somebody films with it
    expect(isLeft(session({ connected: true }), { session: "s1" })).toBe(true);
    expect(isLeft(session(null), { session: "s1" })).toBe(false);
  });
});
