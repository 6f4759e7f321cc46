import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { Problem } from "../api/request";
import { speaking } from "../i18n/testing";
import { Broken, type Handlers } from "../live/publish";
import type { Assessment, Frame, Session } from "../model";
import { Capture, type Means } from "./capture";

beforeAll(() => speaking());

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", globalThis);
});

afterEach(() => {
  vi.useRealTimers();
});

function stage(more: Partial<Means> = {}) {
  const cameras: { stopped: boolean }[] = [];
  const ended: string[] = [];
  const paused: boolean[] = [];
  const kept: string[] = [];
  let on: Handlers | null = null;
  let opened = 0;
  const camera = () => {
    const c = { stopped: false };
    cameras.push(c);
    return { get active() { return !c.stopped; }, getTracks: () => [{ stop: () => (c.stopped = true) }] } as unknown as MediaStream;
  };
  const means: Means = {
    openCamera: () => Promise.resolve(camera()),
    openSession: () => Promise.resolve({ id: `s${++opened}` } as Session),
    endSession: (s) => ended.push(s.id),
    publish: (_, __, h) => {
      on = h;
      h.connected();
      return Promise.resolve({ close: () => undefined, pause: (p: boolean) => paused.push(p) });
    },
    observe: () => Promise.resolve(),
    keep: (_, id) => Promise.resolve({ id } as Assessment),
    mayFilm: () => Promise.resolve(true),
    newID: () => "a1",
    kept: (a) => kept.push(a.id),
    frame: () => undefined,
    show: () => undefined,
    ...more,
  };
  const capture = new Capture(means);
  return { capture, cameras, ended, paused, kept, handlers: () => on, opened: () => opened };
}

const gone = () => Promise.reject(new Problem("gone", "server_gone"));
const done = { type: "frame", capture: { state: "done" } } as Frame;

describe("Capture", () => {
  it("keeps what was observed, once, and gives the camera back", async () => {
    const s = stage();
    await s.capture.start("rest", "user");
    expect(s.capture.phase.value).toBe("live");
    await s.capture.observe();
    s.handlers()?.event(done);
    s.handlers()?.event(done);
    await vi.advanceTimersByTimeAsync(0);
    expect(s.kept).toEqual(["a1"]);
    expect(s.cameras).toEqual([{ stopped: true }]);
    expect(s.ended).toEqual(["s1"]);
    expect(s.capture.phase.value).toBe("choose");
  });

  it.each(["refused", "missing", "busy", "insecure"] as const)("says that the camera is %s", async (fault) => {
    const s = stage({ openCamera: () => Promise.reject(new Broken(fault)) });
    await s.capture.start("rest", "user");
    expect(s.capture.trouble.value).toMatchObject({ kind: fault, nextAt: null });
    expect(s.opened()).toBe(0);
  });

  it("gives back a camera that comes after somebody has gone", async () => {
    let open: (() => void) | undefined;
    const s = stage();
    const openCamera = s.capture as unknown as { means: Means };
    const really = openCamera.means.openCamera;
    openCamera.means.openCamera = async (f) => {
      await new Promise<void>((go) => (open = go));
      return really(f);
    };
    const started = s.capture.start("rest", "user");
    s.capture.stop();
    open?.();
    await started;
    expect(s.cameras).toEqual([{ stopped: true }]);
    expect(s.opened()).toBe(0);
  });

  it("tries a server that is gone again with the same camera, and then offers another way", async () => {
    const s = stage();
    await s.capture.start("rest", "user");
    await s.capture.observe();
    s.handlers()?.failed("lost");
    expect(s.capture.trouble.value?.kind).toBe("gone_server");
    expect(s.capture.trouble.value?.nextAt).not.toBeNull();
    await vi.advanceTimersByTimeAsync(1000);
    expect(s.capture.phase.value).toBe("live");
    expect(s.cameras).toHaveLength(1);
    expect(s.opened()).toBe(2);
  });

  it("gives up after some tries, and says so", async () => {
    const s = stage({ openSession: gone });
    await s.capture.start("rest", "user");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(s.capture.trouble.value).toEqual({ kind: "gone_server", said: "", nextAt: null });
  });

  it("comes again when the server says that there may be a place", async () => {
    let full = true;
    const s = stage({
      openSession: () => (full ? Promise.reject(new Problem("All places are taken.", "at_capacity", "", 503, 7)) : Promise.resolve({ id: "s" } as Session)),
    });
    await s.capture.start("rest", "user");
    expect(s.capture.trouble.value).toMatchObject({ kind: "capacity", said: "All places are taken." });
    full = false;
    await vi.advanceTimersByTimeAsync(6900);
    expect(s.capture.phase.value).toBe("trouble");
    await vi.advanceTimersByTimeAsync(200);
    expect(s.capture.phase.value).toBe("live");
  });

  it("switches the camera off when consent is withdrawn in the middle", async () => {
    const s = stage({ mayFilm: () => Promise.resolve(false) });
    await s.capture.start("rest", "user");
    s.handlers()?.failed("ended");
    await vi.advanceTimersByTimeAsync(0);
    expect(s.capture.trouble.value?.kind).toBe("consent");
    expect(s.cameras).toEqual([{ stopped: true }]);
  });

  it("pauses and goes on, and starts over after a pause that was too long", async () => {
    const s = stage();
    await s.capture.start("rest", "user");
    await s.capture.observe();
    s.capture.pause();
    s.capture.goOn();
    expect(s.paused).toEqual([true, false]);
    expect(s.capture.phase.value).toBe("observing");
    s.capture.pause();
    await vi.advanceTimersByTimeAsync(40_000);
    expect(s.capture.trouble.value?.kind).toBe("late_pause");
    await s.capture.retry();
    expect(s.capture.phase.value).toBe("live");
  });

  it("holds the place while the connection is interrupted, and goes on with the same session", async () => {
    const s = stage();
    await s.capture.start("rest", "user");
    s.handlers()?.interrupted(1);
    expect(s.capture.held.value).toBe(1);
    await s.capture.observe(); // there is nothing to begin with
    expect(s.capture.phase.value).toBe("live");
    s.handlers()?.resumed();
    await s.capture.observe();
    s.handlers()?.event({ type: "frame", capture: { state: "running", assessed_ms: 4000 } } as Frame);
    s.handlers()?.interrupted(Date.now() + 30_000);
    await vi.advanceTimersByTimeAsync(25_000);
    expect([s.capture.phase.value, s.capture.assessed, s.opened(), s.cameras]).toEqual(["observing", 4000, 1, [{ stopped: false }]]);
    s.handlers()?.resumed();
    expect(s.capture.held.value).toBeNull();
    s.handlers()?.event(done);
    await vi.advanceTimersByTimeAsync(0);
    expect([s.kept, s.ended]).toEqual([["a1"], ["s1"]]);
  });

  it("lets an interrupted pause last, and begins anew where the place is lost", async () => {
    const s = stage();
    await s.capture.start("rest", "user");
    await s.capture.observe();
    s.capture.pause();
    await vi.advanceTimersByTimeAsync(20_000);
    s.handlers()?.interrupted(Date.now() + 30_000);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(s.capture.phase.value).toBe("paused");
    s.handlers()?.failed("lost");
    expect([s.capture.phase.value, s.capture.held.value, s.ended]).toEqual(["trouble", null, ["s1"]]);
    await vi.advanceTimersByTimeAsync(1000);
    expect([s.capture.phase.value, s.opened(), s.cameras.length]).toEqual(["live", 2, 1]);
    expect(s.capture.notice.value).toContain("start the observation again");
  });

  it("asks a server that is gone to keep the observation again, under the same id", async () => {
    const ids: string[] = [];
    let there = false;
    const s = stage({
      keep: (_, id) => {
        ids.push(id);
        return there ? Promise.resolve({ id } as Assessment) : gone();
      },
    });
    await s.capture.start("rest", "user");
    await s.capture.observe();
    s.handlers()?.event(done);
    await vi.advanceTimersByTimeAsync(0);
    expect(s.capture.phase.value).toBe("trouble");
    there = true;
    await vi.advanceTimersByTimeAsync(1500);
    expect(ids).toEqual(["a1", "a1"]);
    expect(s.kept).toEqual(["a1"]);
  });
});
