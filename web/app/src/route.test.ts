import { afterEach, expect, it, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
});

it("reads the address, also one that nobody can decode", async () => {
  vi.stubGlobal("window", { addEventListener: () => undefined });
  for (const [hash, want, query] of [
    ["#/r/a%20b", ["r", "a b"], ""],
    ["", [""], ""],
    ["#/", [""], ""],
    ["#/50%", ["50%"], ""],
    ["#/capture/r1?due=k%3A1&scale=painad", ["capture", "r1"], "due=k%3A1&scale=painad"],
  ] as const) {
    vi.stubGlobal("location", { hash });
    vi.resetModules();
    const { route } = await import("./route");
    expect(route.value.path).toEqual(want);
    expect(route.value.query.toString()).toBe(query);
  }
});

it("writes addresses that it can read", async () => {
  vi.stubGlobal("window", { addEventListener: () => undefined });
  vi.stubGlobal("location", { hash: "" });
  vi.resetModules();
  const { to } = await import("./route");
  expect(to("r", "a/b c")).toBe("#/r/a%2Fb%20c");
  expect(to("capture", "r1", { due: "k:1", scale: undefined })).toBe("#/capture/r1?due=k%3A1");
});
