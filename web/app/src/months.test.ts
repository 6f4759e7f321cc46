import { beforeAll, describe, expect, it } from "vitest";

import { speaking } from "./i18n/testing";
import { lastMonths, monthName, spanOf } from "./months";

beforeAll(() => speaking());

describe("months", () => {
  it("count back over the turn of the year", () => {
    expect(lastMonths(3, new Date(2026, 0, 31))).toEqual(["2026-01", "2025-12", "2025-11"]);
  });

  it("end where the next begins", () => {
    expect(spanOf("2025-12")).toEqual({ from: "2025-12-01", to: "2026-01-01" });
    expect(spanOf("2026-02")).toEqual({ from: "2026-02-01", to: "2026-03-01" });
  });

  it("have names", () => {
    expect(monthName("2026-03")).toBe("March 2026");
  });
});
