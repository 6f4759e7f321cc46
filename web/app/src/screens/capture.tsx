import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import { assessments } from "../api/assessments";
import { connection } from "../api/request";
import { newID } from "../api/id";
import { sessions } from "../api/sessions";
import { source } from "../api/source";
import { useFilm } from "../capture/film";
import { end, left, mark, marked, reach } from "../capture/left";
import { Stage } from "../capture/stage";
import { TroubleScreen } from "../capture/trouble";
import { t } from "../i18n";
import { useLoaded } from "../load";
import type { Assessment, Condition, Resident, Session } from "../model";
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
import { useSending } from "../send";
import { site } from "../site";

/** A camera assessment of a resident; practice where the address names none. */
export function Capture({ params }: { params: Params }) {
  const resident = params.id ?? null;
  const loaded = useLoaded(async () => {
    const s = source.value;
    const [who, mine] = await Promise.all([resident ? s.resident(resident) : null, left()]);
    const here = mine.filter((x) => (resident ? x.resident_id === resident : x.practice));
    const before = here.find((x) => reach(x) === "done") ?? here[0] ?? null;
    // What is not whole cannot be kept, and is ended before another one begins.
    await Promise.all(here.filter((x) => reach(x) !== "done").map(end));
    return { who, before, scales: await s.scales(who?.site_id ?? site.value) };
  }, resident ?? "practice");
  return (
    <Ready of={loaded}>
      {({ who, before, scales }) => <Film key={before?.id ?? ""} who={who} before={before} scales={cameraScales(scales.scales)} blind={scales.blind} onAgain={loaded.again} />}
    </Ready>
  );
}

interface FilmProps {
  who: Resident | null;
  /** A session that this page left when it was loaded anew. */
  before: Session | null;
  scales: { id: string; name: string; title: string }[];
  blind: boolean;
  /** Asks the server again, which did not answer. */
  onAgain: () => void;
}

function isCondition(x: string | null): x is Condition {
  return x === "rest" || x === "movement";
}

function Film({ who, before, scales, blind, onAgain }: FilmProps) {
  const asked = useMemo(() => route.peek().query, []);
  const wantedCondition = asked.get("condition");
  const found = useSignal(before);
  const condition = useSignal<Condition | null>(before?.condition ?? (isCondition(wantedCondition) ? wantedCondition : null));
  const wantedScale = asked.get("scale");
  const scale = useSignal(scales.some((s) => s.id === wantedScale) ? (wantedScale ?? "") : usualScale(scales));
  const wrong = useSignal("");
  const { film, calm, history, video, canvas, facing, face, phase, on } = useFilm<Assessment>({
    who,
    observe: (s, seconds) => {
      mark({ scale: scale.value });
      return sessions.capture(s, seconds);
    },
    keep: (s, id) => assessments.add({ id, session_id: s.id, ...(scale.value ? { scale: scale.value } : {}) }),
    kept: (a) => replace(to("a", a.id)),
  });

  const start = () => {
    if (!condition.value) {
      wrong.value = t("capture.chooseCondition");
      return;
    }
    wrong.value = "";
    found.value = null;
    void film.start(condition.value, facing.value);
  };
  // Whoever comes from the round has chosen already: one tap was enough.
  useEffect(() => {
    if (asked.get("due") && condition.value && who?.consent === "given" && connection.peek().fresh && !before) start();
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
      {phase === "choose" && found.value && reach(found.value) === "done" && <Unkept of={found.value} scale={scale.value} onDiscard={() => (found.value = null)} />}
      {phase === "choose" && !(found.value && reach(found.value) === "done") && (
        <section class="card before">
          {found.value && (
            <div role="status">
              <Note>{t(reach(found.value) === "middle" ? "capture.leftMiddle" : "capture.leftBefore")}</Note>
            </div>
          )}
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

/** An observation that was done when the page was loaded anew: it can still be kept. */
function Unkept({ of, scale, onDiscard }: { of: Session; scale: string; onDiscard: () => void }) {
  const { wrong, busy, send } = useSending();
  const keep = () =>
    void send(async () => {
      const own = marked();
      const mine = own?.session === of.id ? own : null;
      const on = mine?.scale ?? scale;
      const a = await assessments.add({ id: mine?.id ?? newID(), session_id: of.id, ...(on ? { scale: on } : {}) });
      void end(of);
      replace(to("a", a.id));
    }, t("capture.leftKept"));
  return (
    <section class="card obstacle" role="alert">
      <span class="obstacle-sign">
        <Icon name="checkCircle" size={40} />
      </span>
      <h2>{t("capture.leftDone")}</h2>
      <p>{t("capture.leftDoneSaid", { condition: t(`face.condition.${of.condition}`) })}</p>
      <Trouble said={wrong.value} />
      <div class="buttons stack">
        <Button kind="main" icon="check" large wide busy={busy.value} onClick={keep}>
          {t("capture.leftKeep")}
        </Button>
        <Button icon="again" wide onClick={() => (void end(of), onDiscard())}>
          {t("capture.leftAnew")}
        </Button>
      </div>
    </section>
  );
}
