import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { evidenceRules } from "../../build/wording.mjs";
import { speaking } from "../i18n/testing";
import { unitName } from "../words";
import { doubtSaid, evidenceSaid, notProposedSaid } from "./evidence";

beforeEach(() => speaking("de"));

afterEach(() => {
  vi.unstubAllGlobals();
});

const none = (because: string) => notProposedSaid({ item_id: "face", item: "Facial expression", because });

describe("the camera's reasons", () => {
  const { looks, say } = evidenceRules();

  it("know every look and saying of pain/rules.yaml", () => {
    expect(Object.keys(looks).length).toBeGreaterThan(10);
    for (const [unit, look] of Object.entries(looks)) expect(doubtSaid(`Not measured: ${look}.`)).toBe(`Nicht gemessen: ${unitName(unit)}.`);
    expect(say.length).toBeGreaterThan(5);
    for (const s of say.map((s) => s.replace("{share}", "12 %"))) {
      const sentence = `${s.charAt(0).toUpperCase()}${s.slice(1)}.`;
      expect(doubtSaid(sentence)).not.toBe(sentence);
      expect(none(`Not proposed, because ${s}.`)).not.toContain(s);
      expect(doubtSaid(sentence).includes("12")).toBe(sentence.includes("12"));
    }
  });

  it("tell a palsied face that was measured on the healthy half from one that was not", () => {
    expect(doubtSaid("The left half of the face is paralysed: measured on the right half.")).toBe("Die linke Gesichtshälfte ist gelähmt: auf der rechten gemessen.");
    expect(doubtSaid("The right half of the face is paralysed: what it would show is missing.")).toBe("Die rechte Gesichtshälfte ist gelähmt: Was sie zeigen würde, fehlt.");
  });

  it("say what was seen", () => {
    const said = evidenceSaid({ evidence: "Brows lowered 42 % of the time, peak 2.1; nose wrinkled 12 % of the time, peak 1.0.", action_units: ["AU4", "AU9"] });
    expect(said.replaceAll("\u00a0", " ")).toBe("Augenbrauen gesenkt: 42 % der Zeit, höchstens 2,1; Nase gerümpft: 12 % der Zeit, höchstens 1,0.");
    expect(evidenceSaid({ evidence: "Of brows lowered, nose wrinkled nothing was seen for long enough to count.", action_units: [] })).toContain("Nase gerümpft");
  });

  it("say why nothing is proposed", () => {
    expect(none("Not proposed, because the face could not be judged for long enough. Too dark to judge: more light on the face, please.")).toContain("Zu dunkel");
    expect(none("Not proposed, because the face was not seen for long enough: observe again.")).not.toContain("because");
    expect(none("Not proposed, because this camera's model does not measure jaw dropped.")).toContain("Kiefer gesenkt");
  });

  it("leave to the server what is new, and all of it in English", async () => {
    expect(evidenceSaid({ evidence: "Something new.", action_units: ["AU4"] })).toBe("Something new.");
    expect(none("Something new.")).toContain("Something new.");
    await speaking("en");
    const evidence = "Brows lowered 42 % of the time, peak 2.1.";
    expect(evidenceSaid({ evidence, action_units: ["AU4"] })).toBe(evidence);
    expect(doubtSaid("Not measured: jaw dropped.")).toBe("Not measured: jaw dropped.");
  });
});
