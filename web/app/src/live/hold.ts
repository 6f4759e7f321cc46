import { Problem } from "../api/request";

/** How long the place of a connection that was interrupted is held, ms. The server keeps it a little longer. */
export const holdFor = 30_000;
const tryEvery = 1000;
const connectIn = 5000; // ms that a way which was agreed on has to come about

interface Line {
  /** Agrees with the server on a way between the two anew; throws where it does not answer. */
  restart: () => Promise<void>;
  interrupted: (until: number) => void;
  resumed: () => void;
  /** There is nothing to go on with. */
  lost: () => void;
}

/** Whether the server has answered and will never say anything else, as when it was started anew and knows nothing of the connection. */
function final(e: unknown): boolean {
  if (e instanceof Problem) return e.status >= 400 && e.status < 500 && e.status !== 408 && e.status !== 429;
  return !(e instanceof DOMException && e.name === "AbortError");
}

/** Holds the place of an interrupted connection, and tries to go on with it, until it stands again or the time is over. */
export class Hold {
  private until = 0;
  private since = 0;
  private limit = 0;
  private trying = false;
  private wake: (() => void) | null = null;

  constructor(private readonly line: Line) {}

  get on(): boolean {
    return this.until > 0;
  }

  begin() {
    if (this.on) return this.hurry();
    this.since = Date.now();
    this.until = this.since + holdFor;
    this.limit = window.setTimeout(() => this.lose(), holdFor);
    this.line.interrupted(this.until);
    void this.tries();
  }

  /** The network may be back: the next try is made at once. */
  hurry() {
    this.wake?.();
  }

  /** The connection stands. */
  end() {
    if (!this.on) return;
    this.close();
    this.line.resumed();
  }

  /** A result has come, which shows that the connection stands, unless it was under way before. */
  heard() {
    if (this.on && Date.now() - this.since > tryEvery) this.end();
  }

  close() {
    clearTimeout(this.limit);
    this.until = 0;
    this.wake?.();
  }

  private lose() {
    if (!this.on) return;
    this.close();
    this.line.lost();
  }

  private async tries() {
    if (this.trying) return;
    this.trying = true;
    while (this.on) {
      try {
        await this.line.restart();
        await this.rest(connectIn);
      } catch (e) {
        if (final(e)) this.lose();
        else await this.rest(tryEvery);
      }
    }
    this.trying = false;
  }

  private async rest(ms: number) {
    if (!this.on) return;
    await new Promise<void>((done) => {
      const timer = window.setTimeout(done, ms);
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
    this.wake = null;
  }
}
