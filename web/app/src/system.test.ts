import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { wordOf } from "./api/id";
import type { SystemState } from "./api/system";
import { speak } from "./i18n";
import { stubBrowser } from "./i18n/testing";
import { concerns, size } from "./system";

const now = Date.parse("2026-11-26T12:00:00Z");
const days = (n: number) => new Date(now + n * 86_400_000).toISOString();

const well: SystemState = {
  version: "1",
  build: "x",
  uptime_s: 60,
  streams: { in_use: 0, limit: 10, rate: 30, total_rate: 300, rates: null },
  models: {},
  rules: "1",
  storage: { kind: "sqlite", bytes: 1, free_bytes: 50 * 1024 ** 3, disk_bytes: 100 * 1024 ** 3, last_backup: { at: days(-1) }, last_verification: { at: days(-1), last_seq: 9, problem: "" } },
  certificate: { kind: "own", expires_at: days(60) },
  clock: { now: days(0), sane: true, text: "" },
};
const storage = well.storage as NonNullable<SystemState["storage"]>;

beforeEach(async () => {
  stubBrowser({ lang: "", dir: "" });
  await speak("en");
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it.each<[string, Partial<SystemState>, RegExp | null]>([
  ["all is well", {}, null],
  ["a clock that stands wrong", { clock: { now: days(-9), sane: false, text: "Set the clock." } }, /Set the clock/],
  ["a broken trail", { storage: { ...storage, last_verification: { at: days(-1), last_seq: 9, problem: "row 4 was altered" } } }, /row 4 was altered/],
  ["a full disk", { storage: { ...storage, free_bytes: 200 * 1024 ** 2 } }, /200 MB/],
  ["no backup", { storage: { ...storage, last_backup: null } }, /No backup/],
  ["an old backup", { storage: { ...storage, last_backup: { at: days(-5) } } }, /5 days ago/],
  ["a certificate that ends soon", { certificate: { kind: "self_signed", expires_at: days(10) } }, /in 10 days/],
  ["one that renews itself", { certificate: { kind: "acme", expires_at: days(10) } }, null],
])("looks after %s", (_, change, said) => {
  const found = concerns({ ...well, ...change }, now);
  if (said === null) expect(found).toEqual([]);
  else expect(found).toEqual([expect.stringMatching(said)]);
});

it("tells sizes so that they can be read", () => {
  expect(size(5 * 1024 ** 2)).toBe("5 MB");
  expect(size(3.4 * 1024 ** 3)).toBe("3.4 GB");
});

it("makes a word of a measure's name that nothing else has", () => {
  expect(wordOf("Warm milk", [])).toBe("warm_milk");
  expect(wordOf("Wärme & Ruhe", ["warme_ruhe"])).toBe("warme_ruhe_2");
  expect(wordOf("温", [])).toBe("measure");
});
