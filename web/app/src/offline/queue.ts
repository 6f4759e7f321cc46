// What was entered and the server has not acknowledged yet, in the order in which it was entered. Each entry belongs to the
// person who made it and is sealed with that person's key. Nothing leaves the queue but by the server's acknowledgement or by
// somebody's decision.
import { answer, read, within } from "./idb";
import { newKey, seal, unseal, type Sealed } from "./seal";

export type Kind = "assessment.add" | "assessment.fill" | "assessment.confirm" | "relief.add" | "event.add";

/** A request that changes records. The server does each id once, so it can be sent again. */
export interface Entry {
  id: string; // UUID of version 7, in the body too
  record: string; // id of the record; what concerns one record is sent in order
  kind: Kind;
  method: "POST" | "PATCH";
  path: string;
  body: Record<string, unknown>;
  version?: number; // for If-Match
  madeAt: number;
  resident: string; // id; empty for practice
  name: string; // of the resident, to be read by people
  note?: string; // what it says in short, such as the scale and its total
  whole?: Record<string, unknown>; // of a change of an assessment: all of it as it then was, to be kept as a new one
}

/** Why the server did not take an entry. */
export interface Refusal {
  status: number;
  code: string;
  detail: string;
  at: number;
}

export interface Queued extends Entry {
  seq: number;
  owner: string;
  refusal?: Refusal;
}

interface Row extends Sealed {
  seq?: number;
  id: string;
  owner: string;
  record: string;
  refused: boolean;
}

export interface Count {
  mine: number; // all of one's own, also the refused ones
  refused: number; // one's own that somebody has to decide on
  others: number; // wait for the people who made them
}

export class Queue {
  constructor(private readonly db: IDBDatabase) {}

  /** Adds entries at the end, all or none of them, and is done when they are on the disk. */
  async add(owner: string, entries: Entry[]): Promise<void> {
    await this.replace(owner, [], entries);
  }

  /** A person's entries, oldest first. */
  async list(owner: string): Promise<Queued[]> {
    const rows = (await this.rows()).filter((r) => r.owner === owner);
    if (rows.length === 0) return [];
    const key = await this.key(owner);
    const out: Queued[] = [];
    for (const r of rows) {
      const open = (await unseal(key, `queue ${owner} ${r.id}`, r)) as Entry & { refusal?: Refusal };
      out.push({ ...open, seq: r.seq ?? 0, owner });
    }
    return out;
  }

  /** What can be sent next: the oldest entry of a person with no refused one of the same record before it. */
  async next(owner: string): Promise<Queued | undefined> {
    const held = new Set<string>();
    for (const e of await this.list(owner)) {
      if (e.refusal) held.add(e.record);
      else if (!held.has(e.record)) return e;
    }
    return undefined;
  }

  /** Takes entries out: the server has them, or somebody decided so. Then entries may come in their place, in one go. */
  async replace(owner: string, ids: string[], entries: Entry[] = []): Promise<void> {
    const key = await this.key(owner);
    const rows: Row[] = [];
    for (const e of entries) rows.push({ id: e.id, owner, record: e.record, refused: false, ...(await seal(key, `queue ${owner} ${e.id}`, e)) });
    await within(this.db, ["queue"], "readwrite", async (t) => {
      const queue = t.objectStore("queue");
      for (const id of ids) {
        const seq = await answer(queue.index("id").getKey(id));
        if (seq !== undefined) await answer(queue.delete(seq));
      }
      for (const row of rows) await answer(queue.add(row));
    });
  }

  /** Marks an entry as refused, or with undefined as to be tried again. */
  async mark(e: Queued, refusal: Refusal | undefined): Promise<void> {
    const { seq, owner } = e;
    // Without a refusal the member is left out of what is written.
    const sealed = await seal(await this.key(owner), `queue ${owner} ${e.id}`, { ...e, refusal });
    await within(this.db, ["queue"], "readwrite", async (t) => {
      const queue = t.objectStore("queue");
      // It may have been taken out meanwhile, in another tab: then it stays out.
      if ((await answer(queue.getKey(seq))) === undefined) return;
      await answer(queue.put({ seq, id: e.id, owner, record: e.record, refused: refusal !== undefined, ...sealed } satisfies Row));
    });
  }

  /** How much waits, for whoever is signed in or for nobody. */
  async count(owner: string | null): Promise<Count> {
    const rows = await this.rows();
    const mine = rows.filter((r) => r.owner === owner);
    return { mine: mine.length, refused: mine.filter((r) => r.refused).length, others: rows.length - mine.length };
  }

  /** Destroys the keys of people who have nothing in the queue and are not signed in. */
  async tidy(owner: string | null): Promise<void> {
    await within(this.db, ["queue", "queue_keys"], "readwrite", async (t) => {
      const rows = (await answer(t.objectStore("queue").getAll())) as Row[];
      const keys = (await answer(t.objectStore("queue_keys").getAllKeys())) as string[];
      for (const k of keys) if (k !== owner && !rows.some((r) => r.owner === k)) await answer(t.objectStore("queue_keys").delete(k));
    });
  }

  private rows(): Promise<Row[]> {
    return within(this.db, ["queue"], "readonly", (t) => answer(t.objectStore("queue").getAll() as IDBRequest<Row[]>));
  }

  private async key(owner: string): Promise<CryptoKey> {
    const kept = await read<{ key: CryptoKey }>(this.db, "queue_keys", owner);
    if (kept) return kept.key;
    const fresh = await newKey();
    return within(this.db, ["queue_keys"], "readwrite", async (t) => {
      const keys = t.objectStore("queue_keys");
      // Another tab may have made one meanwhile; the first counts.
      const first = (await answer(keys.get(owner))) as { key: CryptoKey } | undefined;
      if (!first) await answer(keys.put({ owner, key: fresh }));
      return first?.key ?? fresh;
    });
  }
}
