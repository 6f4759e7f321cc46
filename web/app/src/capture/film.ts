import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { newID } from "../api/id";
import { sessions } from "../api/sessions";
import { source } from "../api/source";
import { History } from "../live/history";
import { Painter } from "../live/overlay";
import { type Facing, openCamera, publish } from "../live/publish";
import type { Frame, LiveEvent, Resident, Session } from "../model";
import { useFocusHeld } from "../parts/focus";
import { Capture, type Phase } from "./capture";
import { end, mark } from "./left";

const staleAfter = 2000; // ms after which a result says nothing about now
const keptFacing = "wince.camera";

/** Where a keyboard or a screen reader goes on when the screen has changed. */
const goesOn: Partial<Record<Phase, string>> = { live: ".controls .main:not(:disabled)", observing: ".progress", saving: ".progress" };

interface Aim<T> {
  who: Resident | null; // null for practice
  /** Starts what is to be observed: an assessment, or a baseline. */
  observe: (s: Session, seconds: number) => Promise<unknown>;
  /** Keeps what was observed; the id is the same at every try. */
  keep: (s: Session, id: string) => Promise<T>;
  kept: (v: T) => void;
  event?: (e: LiveEvent) => void;
}

/** A camera that films as long as a screen is shown, with all that draws what it sees. */
export function useFilm<T>({ who, observe, keep, kept, event }: Aim<T>) {
  const facing = useSignal<Facing>(localStorage.getItem(keptFacing) === "environment" ? "environment" : "user");
  const frame = useSignal<Frame | null>(null);
  const calm = useCalm(frame);
  const history = useMemo(() => new History(), []);
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useMemo(() => new Painter(), []);
  const film = useMemo(
    () =>
      new Capture<T>({
        openCamera,
        openSession: async (condition) => {
          const s = await sessions.open(who?.id ?? null, condition);
          mark({ session: s.id });
          return s;
        },
        endSession: (s) => void end(s),
        publish: (s, camera, on) =>
          publish(s, camera, {
            ...on,
            event: (e) => {
              event?.(e);
              on.event(e);
            },
          }),
        observe,
        keep,
        mayFilm: async () => !who || (await source.value.resident(who.id)).consent === "given",
        newID: () => {
          const id = newID();
          mark({ id });
          return id;
        },
        kept,
        frame: (f) => {
          frame.value = f;
          history.add(f);
          painter.face(f.face, f.state === "scored");
        },
        show: (camera) => {
          frame.value = null; // nothing of the session before is shown as if it were now
          history.clear();
          const v = video.current;
          if (!v) return;
          v.srcObject = camera;
          if (camera) void v.play().catch(() => undefined); // a picture that does not move yet is no failure
        },
      }),
    [],
  );
  useEffect(() => {
    const leave = () => film.leave();
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      film.stop();
    };
  }, []);
  useEffect(() => (canvas.current && video.current ? painter.over(video.current, canvas.current) : undefined), []);
  useSignalEffect(() => {
    if (!calm.value) painter.face(null, false); // nor are old lines drawn over a picture of now
  });
  const phase = film.phase.value;
  const on = phase !== "choose" && phase !== "trouble";
  useAwake(on);
  useFocusHeld(`${phase} ${film.held.value !== null}`, [`.stage ${goesOn[phase] ?? ".hint-box"}`, ".stage .hint-box"]);
  const face = (to: Facing) => {
    facing.value = to;
    localStorage.setItem(keptFacing, to);
  };
  return { film, calm, history, video, canvas, facing, face, phase, on };
}

/**
 * The newest frame, eight times a second: more is unrest to the eye and work for the tablet. Null when the results have
 * stopped coming, so that an old score is not read as one of now.
 */
function useCalm(frame: Signal<Frame | null>): Signal<Frame | null> {
  const calm = useSignal<Frame | null>(null);
  useEffect(() => {
    let newest = frame.value;
    let since = performance.now();
    const timer = window.setInterval(() => {
      if (frame.value !== newest) [newest, since] = [frame.value, performance.now()];
      calm.value = performance.now() - since < staleAfter ? newest : null;
    }, 125);
    return () => clearInterval(timer);
  }, []);
  return calm;
}

/** Keeps the tablet from going to sleep while somebody is filmed. */
function useAwake(on: boolean) {
  useEffect(() => {
    const locks = (navigator as Partial<Navigator>).wakeLock;
    if (!on || !locks) return;
    const held = locks.request("screen").catch(() => null);
    return () => void held.then((l) => l?.release());
  }, [on]);
}
