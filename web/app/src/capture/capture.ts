import { signal } from "@preact/signals";

import { codeOf, Problem, sentence } from "../api/request";
import { t, tOr } from "../i18n";
import { Broken, type Facing, type Fault, type Handlers, type Publication } from "../live/publish";
import type { Assessment, Condition, Frame, LiveEvent, Session } from "../model";

export type Phase = "choose" | "opening" | "live" | "observing" | "paused" | "saving" | "trouble";

/** What is in the way, for which there is a screen that says what to do. */
export type TroubleKind = Fault | "gone_server" | "capacity" | "consent" | "conflict" | "late_pause" | "other";

export interface Trouble {
  kind: TroubleKind;
  /** The server's own sentence, where there is one. */
  said: string;
  /** When the next try is made by itself, in ms since 1970. */
  nextAt: number | null;
}

/** What a capture needs of the tablet and the server. */
export interface Means<T = Assessment> {
  openCamera: (facing: Facing) => Promise<MediaStream>;
  openSession: (condition: Condition) => Promise<Session>;
  endSession: (s: Session) => void;
  publish: (s: Session, camera: MediaStream, on: Handlers) => Promise<Publication>;
  observe: (s: Session, seconds: number) => Promise<unknown>;
  /** Keeps what a session observed; the id is the same at every try. */
  keep: (s: Session, id: string) => Promise<T>;
  /** Whether the resident may still be filmed. */
  mayFilm: () => Promise<boolean>;
  newID: () => string;
  kept: (a: T) => void;
  frame: (f: Frame) => void;
  /** The camera's picture, to be shown; null once it is given back. */
  show: (camera: MediaStream | null) => void;
}

export const seconds = 10;
// The server waits for pictures for forty seconds at a time, and then ends an observation by itself.
const longestPause = 35_000;
// When a connection that is interrupted has something to go on with.
const holdable: Phase[] = ["live", "observing", "paused"];
// When a server that is gone is asked again, ms after each try.
const tries = [1000, 2000, 4000, 8000];

/** One camera assessment, or one baseline, from the choice of a camera to what the server keeps of it. It owns the camera and gives it back. */
export class Capture<T = Assessment> {
  readonly phase = signal<Phase>("choose");
  readonly trouble = signal<Trouble | null>(null);
  readonly notice = signal("");
  /** Until when the place is held while the connection is interrupted, in ms since 1970; null while it stands. */
  readonly held = signal<number | null>(null);
  /** How much was seen of what is observed, ms. */
  assessed = 0;

  private camera: MediaStream | null = null;
  private session: Session | null = null;
  private publication: Publication | null = null;
  private attempt = 0; // counts starts and stops, so that a start knows whether it is still wanted
  private timer = 0;
  private tried = 0;
  private lost = false; // an observation was under way when the connection or the server went
  private unkept = false; // an observation is done, and the server has not kept it yet
  private id = "";
  private last: { condition: Condition; facing: Facing } | null = null;

  constructor(private readonly means: Means<T>) {}

  /** Opens the camera and a session, and sends the picture. */
  async start(condition: Condition, facing: Facing) {
    this.stop();
    this.last = { condition, facing };
    this.tried = 0;
    await this.open();
  }

  /** Gives all back; what was observed and not kept is gone. */
  stop() {
    this.attempt++;
    clearTimeout(this.timer);
    this.unkept = this.lost = false;
    this.disconnect();
    this.camera?.getTracks().forEach((track) => track.stop());
    if (this.camera) this.means.show(null);
    this.camera = null;
    this.trouble.value = null;
    this.notice.value = "";
    this.phase.value = "choose";
  }

  /** The page goes: the camera is given back. The session stays, so that the page, loaded again, can go on from what was observed. */
  leave() {
    this.session = null;
    this.stop();
  }

  /** Begins anew with the same camera, or with one that is opened again. */
  async retry() {
    if (!this.last) return;
    this.tried = 0;
    if (this.unkept) await this.save();
    else await this.open();
  }

  async observe() {
    const s = this.session;
    if (!s || this.phase.value !== "live" || this.held.value !== null) return;
    this.notice.value = "";
    const mine = this.attempt;
    try {
      await this.means.observe(s, seconds);
      if (this.attempt === mine) {
        this.assessed = 0;
        this.id = this.means.newID();
        this.phase.value = "observing";
      }
    } catch (e) {
      if (this.attempt === mine) this.fail(e);
    }
  }

  /** Sends nothing until it goes on: the time does not count. */
  pause() {
    if (this.phase.value !== "observing") return;
    this.publication?.pause(true);
    this.phase.value = "paused";
    this.awaitPause();
  }

  private awaitPause() {
    this.timer = window.setTimeout(() => {
      this.disconnect();
      this.report("late_pause");
    }, longestPause);
  }

  goOn() {
    if (this.phase.value !== "paused") return;
    clearTimeout(this.timer);
    this.publication?.pause(false);
    this.phase.value = "observing";
  }

  private disconnect() {
    this.held.value = null;
    this.publication?.close();
    this.publication = null;
    if (this.session) this.means.endSession(this.session);
    this.session = null;
  }

  private async open() {
    const { last } = this;
    if (!last) return;
    const mine = ++this.attempt;
    const wanted = () => this.attempt === mine;
    clearTimeout(this.timer);
    this.disconnect();
    this.trouble.value = null;
    this.phase.value = "opening";
    try {
      // Whoever starts the camera may stop it or leave the screen while it opens: what comes after that is given back.
      if (!this.camera?.active) {
        const camera = await this.means.openCamera(last.facing);
        if (!wanted()) return camera.getTracks().forEach((track) => track.stop());
        this.camera = camera;
        this.means.show(camera);
      }
      const session = await this.means.openSession(last.condition);
      if (!wanted()) return this.means.endSession(session);
      this.session = session;
      const publication = await this.means.publish(session, this.camera, {
        connected: () => {
          if (!wanted() || this.phase.value !== "opening") return;
          this.tried = 0;
          this.phase.value = "live";
          if (this.lost) this.notice.value = t("capture.anew");
          this.lost = false;
        },
        interrupted: (until) => {
          if (!wanted() || !holdable.includes(this.phase.value)) return;
          this.held.value = until;
          if (this.phase.value === "paused") clearTimeout(this.timer);
        },
        resumed: () => {
          if (!wanted() || this.held.value === null) return;
          this.held.value = null;
          if (this.phase.value === "paused") this.awaitPause();
        },
        event: (e) => {
          if (wanted()) this.event(e);
        },
        failed: (fault) => {
          // With the server its connection goes; what is done there is asked for all the same.
          if (wanted() && !this.unkept) this.fail(new Broken(fault));
        },
      });
      if (wanted()) this.publication = publication;
      else publication.close();
    } catch (e) {
      if (wanted()) this.fail(e);
    }
  }

  private event(e: LiveEvent) {
    switch (e.type) {
      case "frame":
        this.means.frame(e);
        if (e.capture.state === "running") this.assessed = e.capture.assessed_ms;
        // The observation event may be lost on the way; the next frame says so too.
        if (this.phase.value === "observing" && e.capture.state === "done") void this.save();
        break;
      case "observation":
        if (this.phase.value === "observing" || this.phase.value === "paused") void this.save();
        break;
      case "notice":
        this.notice.value = tOr(`capture.notice.${e.code}`, e.text);
        break;
    }
  }

  private async save() {
    const s = this.session;
    if (!s) return;
    clearTimeout(this.timer);
    this.unkept = true;
    this.trouble.value = null;
    this.phase.value = "saving";
    const mine = this.attempt;
    try {
      const a = await this.means.keep(s, this.id);
      if (this.attempt !== mine) return;
      this.stop();
      this.means.kept(a);
    } catch (e) {
      if (this.attempt !== mine) return;
      // The observation is still in the server: it is asked again for as long as there is hope.
      if (codeOf(e) === "server_gone") {
        if (!this.again(() => void this.save())) this.report("gone_server");
        return;
      }
      this.unkept = false;
      this.fail(e);
    }
  }

  /** Plans another try where there is one left, and says so. */
  private again(what: () => void): boolean {
    const wait = tries[this.tried];
    if (wait === undefined) return false;
    this.tried++;
    this.report("gone_server", "", wait);
    this.timer = window.setTimeout(what, wait);
    return true;
  }

  private report(kind: TroubleKind, said = "", wait: number | null = null) {
    this.trouble.value = { kind, said, nextAt: wait === null ? null : Date.now() + wait };
    this.phase.value = "trouble";
  }

  private fail(e: unknown) {
    const fault = e instanceof Broken ? e.fault : null;
    const code = codeOf(e);
    if (fault === "lost" || code === "server_gone") {
      this.lost ||= this.phase.value === "observing" || this.phase.value === "paused";
      this.disconnect();
      if (!this.again(() => void this.open())) this.report("gone_server");
      return;
    }
    if (fault === "ended" || code === "session_closed" || code === "session_unknown") {
      // The server ends sessions when consent is withdrawn; only the resident's record says so for sure.
      const mine = this.attempt;
      this.disconnect();
      this.report("ended");
      this.means.mayFilm().then(
        (may) => {
          if (this.attempt === mine && !may) this.withdraw();
        },
        () => undefined,
      );
      return;
    }
    this.disconnect();
    if (fault) {
      if (fault !== "blocked") this.release();
      this.report(fault);
    } else if (code === "no_consent" || code === "erased") {
      this.withdraw(sentence(e));
    } else if (code === "at_capacity" && e instanceof Problem) {
      const wait = 1000 * (e.retryAfter ?? 10);
      this.report("capacity", sentence(e), wait);
      this.timer = window.setTimeout(() => void this.open(), wait);
    } else if (code === "stream_conflict") {
      this.report("conflict", sentence(e));
    } else {
      this.report("other", sentence(e));
    }
  }

  private release() {
    this.camera?.getTracks().forEach((track) => track.stop());
    if (this.camera) this.means.show(null);
    this.camera = null;
  }

  /** Without consent the camera goes off at once. */
  private withdraw(said = "") {
    this.release();
    this.report("consent", said);
  }
}
