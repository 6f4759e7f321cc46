import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { assessments } from "../api/assessments";
import { newID } from "../api/id";
import { sentence } from "../api/request";
import { sessions } from "../api/sessions";
import { source } from "../api/source";
import { t } from "../i18n";
import { number } from "../i18n/format";
import { History } from "../live/history";
import { drawFace } from "../live/overlay";
import { type Facing, openCamera, type Publication, publish } from "../live/publish";
import { useLoaded } from "../load";
import type { Condition, Frame, LiveEvent, Session } from "../model";
import { Bars } from "../parts/bars";
import { Button } from "../parts/button";
import { Choice } from "../parts/choice";
import { Trouble } from "../parts/trouble";
import { Page } from "../parts/page";
import { Ring } from "../parts/ring";
import { Trace } from "../parts/trace";
import { go, to } from "../route";
import type { Params } from "../screens";
import { describe } from "../words";

const seconds = 10;
const threshold = 2; // the server's reading aid, drawn as a dashed line
const staleAfter = 2000; // ms after which a result says nothing about now

type Phase = "choose" | "connecting" | "live" | "observing" | "saving";


/** What a running camera holds and must give back. */
interface Running {
  camera: MediaStream;
  session: Session;
  publication: Publication | null;
}

export function Capture({ params }: { params: Params }) {
  const resident = params.id ?? null;
  const conditions = (["rest", "movement"] as const).map((value) => ({ value, label: t(`face.condition.${value}`), hint: t(`face.conditionHint.${value}`), icon: value }));
  const cameras = [
    { value: "user" as const, label: t("capture.front") },
    { value: "environment" as const, label: t("capture.back") },
  ];
  const phase = useSignal<Phase>("choose");
  const condition = useSignal<Condition | null>(null);
  const facing = useSignal<Facing>("user");
  const wrong = useSignal("");
  const frame = useSignal<Frame | null>(null);
  const calm = useCalm(frame);
  const history = useMemo(() => new History(), []);
  const running = useRef<Running | null>(null);
  const attempt = useRef(0); // counts starts and stops, so that a start knows whether it is still wanted
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { value: who } = useLoaded(async () => (resident ? await source.value.resident(resident) : null), resident ?? "practice");

  const stop = () => {
    attempt.current++;
    const r = running.current;
    running.current = null;
    if (!r) return;
    r.publication?.close();
    r.camera.getTracks().forEach((t) => t.stop());
    void sessions.end(r.session.id).catch(() => undefined);
  };
  useEffect(() => stop, []);

  const fail = (said: string) => {
    stop();
    wrong.value = said;
    phase.value = "choose";
  };

  const save = async () => {
    const r = running.current;
    if (!r) return;
    phase.value = "saving";
    try {
      const kept = await assessments.add({ id: newID(), session_id: r.session.id });
      stop();
      go(to("a", kept.id));
    } catch (e) {
      // The observation is still in the server: the carer can observe again, or stop.
      wrong.value = sentence(e);
      phase.value = "live";
    }
  };

  const event = (e: LiveEvent) => {
    switch (e.type) {
      case "frame": {
        frame.value = e;
        history.add(e);
        const c = canvas.current;
        const v = video.current;
        if (c && v && v.videoWidth > 0) {
          if (c.width !== v.videoWidth || c.height !== v.videoHeight) {
            c.width = v.videoWidth;
            c.height = v.videoHeight;
          }
          drawFace(c, e.face, e.state === "scored");
        }
        // The observation event may be lost on the way; the next frame says so too.
        if (phase.value === "observing" && e.capture.state === "done") void save();
        break;
      }
      case "observation":
        if (phase.value === "observing") void save();
        break;
      case "notice":
        wrong.value = e.text;
        break;
    }
  };

  const start = async () => {
    if (!condition.value) {
      wrong.value = t("capture.chooseCondition");
      return;
    }
    wrong.value = "";
    frame.value = null; // nothing of the session before is shown as if it were now
    history.clear();
    phase.value = "connecting";
    const mine = ++attempt.current;
    const wanted = () => attempt.current === mine;
    let camera: MediaStream | null = null;
    let r: Running | null = null;
    try {
      // Whoever starts the camera may stop it or leave the screen while it opens: what comes after that is given back.
      camera = await openCamera(facing.value);
      const session = wanted() ? await sessions.open(resident, condition.value) : null;
      if (session && wanted()) r = running.current = { camera, session, publication: null };
      else if (session) void sessions.end(session.id).catch(() => undefined);
      if (!r) return;
      if (video.current) {
        video.current.srcObject = camera;
        await video.current.play().catch(() => undefined); // a picture that does not move yet is no failure
      }
      if (!wanted()) return;
      const publication = await publish(r.session, camera, {
        connected: () => {
          if (wanted() && phase.value === "connecting") phase.value = "live";
        },
        event: (e) => {
          if (wanted()) event(e);
        },
        failed: (said) => {
          if (wanted()) fail(said);
        },
      });
      if (wanted()) r.publication = publication;
      else publication.close();
    } catch (e) {
      if (wanted()) fail(sentence(e));
    } finally {
      if (!r) camera?.getTracks().forEach((t) => t.stop());
    }
  };

  const observe = async () => {
    const r = running.current;
    if (!r) return;
    wrong.value = "";
    try {
      await sessions.capture(r.session, seconds);
      if (running.current === r) phase.value = "observing"; // else the camera was stopped meanwhile
    } catch (e) {
      wrong.value = sentence(e);
    }
  };

  const on = phase.value !== "choose";
  const title = resident ? (who.value?.name ?? t("capture.title")) : t("capture.practiceTitle");
  return (
    <Page
      title={title}
      lead={on && condition.value ? t(`face.condition.${condition.value}`) : t("capture.title")}
      {...(on ? {} : { back: resident ? { href: to("r", resident), to: title } : { href: to("practice"), to: t("shell.practice") } })}
      actions={
        on && (
          <Button icon="close" disabled={phase.value === "saving"} onClick={() => (stop(), (phase.value = "choose"), (frame.value = null))}>
            {t("capture.stop")}
          </Button>
        )
      }
    >
      <Trouble said={wrong.value} />
      {!on && (
        <section class="card">
          <Choice legend={t("capture.conditionQuestion")} name="condition" options={conditions} value={condition.value} onChange={(v) => (condition.value = v)} />
          <Choice legend={t("capture.cameraQuestion")} name="camera" options={cameras} value={facing.value} onChange={(v) => (facing.value = v)} />
          <Button kind="main" icon="camera" large wide onClick={() => void start()}>
            {t("capture.start")}
          </Button>
        </section>
      )}
      <div class="columns live" hidden={!on}>
        <section>
          <div class={facing.value === "user" ? "picture mirrored" : "picture"}>
            <video ref={video} autoplay muted playsInline />
            <canvas ref={canvas} />
          </div>
          <State frame={calm} phase={phase.value} />
          <Controls phase={phase.value} frame={calm.value} onObserve={() => void observe()} />
        </section>
        <section class="card readings">
          <h2>
            {t("capture.live")} <small class="tag">{t("face.provisional")}</small>
          </h2>
          <p class="now">
            {t("capture.score")} <strong>{calm.value?.state === "scored" && calm.value.score !== null ? t("face.scoreOf", { score: number(calm.value.score) }) : t("face.noScore")}</strong>
          </p>
          {on && <Trace history={history} threshold={threshold} />}
          <h3>{t("capture.units")}</h3>
          <p class="hint">{t("capture.unitsHint")}</p>
          <Bars units={calm.value?.au ?? null} />
        </section>
      </div>
      <p class="quiet">{t("capture.privacy")}</p>
    </Page>
  );
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

/** Says in words whether the face can be judged and what to do. It waits half a second, so that a flicker is not read out. */
function State({ frame, phase }: { frame: Signal<Frame | null>; phase: Phase }) {
  const shown = useSignal(describe(null));
  const found = phase === "connecting" ? { state: "not_yet_assessed" as const, said: t("capture.connecting"), advice: "" } : describe(frame.value);
  const words = `${found.said} ${found.advice}`;
  useEffect(() => {
    const timer = window.setTimeout(() => (shown.value = found), 500);
    return () => clearTimeout(timer);
  }, [words]);
  const { state, said, advice } = shown.value;
  return (
    <div class={`state ${state}`} role="status" aria-live="polite">
      <span aria-hidden="true">{state === "scored" ? "✓" : state === "not_yet_assessed" ? "…" : "!"}</span>
      <p>
        <strong>{said}</strong> {advice}
      </p>
    </div>
  );
}

function Controls({ phase, frame, onObserve }: { phase: Phase; frame: Frame | null; onObserve: () => void }) {
  if (phase === "observing" || phase === "saving") {
    const done = phase === "saving" ? seconds : (frame?.capture.state === "running" ? frame.capture.assessed_ms : 0) / 1000;
    return (
      <div class="controls">
        <Ring share={done / seconds} label={t("capture.observed", { done: number(Math.min(done, seconds)), of: seconds })} />
        <p>
          <strong>{phase === "saving" ? t("capture.saving") : t("capture.observing")}</strong> {t("capture.observingHint")}
        </p>
      </div>
    );
  }
  return (
    <div class="controls">
      <Button kind="main" large disabled={phase !== "live"} onClick={onObserve}>
        {t("capture.startObservation")}
      </Button>
      <p>{t("capture.readyHint")}</p>
    </div>
  );
}
