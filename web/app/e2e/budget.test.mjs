import { resolve } from "node:path";

import { expect, it } from "vitest";

import { budget, firstLoad } from "../build/first-load.mjs";

it("loads less than 150 KB of compressed script before the first screen", () => {
  const { bytes, files } = firstLoad(resolve(import.meta.dirname, "../dist"));
  expect(files.length).toBeGreaterThan(0);
  expect(bytes, files.map((f) => `${f.name} ${f.bytes}`).join(", ")).toBeLessThan(budget);
});
