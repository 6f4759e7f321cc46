import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { read } from "../../build/messages.mjs";
import { problemCodes, wording } from "../../build/wording.mjs";
import { Problem, sentence } from "../api/request";
import type { Scale } from "../model";
import { bandLabel, itemLabel, optionLabel, scaleTitle } from "../scale/words";
import { speaking } from "./testing";

// What the server says in English and the app in the other languages.

const english: Record<string, string> = read("en");

function of(feature: string): Record<string, string> {
  const start = `${feature}.`;
  return Object.fromEntries(Object.entries(english).filter(([key]) => key.startsWith(start)).map(([key, m]) => [key.slice(start.length), m]));
}

beforeEach(() => speaking("de"));

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the wording of the built-in scales", () => {
  it("is that of their definitions: run build/wording.mjs after a change, then see to the other languages", () => {
    expect(of("wording")).toEqual(wording());
  });

  const scale = {
    id: "abbey",
    version: of("wording")["abbey.version"],
    title: "Title",
    items: [{ id: "face", label: "Label", ask: "Ask?", options: [{ value: 1, label: "Option" }] }],
    bands: [{ id: "none", label: "Band" }],
  } as unknown as Scale;
  const words = (s: Scale) => s.items.flatMap((i) => [scaleTitle(s), itemLabel(s, i), optionLabel(s, i, 1), bandLabel(s, "none")]);
  const written = ["Title", "Label", "Option", "Band"];

  it("is the page's language's", () => {
    const { "wording.abbey.title": title, "wording.abbey.item.face": face, "wording.abbey.option.1": option, "wording.abbey.band.none": band } = read("de");
    expect(words(scale)).toEqual([title, face, option, band]);
  });

  it("is the definition's own in English, for another version, and for a scale of the home's own", async () => {
    expect(words({ ...scale, version: "0.9.0" })).toEqual(written);
    expect(words({ ...scale, built_in: false })).toEqual(written);
    await speaking("en");
    expect(words(scale)).toEqual(written);
  });
});

describe("problems", () => {
  // Codes that only programs meet, which read the server's own words.
  const programs = ["changes_gone", "no_smart", "too_many_exports"];

  it("have a sentence for every code that the server knows", () => {
    const codes = problemCodes();
    expect(codes.length).toBeGreaterThan(50);
    const said = of("problem");
    expect(codes.filter((code) => !programs.includes(code) && !said[code])).toEqual([]);
    expect(Object.keys(said).filter((code) => !codes.includes(code))).toEqual([]);
  });

  it("are said in the page's language, with the server's words where those say more", async () => {
    expect(sentence(new Problem("The PIN is wrong.", "wrong_pin"))).toBe(read("de")["problem.wrong_pin"]);
    expect(sentence(new Problem("Give a name.", "invalid"))).toContain("Give a name.");
    expect(sentence(new Problem("Nobody foresaw this.", "new_code"))).toBe("Nobody foresaw this.");
    await speaking("en");
    expect(sentence(new Problem("The PIN is wrong.", "wrong_pin"))).toBe("The PIN is wrong.");
  });
});
