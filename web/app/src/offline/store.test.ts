import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";

import { answer, openDatabase, within } from "./idb";
import { Queue, type Entry } from "./queue";
import { Vault } from "./vault";

const hour = 3_600_000;
let factory: IDBFactory;
let db: IDBDatabase;
let now: number;
const clock = () => now;
const dora = { owner: "dora", endsAt: 0, idleMs: hour };

beforeEach(async () => {
  factory = new IDBFactory();
  db = await openDatabase("wince", factory);
  now = Date.UTC(2026, 2, 1, 8);
  dora.endsAt = now + 12 * hour;
});

/** All that is on the disk, as text where it is text. */
async function disk(): Promise<string> {
  const rows = await Promise.all(
    (["signin", "answers", "queue"] as const).map((n) => within(db, [n], "readonly", (t) => answer(t.objectStore(n).getAll()))),
  );
  return JSON.stringify(rows, (_, v: unknown) => (v instanceof ArrayBuffer ? new TextDecoder().decode(v) : v instanceof Uint8Array ? "" : v));
}

const count = async (name: "signin" | "answers" | "queue" | "queue_keys") => within(db, [name], "readonly", (t) => answer(t.objectStore(name).count()));

describe("the vault", () => {
  it("recalls what was kept, with its time, after a restart, and shows none of it to who reads the disk", async () => {
    const vault = new Vault(db, clock);
    await vault.begin(dora);
    await vault.keep("/api/v1/residents", { residents: [{ name: "Greta Oak" }] });
    expect(await disk()).not.toContain("Greta");
    db.close();
    db = await openDatabase("wince", factory);
    now += hour / 2;
    const again = new Vault(db, clock);
    expect(await again.resume()).toEqual(dora);
    expect(await again.recall("/api/v1/residents")).toEqual({ value: { residents: [{ name: "Greta Oak" }] }, at: now - hour / 2 });
    expect(await again.recall("/api/v1/due")).toBeUndefined();
  });

  it("has a key that cannot be read out", async () => {
    await new Vault(db, clock).begin(dora);
    const row = await within(db, ["signin"], "readonly", (t) => answer(t.objectStore("signin").get("now") as IDBRequest<{ key: CryptoKey }>));
    expect(row.key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("raw", row.key)).rejects.toThrow();
  });

  const over: [string, (v: Vault) => Promise<unknown> | undefined][] = [
    ["at sign-out", (v) => v.end()],
    ["when another person signs in", (v) => v.begin({ ...dora, owner: "ben" })],
    ["at the end of the sign-in's life", (v) => ((now = dora.endsAt), v.touch())],
    ["when nobody used it for too long", (v) => ((now += hour), v.resume())],
    ["when the clock was set back", (v) => ((now -= hour), v.resume())],
  ];
  it.each(over)("destroys the records %s", async (_, end) => {
    const vault = new Vault(db, clock);
    await vault.begin(dora);
    await vault.keep("/api/v1/due", { due: [] });
    await end(vault);
    expect(await vault.recall("/api/v1/due")).toBeUndefined();
    expect(await count("answers")).toBe(0);
  });

  it("goes on while it is used", async () => {
    const vault = new Vault(db, clock);
    await vault.begin(dora);
    for (let i = 0; i < 4; i++) {
      now += hour - 1;
      await vault.touch();
    }
    expect(await vault.resume()).not.toBeNull();
  });

  it("keeps nothing without a sign-in", async () => {
    const vault = new Vault(db, clock);
    await vault.keep("/api/v1/due", { due: [] });
    expect(await count("answers")).toBe(0);
  });

  it("opens no answer under another address", async () => {
    const vault = new Vault(db, clock);
    await vault.begin(dora);
    await vault.keep("/api/v1/due", { due: [] });
    await within(db, ["answers"], "readwrite", async (t) => {
      const row = (await answer(t.objectStore("answers").get("/api/v1/due"))) as object;
      await answer(t.objectStore("answers").put({ ...row, path: "/api/v1/residents" }));
    });
    expect(await vault.recall("/api/v1/residents")).toBeUndefined();
  });
});

function entry(id: string, record = id, more: Partial<Entry> = {}): Entry {
  const body = { id, remarks: "her left hip" };
  return { id, record, kind: "assessment.add", method: "POST", path: "/api/v1/assessments", body, madeAt: 1, resident: "r", name: "Greta Oak", ...more };
}

describe("the queue", () => {
  it("keeps what was entered, in order, sealed, over a restart", async () => {
    await new Queue(db).add("dora", [entry("1"), entry("2", "1")]);
    await new Queue(db).add("dora", [entry("3")]);
    expect(await disk()).not.toMatch(/Greta|left hip/);
    db.close();
    db = await openDatabase("wince", factory);
    const list = await new Queue(db).list("dora");
    expect(list.map((e) => e.id)).toEqual(["1", "2", "3"]);
    expect(list[0]).toMatchObject({ ...entry("1"), owner: "dora" });
  });

  it("takes an id once, and all entries of one call or none", async () => {
    const queue = new Queue(db);
    await queue.add("dora", [entry("1")]);
    await expect(queue.add("dora", [entry("2"), entry("1")])).rejects.toThrow();
    expect((await queue.list("dora")).map((e) => e.id)).toEqual(["1"]);
  });

  it("counts other people's and does not open them", async () => {
    const queue = new Queue(db);
    await queue.add("dora", [entry("1"), entry("2")]);
    await queue.add("ben", [entry("3")]);
    expect(await queue.list("ben")).toHaveLength(1);
    expect(await queue.count("ben")).toEqual({ mine: 1, refused: 0, others: 2 });
    expect(await queue.count(null)).toEqual({ mine: 0, refused: 0, others: 3 });
  });

  it("holds back what follows a refusal of the same record, and nothing else", async () => {
    const queue = new Queue(db);
    await queue.add("dora", [entry("1"), entry("2", "1"), entry("3")]);
    const first = await queue.next("dora");
    expect(first?.id).toBe("1");
    if (first) await queue.mark(first, { status: 409, code: "conflict", detail: "No.", at: 5 });
    expect((await queue.next("dora"))?.id).toBe("3");
    await queue.replace("dora", ["3"]);
    expect(await queue.next("dora")).toBeUndefined();
    expect(await queue.count("dora")).toEqual({ mine: 2, refused: 1, others: 0 });
    expect((await queue.list("dora"))[0]?.refusal?.detail).toBe("No.");
    const [refused] = await queue.list("dora");
    if (refused) await queue.mark(refused, undefined);
    expect((await queue.next("dora"))?.id).toBe("1");
  });

  it("does not bring back what another tab took out", async () => {
    const queue = new Queue(db);
    await queue.add("dora", [entry("1")]);
    const [e] = await queue.list("dora");
    await queue.replace("dora", ["1"]);
    if (e) await queue.mark(e, { status: 409, code: "conflict", detail: "No.", at: 5 });
    expect(await queue.list("dora")).toEqual([]);
  });

  it("keeps the keys of those whose entries wait, and no others", async () => {
    const queue = new Queue(db);
    await queue.add("dora", [entry("1")]);
    await queue.add("ben", [entry("2")]);
    await queue.replace("ben", ["2"]);
    await queue.tidy(null);
    expect(await count("queue_keys")).toBe(1);
    expect(await queue.list("dora")).toHaveLength(1);
  });
});
