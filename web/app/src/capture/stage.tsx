import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

import { t } from "../i18n";
import { number } from "../i18n/format";
import type { History } from "../live/history";
import type { Facing } from "../live/publish";
import type { Frame } from "../model";
import { Bars } from "../parts/bars";
import { Button, LinkButton } from "../parts/button";
import { Icon } from "../parts/icon";
import { Ring } from "../parts/ring";
import { Trace } from "../parts/trace";
import { useSecondsTo } from "../now";
import type { Capture } from "./capture";
import { seconds } from "./capture";
import { Guide } from "./guide";
import { type Hint, hint } from "./hint";

/** What the stage shows and does of a capture, whatever it is kept as. */
type Filming = Pick<Capture<unknown>, "phase" | "held" | "assessed" | "notice" | "observe" | "pause" | "goOn" | "retry">;

interface StageProps {
  capture: Filming;
  frame: Signal<Frame | null>;
  history: History;
  facing: Facing;
  blind: boolean;
  video: RefObject<HTMLVideoElement | null>;
  canvas: RefObject<HTMLCanvasElement | null>;
  /** The way on without the camera; left out where there is none. */
  without?: string;
  /** What the button says that starts, and what is said beside it. */
  start?: { label: string; hint: string };
  onStop: () => void;
  onFlip: () => void;
}

const threshold = 2; // the server's reading aid, drawn as a dashed line

/** The camera's picture with what to do about it, and the buttons within reach. */
export function Stage({ capture, frame, history, facing, blind, video, canvas, without, start, onStop, onFlip }: StageProps) {
  const phase = capture.phase.value;
  const shape = useSignal("4 / 3");
  const until = capture.held.value;
  const now = hintOf(phase, until !== null, frame.value);
  const quiet = useSettled(now);
  const mirrored = facing === "user";
  const held = blind || !!frame.value?.held_back;
  return (
    <div class="stage">
      <div class={mirrored ? "picture mirrored" : "picture"} style={{ "--ratio": shape.value }}>
        <video
          ref={video}
          autoplay
          muted
          playsInline
          aria-label={t("capture.picture")}
          onResize={(e) => {
            const { videoWidth, videoHeight } = e.currentTarget;
            if (videoWidth > 0) shape.value = `${videoWidth} / ${videoHeight}`;
          }}
        />
        <canvas ref={canvas} aria-hidden="true" />
        <Guide hint={now} mirrored={mirrored} />
        {(phase === "paused" || until !== null) && (
          <p class="veil">
            <Icon name={until === null ? "pause" : "offline"} size={48} />
            {t(until === null ? "capture.paused" : "capture.held")}
          </p>
        )}
        {(phase === "live" || phase === "opening") && until === null && (
          <Button icon="flip" bare onClick={onFlip}>
            {t("capture.flip")}
          </Button>
        )}
      </div>
      <div class="beside">
        <div class={`hint-box ${quiet.state}`} role="status" aria-live="polite" tabIndex={-1}>
          <Icon name={quiet.icon} size={32} />
          <p>
            <strong>{quiet.said}</strong>
            {quiet.advice ? ` ${quiet.advice}` : null /* an empty text would be written anew, and heard, at every frame */}
          </p>
        </div>
        <Controls capture={capture} frame={frame.value} start={start} />
        {capture.notice.value && (
          <p class="quiet" role="status">
            {capture.notice.value}
          </p>
        )}
        <div class="buttons spread">
          {without && (
            <LinkButton kind="quiet" icon="eye" href={without}>
              {t("capture.without")}
            </LinkButton>
          )}
          <Button kind="quiet" icon="close" disabled={phase === "saving"} onClick={onStop}>
            {t("capture.stop")}
          </Button>
        </div>
        {held ? (
          <p class="quiet privacy">
            <Icon name="eyeOff" size={20} />
            <span>{t("capture.heldBack")}</span>
          </p>
        ) : (
          <Numbers frame={frame.value} history={history} />
        )}
        <p class="quiet privacy">
          <Icon name="shield" size={20} />
          <span>{t("capture.privacy")}</span>
        </p>
      </div>
    </div>
  );
}

function hintOf(phase: string, held: boolean, frame: Frame | null): Hint {
  if (held) return { state: "held", icon: "offline", said: t("capture.heldSaid"), advice: t("capture.heldHint"), toward: null };
  if (phase === "opening") return { state: "connecting", icon: "clock", said: t("capture.connecting"), advice: "", toward: null };
  if (phase === "paused") return { state: "paused", icon: "pause", said: t("capture.paused"), advice: t("capture.pausedHint"), toward: null };
  return hint(frame);
}

/** The hint once it has stayed half a second, so that a flicker is neither shown nor read out. That the connection is lost, or back, is none. */
function useSettled(now: Hint): Hint {
  const shown = useSignal(now);
  const words = `${now.said} ${now.advice}`;
  useEffect(() => {
    const turned = (now.state === "held") !== (shown.value.state === "held");
    const timer = window.setTimeout(() => (shown.value = now), turned ? 0 : 500);
    return () => clearTimeout(timer);
  }, [words]);
  return shown.value;
}

function Controls({ capture, frame, start }: { capture: Filming; frame: Frame | null; start: StageProps["start"] }) {
  const phase = capture.phase.value;
  const until = capture.held.value;
  if (phase === "opening" || phase === "live") {
    return (
      <div class="controls">
        <Button kind="main" large wide disabled={phase !== "live" || until !== null} onClick={() => void capture.observe()}>
          {start?.label ?? t("capture.startObservation", { seconds })}
        </Button>
        <p class="quiet">{until === null ? (start?.hint ?? t("capture.readyHint")) : <Left until={until} />}</p>
      </div>
    );
  }
  const done = phase === "saving" ? seconds : capture.assessed / 1000;
  const waiting = phase === "observing" && frame?.state !== "scored";
  const stands = until !== null && phase !== "saving" ? "held" : phase === "paused" ? "paused" : waiting ? "waiting" : "observing";
  return (
    <div class="controls">
      <div class="progress" tabIndex={-1}>
        <Ring share={done / seconds} label={t("capture.observed", { done: number(Math.min(done, seconds)), of: seconds })} waiting={stands !== "observing"} />
        {stands === "held" && until !== null ? (
          <p>
            <Left until={until} />
          </p>
        ) : (
          <p>
            <strong>{t(phase === "saving" ? "capture.saving" : `capture.${stands}`)}</strong>
            <br />
            {t(`capture.${stands}Hint`)}
          </p>
        )}
      </div>
      {phase !== "saving" && until === null && (
        <div class="buttons halves">
          {phase === "paused" ? (
            <Button kind="main" icon="play" large onClick={() => capture.goOn()}>
              {t("capture.goOn")}
            </Button>
          ) : (
            <Button icon="pause" large onClick={() => capture.pause()}>
              {t("capture.pause")}
            </Button>
          )}
          <Button icon="again" large onClick={() => void capture.retry()}>
            {t("capture.retry")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Counts down for the eye how long the place is held; a screen reader has heard that it is. */
function Left({ until }: { until: number }) {
  const seconds = useSecondsTo(until);
  return (
    <span aria-live="off">{t("capture.heldLeft", { seconds })}</span>
  );
}

const kept = "wince.numbers";

/** The numbers of now, for those who want them: closed until opened, and then kept so on this tablet. */
function Numbers({ frame, history }: { frame: Frame | null; history: History }) {
  const open = useSignal(localStorage.getItem(kept) === "open");
  const score = frame?.state === "scored" && frame.score !== null ? t("face.scoreOf", { score: number(frame.score) }) : t("face.noScore");
  return (
    <details
      class="numbers"
      open={open.value}
      onToggle={(e) => {
        open.value = e.currentTarget.open;
        localStorage.setItem(kept, open.value ? "open" : "closed");
      }}
    >
      <summary>{t("capture.live")}</summary>
      {open.value && (
        <>
          <p class="quiet">{t("face.provisional")}</p>
          <p class="now">
            {t("capture.score")} <strong>{score}</strong>
          </p>
          <Trace history={history} threshold={threshold} />
          <h3>{t("capture.units")}</h3>
          <p class="hint">{t("capture.unitsHint")}</p>
          <Bars units={frame?.au ?? null} />
        </>
      )}
    </details>
  );
}
