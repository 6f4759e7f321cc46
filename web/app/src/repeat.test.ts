import { beforeAll, describe, expect, it } from "vitest";

import { speaking } from "./i18n/testing";
import { readTimes, repeatWords } from "./repeat";

beforeAll(() => speaking());

describe("repeatWords", () => {
  it.each([
    [{ every_hours: 1 }, "every hour"],
    [{ every_hours: 4 }, "every 4 hours"],
    [{ every_days: 1, at: ["08:00", "20:00"] }, "every day at 08:00 and 20:00"],
    [{ weekdays: ["mo", "th"], every_weeks: 2, at: ["09:00"] }, "every 2 weeks, Monday and Thursday, at 09:00"],
    [{ on: "fall" as const, minutes: [0, 60] }, "after a fall"],
  ])("says %o", (repeat, words) => {
    expect(repeatWords(repeat)).toBe(words);
  });
});

describe("readTimes", () => {
  it.each([
    ["8:00, 14.30;20:00", ["08:00", "14:30", "20:00"]],
    ["20:00, 8:00, 8:00", ["08:00", "20:00"]],
    ["", null],
    ["24:00", null],
    ["8", null],
    ["08:00, noon", null],
  ])("reads %j", (typed, times) => {
    expect(readTimes(typed)).toEqual(times);
  });
});
