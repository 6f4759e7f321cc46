import { expect, it, vi } from "vitest";

it("reads the address, also one that nobody can decode", async () => {
  vi.stubGlobal("window", { addEventListener: () => undefined });
  for (const [hash, want] of [
    ["#/r/a%20b", ["r", "a b"]],
    ["", [""]],
    ["#/50%", ["50%"]],
  ] as const) {
    vi.stubGlobal("location", { hash });
    vi.resetModules();
    expect((await import("./route")).route.value).toEqual(want);
  }
  vi.unstubAllGlobals();
});
