import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { asNew, chain, choices } from "./conflict";
import { openDatabase } from "./idb";
import { Queue, type Entry, type Queued } from "./queue";
import { judge, pause, Sender, type Outcome } from "./sender";

function entry(id: string, record = id, more: Partial<Entry> = {}): Entry {
  return { id, record, kind: "assessment.add", method: "POST", path: "/api/v1/assessments", body: { id }, madeAt: 1, resident: "r", name: "Greta Oak", ...more };
}

let queue: Queue;
let who: string | null;
let sent: string[];
let answers: Outcome[];
let signedOut: number;
let sender: Sender;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  queue = new Queue(await openDatabase("wince", new IDBFactory()));
  who = "dora";
  sent = [];
  answers = [];
  signedOut = 0;
  sender = new Sender({
    queue,
    owner: () => who,
    send: (e) => {
      sent.push(e.id);
      return Promise.resolve(answers.shift() ?? { kind: "done" });
    },
    changed: () => undefined,
    signedOut: () => signedOut++,
    random: () => 1,
  });
});
afterEach(() => vi.useRealTimers());

// fake-indexeddb runs on timers that are not faked here.
const settle = () => sender.kick();

describe("the sender", () => {
  it("sends in order and empties the queue", async () => {
    await queue.add("dora", [entry("1"), entry("2", "1"), entry("3")]);
    await settle();
    expect(sent).toEqual(["1", "2", "3"]);
    expect(await queue.count("dora")).toEqual({ mine: 0, refused: 0, others: 0 });
  });

  it("keeps what got no answer, sends nothing past it, and tries again later and later", async () => {
    answers = [{ kind: "later" }, { kind: "later" }];
    await queue.add("dora", [entry("1"), entry("2")]);
    await settle();
    expect(sent).toEqual(["1"]);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(sent).toEqual(["1"]);
    await vi.advanceTimersByTimeAsync(1);
    await vi.waitFor(() => expect(sent).toEqual(["1", "1"]));
    await settle(); // the network came back: at once
    expect(sent).toEqual(["1", "1", "1", "2"]);
    expect((await queue.count("dora")).mine).toBe(0);
  });

  it("waits as long as the server asks", async () => {
    answers = [{ kind: "later", afterMs: 30_000 }];
    await queue.add("dora", [entry("1")]);
    await settle();
    await vi.advanceTimersByTimeAsync(29_999);
    expect(sent).toEqual(["1"]);
    await vi.advanceTimersByTimeAsync(1);
    await vi.waitFor(() => expect(sent).toEqual(["1", "1"]));
  });

  it("tries again at once where somebody asked while it failed, as when the network came back", async () => {
    await queue.add("dora", [entry("1")]);
    let lost: (o: Outcome) => void = () => undefined;
    const under = new Sender({
      queue,
      owner: () => who,
      send: (e) => {
        sent.push(e.id);
        return sent.length === 1 ? new Promise((done) => (lost = done)) : Promise.resolve({ kind: "done" });
      },
      changed: () => undefined,
      signedOut: () => undefined,
      random: () => 1,
    });
    const running = under.kick();
    await vi.waitFor(() => expect(sent).toEqual(["1"]));
    void under.kick();
    lost({ kind: "later" });
    await running;
    expect(sent).toEqual(["1", "1"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps a refusal for a person and goes on with other records", async () => {
    const refusal = { status: 412, code: "stale", detail: "It was changed meanwhile.", at: 3 };
    answers = [{ kind: "refused", refusal }];
    await queue.add("dora", [entry("1"), entry("2", "1"), entry("3")]);
    await settle();
    expect(sent).toEqual(["1", "3"]);
    expect((await queue.list("dora")).map((e) => [e.id, e.refusal?.code])).toEqual([
      ["1", "stale"],
      ["2", undefined],
    ]);
  });

  it("never sends what another person entered", async () => {
    await queue.add("dora", [entry("1")]);
    who = "ben";
    await queue.add("ben", [entry("2")]);
    await settle();
    expect(sent).toEqual(["2"]);
    who = "dora";
    await settle();
    expect(sent).toEqual(["2", "1"]);
  });

  it("stops where somebody has to sign in, without losing anything", async () => {
    answers = [{ kind: "signed_out" }];
    await queue.add("dora", [entry("1"), entry("2")]);
    await settle();
    expect([sent, signedOut, vi.getTimerCount()]).toEqual([["1"], 1, 0]);
    expect((await queue.count("dora")).mine).toBe(2);
  });

  it("sends what is added while it sends", async () => {
    await queue.add("dora", [entry("1")]);
    const going = sender.kick();
    await queue.add("dora", [entry("2")]);
    void sender.kick();
    await going;
    await sender.stop();
    expect(sent).toEqual(["1", "2"]);
  });
});

describe("judge", () => {
  const said = (status: number, code = "x", retryAfter: number | null = null) => judge({ status, code, detail: "Because.", retryAfter }, 7);
  it.each([200, 201, 204])("takes %i for done", (s) => expect(said(s)).toEqual({ kind: "done" }));
  it.each([408, 425, 429, 500, 502, 503, 507])("tries again after %i", (s) => expect(said(s)).toEqual({ kind: "later" }));
  it.each([400, 403, 404, 409, 410, 412, 413, 422, 428])("asks a person about %i", (s) =>
    expect(said(s)).toEqual({ kind: "refused", refusal: { status: s, code: "x", detail: "Because.", at: 7 } }),
  );
  it("tries again without an answer", () => expect(judge(null, 7)).toEqual({ kind: "later" }));
  it("minds Retry-After", () => expect(said(503, "x", 5)).toEqual({ kind: "later", afterMs: 5000 }));
  it("asks for a sign-in", () => expect([said(401), said(409, "other_person")]).toEqual([{ kind: "signed_out" }, { kind: "signed_out" }]));
});

it("pauses longer and longer, up to a minute", () => {
  expect([0, 1, 2, 5, 6, 50].map((n) => pause(n, 1))).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000]);
  expect(pause(3, 0)).toBe(4000);
});

describe("a conflict", () => {
  const whole = { resident_id: "r", condition: "rest", scale: "painad", answers: { face: 1 } };
  const queued = (e: Entry, seq: number, code = ""): Queued => ({
    ...e,
    seq,
    owner: "dora",
    ...(code && { refusal: { status: 409, code, detail: "No.", at: 1 } }),
  });
  const add = queued(entry("1", "1", { whole }), 1, "conflict");
  const confirm = queued(entry("2", "1", { kind: "assessment.confirm", path: "/api/v1/assessments/1/confirm", version: 1, whole }), 2);
  const other = queued(entry("3"), 3);

  it("is decided on with what waits behind it", () => expect(chain([add, confirm, other], add).map((e) => e.id)).toEqual(["1", "2"]));

  it("is kept as a new one, confirmed where it was", () => {
    let n = 0;
    const made = asNew([add, confirm], () => `new${++n}`);
    expect(made.map((e) => [e.id, e.record, e.path, e.version])).toEqual([
      ["new1", "new1", "/api/v1/assessments", undefined],
      ["new2", "new1", "/api/v1/assessments/new1/confirm", 1],
    ]);
    expect(made[0]?.body).toEqual({ ...whole, id: "new1" });
    expect(made[1]?.body).toEqual({ id: "new2" });
  });

  it("is kept as a new relief", () => {
    const relief = queued(entry("9", "9", { kind: "relief.add", path: "/api/v1/residents/r/reliefs", body: { id: "9", measures: ["m"] } }), 4, "conflict");
    expect(asNew([relief], () => "10")).toEqual([
      { kind: "relief.add", method: "POST", path: "/api/v1/residents/r/reliefs", madeAt: 1, resident: "r", name: "Greta Oak", id: "10", record: "10", body: { id: "10", measures: ["m"] } },
    ]);
  });

  it.each([
    ["conflict", ["as_new", "discard"]],
    ["stale", ["as_new", "discard"]],
    ["erased", ["discard"]],
    ["not_found", ["discard"]],
    ["forbidden", ["again", "discard"]],
    ["invalid", ["again", "discard"]],
  ])("after %s offers %j", (code, offered) => expect(choices({ ...add, refusal: { status: 409, code, detail: "", at: 1 } })).toEqual(offered));

  it("of relief whose assessment the server does not have, keeps the relief", () => {
    const relief = { ...entry("9", "9", { kind: "relief.add", body: { id: "9", measures: ["cold"], assessment_id: "1" } }), seq: 1, owner: "dora", refusal: { status: 422, code: "invalid", detail: "", at: 1 } };
    expect(choices(relief)).toEqual(["again", "as_new", "discard"]);
    expect(asNew([relief], () => "10")).toMatchObject([{ id: "10", body: { id: "10", measures: ["cold"] } }]);
    expect(asNew([relief], () => "10")[0]?.body).not.toHaveProperty("assessment_id");
    // After any other refusal what it was given for stays.
    expect(asNew([{ ...relief, refusal: { ...relief.refusal, code: "conflict" } }], () => "10")[0]?.body).toHaveProperty("assessment_id", "1");
  });
});
