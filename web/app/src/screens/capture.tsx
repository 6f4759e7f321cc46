import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { assessments } from "../api/assessments";
import { newID } from "../api/id";
import { sessions } from "../api/sessions";
import { source } from "../api/source";
import { Capture as Running } from "../capture/capture";
import { Stage } from "../capture/stage";
import { TroubleScreen } from "../capture/trouble";
import { t } from "../i18n";
import { History } from "../live/history";
import { Painter } from "../live/overlay";
import { type Facing, openCamera, publish } from "../live/publish";
import { useLoaded } from "../load";
import type { Condition, Frame, Resident } from "../model";
import { Button, LinkButton } from "../parts/button";
import { Choice } from "../parts/choice";
import { Select } from "../parts/field";
import { Icon } from "../parts/icon";
import { Ready } from "../parts/loaded";
import { Page } from "../parts/page";
import { Note, Trouble } from "../parts/trouble";
import { replace, route, to } from "../route";
import { cameraScales, usualScale } from "../scale/choose";
import type { Params } from "../screens";
import { site } from "../site";

const staleAfter = 2000; // ms after which a result says nothing about now

/** A camera assessment of a resident; practice where the address names none. */
export function Capture({ params }: { params: Params }) {
  const resident = params.id ?? null;
  const loaded = useLoaded(async () => {
    const s = source.value;
    const who = resident ? await s.resident(resident) : null;
    return { who, scales: await s.scales(who?.site_id ?? site.value) };
  }, resident ?? "practice");
  return (
    <Ready of={loaded}>
      {({ who, scales }) => <Film who={who} scales={cameraScales(scales.scales)} blind={scales.blind} />}
    </Ready>
  );
}

interface FilmProps {
  who: Resident | null;
  scales: { id: string; name: string; title: string }[];
  blind: boolean;
}

function isCondition(x: string | null): x is Condition {
  return x === "rest" || x === "movement";
}

const keptFacing = "wince.camera";

function Film({ who, scales, blind }: FilmProps) {
  const asked = useMemo(() => route.peek().query, []);
  const wantedCondition = asked.get("condition");
  const condition = useSignal<Condition | null>(isCondition(wantedCondition) ? wantedCondition : null);
  const wantedScale = asked.get("scale");
  const scale = useSignal(scales.some((s) => s.id === wantedScale) ? (wantedScale ?? "") : usualScale(scales));
  const facing = useSignal<Facing>(localStorage.getItem(keptFacing) === "environment" ? "environment" : "user");
  const wrong = useSignal("");
  const frame = useSignal<Frame | null>(null);
  const calm = useCalm(frame);
  const history = useMemo(() => new History(), []);
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useMemo(() => new Painter(), []);
  const film = useMemo(
    () =>
      new Running({
        openCamera,
        openSession: (condition) => sessions.open(who?.id ?? null, condition),
        endSession: (s) => void sessions.end(s.id).catch(() => undefined),
        publish,
        observe: (s, seconds) => sessions.capture(s, seconds),
        keep: (s, id) => assessments.add({ id, session_id: s.id, ...(scale.value ? { scale: scale.value } : {}) }),
        mayFilm: async () => !who || (await source.value.resident(who.id)).consent === "given",
        newID,
        kept: (a) => replace(to("a", a.id)),
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
    const leave = () => film.stop();
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, []);
  useEffect(() => (canvas.current && video.current ? painter.over(video.current, canvas.current) : undefined), []);
  const phase = film.phase.value;
  const on = phase !== "choose" && phase !== "trouble";
  useAwake(on);

  const start = () => {
    if (!condition.value) {
      wrong.value = t("capture.chooseCondition");
      return;
    }
    wrong.value = "";
    void film.start(condition.value, facing.value);
  };
  // Whoever comes from the round has chosen already: one tap was enough.
  useEffect(() => {
    if (asked.get("due") && condition.value && who?.consent === "given") start();
  }, []);
  const flip = () => {
    facing.value = facing.value === "user" ? "environment" : "user";
    localStorage.setItem(keptFacing, facing.value);
    start();
  };
  const trouble = film.trouble.value;
  const without = to("observe", ...(who ? [who.id] : []), {
    condition: condition.value ?? undefined,
    scale: scale.value || undefined,
    due: asked.get("due") ?? undefined,
    why: phase === "trouble" ? trouble?.kind : on ? "chosen" : undefined,
  });
  const name = who?.name ?? t("capture.practiceTitle");
  const back = who ? { href: to("r", who.id), to: name } : { href: to("practice"), to: t("shell.practice") };
  return (
    <Page title={name} lead={phase !== "choose" && condition.value ? t(`face.condition.${condition.value}`) : t("capture.title")} {...(on ? {} : { back })}>
      <Trouble said={wrong.value} />
      {phase === "choose" && (
        <section class="card before">
          {who && who.consent !== "given" && <Note>{t("residents.consentMissing")}</Note>}
          <Choice
            legend={t("capture.conditionQuestion")}
            name="condition"
            value={condition.value}
            onChange={(v: Condition) => ((condition.value = v), (wrong.value = ""))}
            options={(["rest", "movement"] as const).map((value) => ({ value, label: t(`face.condition.${value}`), hint: t(`face.conditionHint.${value}`), icon: value }))}
          />
          <div class="two">
            {scales.length > 0 && <Select label={t("capture.scale")} name="scale" value={scale.value} onChange={(v) => (scale.value = v)} options={scales.map((s) => ({ value: s.id, label: s.name }))} />}
            <Choice
              legend={t("capture.cameraQuestion")}
              name="camera"
              look="segments"
              value={facing.value}
              onChange={(v: Facing) => ((facing.value = v), localStorage.setItem(keptFacing, v))}
              options={[
                { value: "user" as const, label: t("capture.front") },
                { value: "environment" as const, label: t("capture.back") },
              ]}
            />
          </div>
          <div class="buttons stack">
            {(!who || who.consent === "given") && (
              <Button kind="main" icon="camera" large wide onClick={start}>
                {t("capture.start")}
              </Button>
            )}
            <LinkButton kind={who && who.consent !== "given" ? "main" : "plain"} icon="eye" wide href={without}>
              {t("capture.withoutLong")}
            </LinkButton>
          </div>
          <p class="quiet privacy">
            <Icon name="shield" size={20} />
            <span>{t("capture.privacy")}</span>
          </p>
        </section>
      )}
      {trouble && <TroubleScreen of={trouble} onRetry={() => void film.retry()} without={without} />}
      <div hidden={!on}>
        <Stage capture={film} frame={calm} history={history} facing={facing.value} blind={blind} video={video} canvas={canvas} without={without} onStop={() => film.stop()} onFlip={flip} />
      </div>
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

/** Keeps the tablet from going to sleep while somebody is filmed. */
function useAwake(on: boolean) {
  useEffect(() => {
    const locks = (navigator as Partial<Navigator>).wakeLock;
    if (!on || !locks) return;
    const held = locks.request("screen").catch(() => null);
    return () => void held.then((l) => l?.release());
  }, [on]);
}
