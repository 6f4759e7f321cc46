import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Problem } from "../api/request";
import { Hold } from "./hold";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", globalThis);
});

afterEach(() => {
  vi.useRealTimers();
});

const gone = () => Promise.reject(new Problem("gone", "server_gone"));
const unknown = () => Promise.reject(new Problem("unknown", "peer_unknown", "", 404));

function stage(restart: () => Promise<void>) {
  const told: string[] = [];
  const at: number[] = [];
  const begun = Date.now();
  const hold = new Hold({
    restart: () => {
      at.push(Date.now() - begun);
      return restart();
    },
    interrupted: (until) => told.push(`until ${until - begun}`),
    resumed: () => told.push("resumed"),
    lost: () => told.push("lost"),
  });
  return { hold, told, at };
}

describe("Hold", () => {
  it("asks every second until the server answers, and ends when the connection stands", async () => {
    let there = false;
    const s = stage(() => (there ? Promise.resolve() : gone()));
    s.hold.begin();
    s.hold.begin(); // disconnected, then failed
    await vi.advanceTimersByTimeAsync(20_500);
    there = true;
    await vi.advanceTimersByTimeAsync(2000);
    expect(s.at).toEqual([0, ...Array.from({ length: 21 }, (_, i) => 1000 * (i + 1))]);
    s.hold.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(s.told).toEqual(["until 30000", "resumed"]);
    expect(s.at).toHaveLength(22);
  });

  it("asks at once when the network is back", async () => {
    const s = stage(gone);
    s.hold.begin();
    await vi.advanceTimersByTimeAsync(300);
    s.hold.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(s.at).toEqual([0, 300]);
  });

  it("asks again where what was agreed on does not come about", async () => {
    const s = stage(() => Promise.resolve());
    s.hold.begin();
    await vi.advanceTimersByTimeAsync(12_000);
    expect(s.at).toEqual([0, 5000, 10_000]);
  });

  it("gives up after half a minute, once", async () => {
    const s = stage(gone);
    s.hold.begin();
    await vi.advanceTimersByTimeAsync(90_000);
    expect(s.told).toEqual(["until 30000", "lost"]);
  });

  it("gives up at once where the server knows nothing of it", async () => {
    const s = stage(unknown);
    s.hold.begin();
    await vi.advanceTimersByTimeAsync(10);
    expect(s.told).toEqual(["until 30000", "lost"]);
  });

  it("goes on asking where something in between answers for the server", async () => {
    const s = stage(() => Promise.reject(new Problem("bad gateway", "unknown", "", 502)));
    s.hold.begin();
    await vi.advanceTimersByTimeAsync(2500);
    expect(s.at).toHaveLength(3);
  });

  it("takes a result for a sign that the connection stands, but not one that was under way", () => {
    const s = stage(gone);
    s.hold.begin();
    s.hold.heard();
    expect(s.told).toEqual(["until 30000"]);
    vi.setSystemTime(Date.now() + 1500);
    s.hold.heard();
    expect(s.told).toEqual(["until 30000", "resumed"]);
  });

  it("holds a second time", async () => {
    const s = stage(gone);
    s.hold.begin();
    await vi.advanceTimersByTimeAsync(5000);
    s.hold.end();
    s.hold.begin();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(s.told).toEqual(["until 30000", "resumed", "until 35000"]);
    s.hold.close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(s.told).toHaveLength(3);
  });
});
