// The records on this tablet: what the server answered, sealed with a key that lives as long as a sign-in does. Destroying
// the key destroys them. docs/decisions/0088 says what that protects and what it does not.
import { answer, read, within, type StoreName } from "./idb";
import { newKey, seal, unseal, type Sealed } from "./seal";

/** How long a sign-in lasts, as the server said. Times are milliseconds since 1970. */
export interface SignIn {
  owner: string; // id of the person
  endsAt: number;
  idleMs: number; // it ends, too, when nobody touched the tablet for so long
}

interface Row extends SignIn {
  slot: "now";
  usedAt: number;
  key: CryptoKey;
}

interface AnswerRow extends Sealed {
  path: string;
  at: number;
}

/** A stored answer, and when the server gave it. */
export interface Answer {
  value: unknown;
  at: number;
}

export class Vault {
  constructor(
    private readonly db: IDBDatabase,
    private readonly now: () => number = Date.now,
  ) {}

  /** Begins or goes on with a sign-in that the server confirmed. Another person's records go first. */
  async begin(s: SignIn): Promise<void> {
    const old = await this.current();
    if (old?.owner === s.owner) {
      await this.put({ ...old, ...s, usedAt: this.now() });
      return;
    }
    const key = await newKey();
    await within(this.db, ["signin", "answers"], "readwrite", async (t) => {
      await answer(t.objectStore("answers").clear());
      await answer(t.objectStore("signin").put({ slot: "now", ...s, usedAt: this.now(), key } satisfies Row));
    });
  }

  /** The sign-in that goes on without the server; null where there is none or its time is over, and then its records are gone. */
  async resume(): Promise<SignIn | null> {
    const row = await this.current();
    return row ? { owner: row.owner, endsAt: row.endsAt, idleMs: row.idleMs } : null;
  }

  /** Somebody uses the tablet. */
  async touch(): Promise<void> {
    const row = await this.current();
    if (row) await this.put({ ...row, usedAt: this.now() });
  }

  /** Destroys the key and the records: at sign-out, or when the server says that the sign-in is over. */
  async end(): Promise<void> {
    await within(this.db, ["signin", "answers"], "readwrite", async (t) => {
      await answer(t.objectStore("signin").clear());
      await answer(t.objectStore("answers").clear());
    });
  }

  /** Keeps what the server answered. Without a sign-in nothing is kept. */
  async keep(path: string, value: unknown): Promise<void> {
    const row = await this.current();
    if (!row) return;
    const at = this.now();
    const sealed = await seal(row.key, `answers ${row.owner} ${path} ${at}`, value);
    await within(this.db, ["signin", "answers"], "readwrite", async (t) => {
      // Sealing took a moment: somebody else may have signed in, whose records these are not.
      const still = (await answer(t.objectStore("signin").get("now"))) as Row | undefined;
      if (still?.owner === row.owner) await answer(t.objectStore("answers").put({ path, at, ...sealed } satisfies AnswerRow));
    });
  }

  /** What the server answered last, with the time; undefined where nothing is kept. */
  async recall(path: string): Promise<Answer | undefined> {
    const row = await this.current();
    if (!row) return undefined;
    const kept = await read<AnswerRow>(this.db, "answers", path);
    if (!kept) return undefined;
    try {
      return { value: await unseal(row.key, `answers ${row.owner} ${path} ${kept.at}`, kept), at: kept.at };
    } catch {
      return undefined; // sealed with a key that is gone
    }
  }

  /** Forgets what is kept under a name. */
  async forget(path: string): Promise<void> {
    await within(this.db, ["answers"], "readwrite", (t) => answer(t.objectStore("answers").delete(path)));
  }

  /** What answers are kept under. */
  async names(): Promise<string[]> {
    return within(this.db, ["answers"], "readonly", async (t) => (await answer(t.objectStore("answers").getAllKeys())) as string[]);
  }

  private async current(): Promise<Row | null> {
    const row = await read<Row>(this.db, "signin", "now");
    if (!row) return null;
    const now = this.now();
    // A clock that went back by more than a moment would stretch the time.
    if (now < row.endsAt && now - row.usedAt < row.idleMs && now > row.usedAt - 120_000) return row;
    await this.end();
    return null;
  }

  private put(row: Row): Promise<unknown> {
    return within(this.db, ["signin"] satisfies StoreName[], "readwrite", async (t) => {
      const still = (await answer(t.objectStore("signin").get("now"))) as Row | undefined;
      if (still?.owner === row.owner) await answer(t.objectStore("signin").put(row));
    });
  }
}
