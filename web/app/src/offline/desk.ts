// The desk joins the parts: who is signed in, what the tablet keeps for them, what waits to be sent, and when it is sent.
import { effect, signal } from "@preact/signals";

import { account, expired, leave, life, me, returnTo } from "../api/account";
import { codeOf, connection, heard, Problem, signIn, unheard, v1 } from "../api/request";
import { answer, openDatabase, read, within } from "./idb";
import { Queue, type Count, type Entry, type Queued } from "./queue";
import { judge, Sender, type Outcome } from "./sender";
import { Vault } from "./vault";

/** How much waits to be sent. */
export const unsent = signal<Count>({ mine: 0, refused: 0, others: 0 });
/** One's own entries that wait, oldest first. */
export const entries = signal<Queued[]>([]);
/** Whether something that was entered about a resident waits. */
export const unsentOf = (resident: string) => entries.value.some((e) => e.resident === resident);
/** Whether something of a record waits. */
export const waitsFor = (record: string) => entries.value.some((e) => e.record === record);
/** Whether this tablet can work without the network at all; undefined while that is not known. */
export const able = signal<boolean | undefined>(undefined);

export interface Desk {
  db: IDBDatabase;
  vault: Vault;
  queue: Queue;
  sender: Sender;
  /** Looks again at what waits, here and in other tabs. */
  changed: () => Promise<void>;
  /** Is done when the vault has taken in who signed in or out last. */
  settled: () => Promise<unknown>;
}

let open: Desk | null = null;
export const desk = () => open;

interface SignedIn {
  user: NonNullable<typeof me.value>;
  method: NonNullable<Parameters<typeof returnTo>[0]["method"]>;
}

const others = "BroadcastChannel" in globalThis ? new BroadcastChannel("wince") : null;

/** Opens what is kept on the tablet. Without IndexedDB the page works with the network only. */
export async function openDesk(): Promise<void> {
  let db: IDBDatabase;
  try {
    db = await openDatabase();
  } catch {
    able.value = false;
    return;
  }
  const vault = new Vault(db);
  const queue = new Queue(db);
  const look = async () => {
    const who = me.peek()?.id ?? null;
    unsent.value = await queue.count(who);
    entries.value = who === null ? [] : await queue.list(who);
  };
  const changed = async () => {
    others?.postMessage("changed");
    await look();
  };
  const sender = new Sender({
    queue,
    owner: () => (expired.peek() ? null : (me.peek()?.id ?? null)),
    send,
    changed: () => void changed(),
    signedOut: () => {
      if (me.peek()) expired.value = true;
    },
    alone: (act) => navigator.locks.request("wince-send", act),
  });
  // Who is signed in decides whose records are here. One step after the other, or a sign-out could be overtaken.
  let last: Promise<unknown> = Promise.resolve();
  const then = (act: () => Promise<unknown>) => {
    last = last.then(act).catch(() => undefined);
  };
  open = { db, vault, queue, sender, changed, settled: () => last };
  if (others) others.onmessage = () => void look();
  await look();
  follow(open, look, then);
  able.value = true;
  void navigator.storage.persist().catch(() => false); // so that a full tablet does not throw away what waits
}

function follow({ db, vault, queue, sender }: Desk, look: () => Promise<void>, then: (act: () => Promise<unknown>) => void) {
  effect(() => {
    const [user, over, until] = [me.value, expired.value, life.value];
    if (user === undefined) return;
    if (user === null || over) {
      then(async () => {
        await vault.end();
        await queue.tidy(user?.id ?? null);
        await look();
      });
    } else if (until) {
      then(async () => {
        await vault.begin({ owner: user.id, ...until });
        await vault.keep("me", { user, method: until.method });
        await note(db, "signout", false); // who signed in now is somebody else's cookie, or the same person again
        await look();
        void sender.kick();
      });
    }
  });

  // Offline since when: kept, so that a page that is loaded anew does not begin to count again.
  effect(() => {
    const c = connection.value;
    if (c.fresh) {
      void note(db, "offline", false);
      void sender.kick();
      return;
    }
    void read<{ since: number }>(db, "meta", "offline").then((kept) => {
      if (kept && kept.since < c.since) connection.value = { fresh: false, since: kept.since };
      else if (!kept) void note(db, "offline", true, c.since);
    });
    probe();
  });

  // Use of the tablet keeps the records on it, as it keeps the sign-in at the server.
  let touched = 0;
  const touch = () => {
    if (Date.now() - touched < 30_000 || !me.peek()) return;
    touched = Date.now();
    then(() => vault.touch());
  };
  for (const kind of ["pointerdown", "keydown"]) window.addEventListener(kind, touch, { passive: true });
  const over = () => {
    if (connection.peek().fresh || !me.peek()) return;
    then(async () => {
      if (!(await vault.resume()) && !connection.peek().fresh) leave();
    });
  };
  setInterval(over, 20_000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) over();
  });
  window.addEventListener("online", () => void sender.kick());
}

function note(db: IDBDatabase, name: "offline" | "signout", there: boolean, since = Date.now()): Promise<void> {
  return within(db, ["meta"], "readwrite", async (t) => {
    const meta = t.objectStore("meta");
    if (there) await answer(meta.put({ name, since }));
    else await answer(meta.delete(name));
  });
}

let probing = 0;

/** Asks now and then whether the server is back. */
function probe(wait = 2000) {
  clearTimeout(probing);
  probing = window.setTimeout(() => {
    if (connection.peek().fresh) return;
    fetch("/healthz", { cache: "no-store", credentials: "omit" }).then(heard, () => probe(Math.min(Math.max(wait, 1000) * 1.5, 20_000)));
  }, wait);
}
window.addEventListener("online", () => {
  if (!connection.peek().fresh) probe(0);
});

async function send(e: Queued): Promise<Outcome> {
  const headers: Record<string, string> = { Accept: "application/json", "Content-Type": "application/json", "Wince-Person": e.owner };
  if (e.version !== undefined) headers["If-Match"] = `"${e.version}"`;
  let r: Response;
  try {
    r = await fetch(e.path, { method: e.method, headers, body: JSON.stringify(e.body), credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(20_000) });
  } catch {
    unheard();
    return judge(null, Date.now());
  }
  heard();
  const p = r.ok ? {} : ((await r.json().catch(() => ({}))) as { detail?: string; code?: string });
  const after = Number(r.headers.get("Retry-After") ?? NaN);
  return judge({ status: r.status, code: p.code ?? "", detail: p.detail ?? "", retryAfter: Number.isFinite(after) ? after : null }, Date.now());
}

/** Goes on without the server where this tablet may: says whether somebody is signed in now. */
export async function resume(): Promise<boolean> {
  const d = open;
  const kept = d ? await d.vault.recall("me") : undefined;
  const until = d ? await d.vault.resume() : null;
  if (!kept || !until) return false;
  const { user, method } = kept.value as SignedIn;
  returnTo({ user, method, endsAt: until.endsAt, idleMs: until.idleMs });
  return true;
}

/** Puts entries into the queue, in the name of who is signed in, and sends them as soon as that is possible. */
export async function enqueue(of: Entry[]): Promise<void> {
  const who = me.peek();
  if (!open || !who) throw new Problem("", "server_gone");
  await open.queue.add(who.id, of);
  await open.changed();
  void open.sender.kick();
}

/** Signs out here, and on the server: as soon as it answers, where it does not now. */
export async function signOut(): Promise<void> {
  const again = signIn.again;
  signIn.again = null; // whoever leaves is not asked to sign in
  try {
    await account.signOut();
  } catch (e) {
    if (open && codeOf(e) === "server_gone") await note(open.db, "signout", true);
  } finally {
    signIn.again = again;
    await open?.vault.end();
  }
}

/** Ends a sign-in at the server that was ended here while it did not answer: the browser still holds its cookie. */
export async function settle(): Promise<void> {
  if (!open || !(await read(open.db, "meta", "signout"))) return;
  let r: Response;
  try {
    r = await fetch(`${v1}/logout`, { method: "POST", credentials: "same-origin" });
  } catch {
    unheard();
    throw new Problem("", "server_gone");
  }
  heard();
  if (r.ok || r.status === 401) await note(open.db, "signout", false);
}
