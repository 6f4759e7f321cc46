// Sends the queue: one entry after the other, again after a while where the server does not answer, and never past a refusal.
import type { Queue, Queued, Refusal } from "./queue";

/** What became of a request. */
export type Outcome =
  | { kind: "done" }
  | { kind: "refused"; refusal: Refusal }
  | { kind: "later"; afterMs?: number } // no answer, or one that says to try again
  | { kind: "signed_out" }; // somebody has to sign in first

/** Says what became of a request by the server's answer; null for none. */
export function judge(answer: { status: number; code: string; detail: string; retryAfter: number | null } | null, now: number): Outcome {
  if (!answer) return { kind: "later" };
  const { status, code, detail, retryAfter } = answer;
  if (status >= 200 && status < 300) return { kind: "done" };
  if (status === 401 || code === "other_person") return { kind: "signed_out" };
  // Too many requests, a disk that is full, a database that is away, a proxy that waits for the server: none is about the entry.
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return retryAfter === null ? { kind: "later" } : { kind: "later", afterMs: retryAfter * 1000 };
  return { kind: "refused", refusal: { status, code, detail, at: now } };
}

const first = 1000;
const longest = 60_000;

/** How long to wait after so many tries that failed: doubling up to a minute, each time by chance a bit less, so that a ward of tablets does not come at once. */
export function pause(tries: number, random: number): number {
  const full = Math.min(longest, first * 2 ** Math.min(tries, 10));
  return full / 2 + (full / 2) * random;
}

interface Parts {
  queue: Queue;
  owner: () => string | null; // who is signed in
  send: (e: Queued) => Promise<Outcome>;
  changed: () => void; // the queue did
  signedOut: () => void;
  alone?: <T>(act: () => Promise<T>) => Promise<T>; // one tab at a time
  random?: () => number;
}

export class Sender {
  private running: Promise<void> | null = null;
  private asked = 0; // how often somebody wanted the queue sent
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(private readonly parts: Parts) {}

  /** Sends what there is, now. Called while it sends, it looks once more at the end. */
  kick(): Promise<void> {
    clearTimeout(this.timer);
    if (this.stopped) return Promise.resolve();
    this.asked++;
    if (this.running) return this.running;
    const alone = this.parts.alone ?? ((act) => act());
    const running = alone(() => this.run()).finally(() => {
      if (this.running === running) this.running = null;
    });
    this.running = running;
    return running;
  }

  /** Sends nothing any more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    let served: number;
    do {
      served = this.asked;
      const after = await this.drain();
      // Whoever asked meanwhile knows something newer than what failed, such as that the network is back.
      if (after !== null && served !== this.asked) this.tries = 0;
      else if (after !== null) {
        if (!this.isStopped()) this.timer = setTimeout(() => void this.kick(), after);
        return;
      }
    } while (served !== this.asked && !this.isStopped());
    this.running = null; // at once: whoever asks from here on is not served by this run
  }

  /** Sends until nothing is left; otherwise says after how many milliseconds to go on. */
  private async drain(): Promise<number | null> {
    const { queue, owner, send, changed, signedOut } = this.parts;
    for (;;) {
      const who = owner();
      const entry = who === null || this.isStopped() ? undefined : await queue.next(who);
      if (!entry || owner() !== entry.owner) return null;
      const outcome = await send(entry);
      switch (outcome.kind) {
        case "done":
          await queue.replace(entry.owner, [entry.id]);
          break;
        case "refused":
          await queue.mark(entry, outcome.refusal);
          break;
        case "signed_out":
          signedOut();
          return null;
        case "later":
          return Math.max(outcome.afterMs ?? 0, pause(this.tries++, (this.parts.random ?? Math.random)()));
      }
      this.tries = 0;
      changed();
    }
  }

  // A method, since the compiler would take the field for unchanged across an await.
  private isStopped(): boolean {
    return this.stopped;
  }
}
