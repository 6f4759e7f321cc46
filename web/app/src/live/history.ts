import type { Frame } from "../model";

/** The scores of the last seconds, in uPlot's form. A frame without a score leaves a gap, never a zero. */
export class History {
  private t: number[] = [];
  private score: (number | null)[] = [];

  constructor(private readonly span = 20) {}

  add(f: Frame) {
    const now = f.t_ms / 1000;
    const last = this.t[this.t.length - 1];
    if (last !== undefined && now <= last) return; // it came late: a later one is drawn already
    if (last !== undefined && now - last > 1) {
      this.t.push(last + 0.001); // no line across a time without pictures
      this.score.push(null);
    }
    this.t.push(now);
    this.score.push(f.state === "scored" ? f.score : null);
    while (this.t.length > 0 && now - (this.t[0] ?? now) > this.span) {
      this.t.shift();
      this.score.shift();
    }
  }

  /** Forgets all: the next session counts its time from zero again. */
  clear() {
    this.t = [];
    this.score = [];
  }

  /** Seconds before now (0 is now) and scores. */
  data(): [number[], (number | null)[]] {
    const now = this.t[this.t.length - 1] ?? 0;
    return [this.t.map((t) => t - now), [...this.score]];
  }
}
