import { expect, it } from "vitest";

import type { Scale } from "../model";
import { cameraScales, usualScale } from "./choose";
import { height, sum } from "./total";

const options = [0, 1, 2].map((value) => ({ value, label: "" }));
const scale = {
  id: "x", kind: "observation", enabled: true, items: [{ id: "a", options }, { id: "b", options }],
  bands: [{ id: "none", from: 0, to: 0 }, { id: "some", from: 1, to: 2 }, { id: "much", from: 3, to: 4 }],
} as unknown as Scale;

it("has no total while an item is open", () => {
  expect(sum(scale, { a: 2 })).toEqual({ total: null, open: ["b"], band: null });
});

it("takes a zero for an answer, and finds the band at its edges", () => {
  expect(sum(scale, { a: 0, b: 0 })).toMatchObject({ total: 0, band: { id: "none" } });
  expect(sum(scale, { a: 1, b: 1 })).toMatchObject({ total: 2, band: { id: "some" } });
  expect(sum(scale, { a: 1, b: 2 })).toMatchObject({ total: 3, band: { id: "much" } });
  expect(scale.bands.map((b) => height(scale, b))).toEqual([0, 0.5, 1]);
});

it("offers after a capture only what somebody else fills in", () => {
  const list = [scale, { ...scale, id: "nrs", kind: "self_report" }, { ...scale, id: "off", enabled: false }, { ...scale, id: "painad" }] as Scale[];
  expect(cameraScales(list).map((s) => s.id)).toEqual(["x", "painad"]);
  expect(usualScale(cameraScales(list))).toBe("painad");
  expect(usualScale([])).toBe("");
});
