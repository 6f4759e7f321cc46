import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { argumentsOf, compile, languages, read } from "../../build/messages.mjs";
import { preferred, speak, t, tOr } from ".";
import { stubBrowser } from "./testing";

const html = { lang: "", dir: "" };

beforeEach(() => {
  stubBrowser(html);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const english = read("en");

describe("catalogues", () => {
  it.each(languages.filter((l) => l !== "en"))("of %s know no key that English lacks, and take the same arguments", (language) => {
    for (const [key, message] of Object.entries(read(language))) {
      expect(english[key], `${language} ${key}`).toBeDefined();
      expect(argumentsOf(key, message), `${language} ${key}`).toEqual(argumentsOf(key, english[key] ?? ""));
    }
  });

  it.each(languages)("of %s can be parsed and say something", (language) => {
    for (const [key, message] of Object.entries(read(language))) {
      expect(message.trim(), key).not.toBe("");
      expect(() => compile(key, message)).not.toThrow();
    }
  });

  it.each(languages.filter((l) => l !== "en"))("of %s are whole", (language) => {
    const there = read(language);
    expect(Object.keys(english).filter((key) => there[key] === undefined)).toEqual([]);
  });
});

describe("t", () => {
  it("fills in and counts", async () => {
    await speak("en");
    expect(t("shell.back", { to: "Residents" })).toBe("Back to Residents");
    expect(t("account.pinTyped", { count: 1 })).toBe("1 digit typed");
    expect(tOr("face.reason.too_dark", "?")).toBe("too dark");
    expect(tOr("face.reason.something_new", "something_new")).toBe("something_new");
  });

  it("turns the page round for the made-up language", async () => {
    await speak("ar-XB");
    expect(html).toEqual({ lang: "ar", dir: "rtl" });
    expect(t("shell.round")).not.toBe("Round");
    expect(t("shell.back", { to: "X" })).toContain("X");
    await speak("en");
    expect(html).toEqual({ lang: "en", dir: "ltr" });
  });
});

describe("preferred", () => {
  it("takes what was chosen, then the browser's first that there is", () => {
    expect(preferred("fr", ["de-AT"])).toBe("fr");
    expect(preferred("xx", ["pl", "de-AT", "fr"])).toBe("de");
    expect(preferred(null, ["pl", "ar"])).toBe("en");
    expect(preferred("ar-XB", [])).toBe("ar-XB");
  });
});
