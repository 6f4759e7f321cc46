import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import { assessments } from "../api/assessments";
import { connection } from "../api/request";
import { sessions } from "../api/sessions";
import { source } from "../api/source";
import { useFilm } from "../capture/film";
import { Stage } from "../capture/stage";
import { TroubleScreen } from "../capture/trouble";
import { t } from "../i18n";
import { useLoaded } from "../load";
import type { Assessment, Condition, Resident } from "../model";
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
      {({ who, scales }) => <Film who={who} scales={cameraScales(scales.scales)} blind={scales.blind} onAgain={loaded.again} />}
    </Ready>
  );
}

interface FilmProps {
  who: Resident | null;
  scales: { id: string; name: string; title: string }[];
  blind: boolean;
  /** Asks the server again, which did not answer. */
  onAgain: () => void;
}

function isCondition(x: string | null): x is Condition {
  return x === "rest" || x === "movement";
}

function Film({ who, scales, blind, onAgain }: FilmProps) {
  const asked = useMemo(() => route.peek().query, []);
  const wantedCondition = asked.get("condition");
  const condition = useSignal<Condition | null>(isCondition(wantedCondition) ? wantedCondition : null);
  const wantedScale = asked.get("scale");
  const scale = useSignal(scales.some((s) => s.id === wantedScale) ? (wantedScale ?? "") : usualScale(scales));
  const wrong = useSignal("");
  const { film, calm, history, video, canvas, facing, face, phase, on } = useFilm<Assessment>({
    who,
    observe: (s, seconds) => sessions.capture(s, seconds),
    keep: (s, id) => assessments.add({ id, session_id: s.id, ...(scale.value ? { scale: scale.value } : {}) }),
    kept: (a) => replace(to("a", a.id)),
  });

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
    if (asked.get("due") && condition.value && who?.consent === "given" && connection.peek().fresh) start();
  }, []);
  const flip = () => {
    face(facing.value === "user" ? "environment" : "user");
    start();
  };
  const trouble = film.trouble.value;
  // The camera is not even asked for where nothing could come of it.
  const consent = !who || who.consent === "given";
  const reached = connection.value.fresh;
  const may = consent && reached;
  const without = to("observe", ...(who ? [who.id] : []), {
    condition: condition.value ?? undefined,
    scale: scale.value || undefined,
    due: asked.get("due") ?? undefined,
    why: phase === "trouble" ? trouble?.kind : on ? "chosen" : consent && !reached ? "gone_server" : undefined,
  });
  const name = who?.name ?? t("capture.practiceTitle");
  const back = who ? { href: to("r", who.id), to: name } : { href: to("practice"), to: t("shell.practice") };
  return (
    <Page title={name} lead={phase !== "choose" && condition.value ? t(`face.condition.${condition.value}`) : t("capture.title")} {...(on ? {} : { back })}>
      <Trouble said={wrong.value} />
      {phase === "choose" && (
        <section class="card before">
          {!consent && <Note>{t("residents.consentMissing")}</Note>}
          {consent && !reached && (
            <div role="status">
              <Note>{t("offline.camera")}</Note>
            </div>
          )}
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
              onChange={face}
              options={[
                { value: "user" as const, label: t("capture.front") },
                { value: "environment" as const, label: t("capture.back") },
              ]}
            />
          </div>
          <div class="buttons stack">
            {may && (
              <Button kind="main" icon="camera" large wide onClick={start}>
                {t("capture.start")}
              </Button>
            )}
            <LinkButton kind={may ? "plain" : "main"} icon="eye" wide href={without}>
              {t("capture.withoutLong")}
            </LinkButton>
            {consent && !reached && (
              <Button icon="again" wide onClick={onAgain}>
                {t("capture.tryAgain")}
              </Button>
            )}
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
