import { describe, expect, it } from "vitest";

import { newID } from "./id";

describe("newID", () => {
  it("makes UUIDs of version 7 that sort by time", () => {
    expect(newID()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newID(1000) < newID(2000)).toBe(true);
    expect(newID(0x0123456789ab).startsWith("01234567-89ab-7")).toBe(true);
  });
});
