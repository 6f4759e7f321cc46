import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { type Baseline, baselines } from "../../api/baselines";
import { sessions } from "../../api/sessions";
import { residents } from "../../api/residents";
import { useFilm } from "../../capture/film";
import { Stage } from "../../capture/stage";
import { TroubleScreen } from "../../capture/trouble";
import { t, tOr } from "../../i18n";
import { number, seconds } from "../../i18n/format";
import { useLoaded } from "../../load";
import type { BaselineTaken, Resident, Session } from "../../model";
import { Button } from "../../parts/button";
import { Checks } from "../../parts/checks";
import { Choice } from "../../parts/choice";
import { TextArea } from "../../parts/field";
import { Icon } from "../../parts/icon";
import { Ready } from "../../parts/loaded";
import { Page } from "../../parts/page";
import { Note, Trouble } from "../../parts/trouble";
import { replace, to } from "../../route";
import type { Params } from "../../screens";
import { useSending } from "../../send";

/** Takes a person's face at ease, step by step. */
export function Take({ params }: { params: Params }) {
  const id = params.id ?? "";
  const loaded = useLoaded(() => residents.get(id), id);
  return <Ready of={loaded}>{(who) => <Film who={who} />}</Ready>;
}

/** A try that is over: what the server made of it is asked for, and a person decides. */
interface Tried {
  session: Session;
  id: string;
  done: (b: Baseline) => void;
}

function Film({ who }: { who: Resident }) {
  const taken = useSignal<BaselineTaken | null>(null);
  const tried = useSignal<Tried | null>(null);
  const { film, calm, history, video, canvas, facing, face, phase, on } = useFilm<Baseline>({
    who,
    observe: (s, seconds) => {
      taken.value = null;
      return sessions.capture(s, seconds, "baseline");
    },
    // What was taken lies in the session until somebody has looked at how it went.
    keep: (session, id) => new Promise((done) => (tried.value = { session, id, done })),
    kept: () => replace(to("baseline", who.id)),
    event: (e) => {
      if (e.type === "baseline") taken.value = e;
    },
  });
  useEffect(() => {
    if (phase !== "saving") tried.value = null;
  }, [phase]);
  const start = () => void film.start("rest", facing.value);
  const flip = () => {
    face(facing.value === "user" ? "environment" : "user");
    start();
  };
  const trouble = film.trouble.value;
  const back = { href: to("baseline", who.id), to: t("baseline.title") };
  const deciding = phase === "saving" && tried.value;
  return (
    <Page title={t("baseline.takeTitle")} lead={who.name} {...(on ? {} : { back })}>
      {phase === "choose" && (
        <section class="card before">
          {who.consent !== "given" && <Note>{t("baseline.noConsent")}</Note>}
          <h2>{t("baseline.prepare")}</h2>
          <ol class="steps">
            <li>{t("baseline.prep1")}</li>
            <li>{t("baseline.prep2")}</li>
            <li>{t("baseline.prep3")}</li>
            <li>{t("baseline.prep4")}</li>
            <li>{t("baseline.prep5")}</li>
          </ol>
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
          {who.consent === "given" && (
            <Button kind="main" icon="camera" large wide onClick={start}>
              {t("baseline.start")}
            </Button>
          )}
          <p class="quiet privacy">
            <Icon name="shield" size={20} />
            <span>{t("capture.privacy")}</span>
          </p>
        </section>
      )}
      {trouble && <TroubleScreen of={trouble} onRetry={() => void film.retry()} />}
      {deciding && <Decide of={deciding} taken={taken.value} resident={who.id} onAgain={() => void film.start("rest", facing.value)} onStop={() => film.stop()} />}
      <div hidden={!on || !!deciding}>
        <Stage
          capture={film}
          frame={calm}
          history={history}
          facing={facing.value}
          blind={false}
          video={video}
          canvas={canvas}
          start={{ label: t("baseline.observe"), hint: t("baseline.observeHint") }}
          onStop={() => film.stop()}
          onFlip={flip}
        />
      </div>
    </Page>
  );
}

const waitFor = 2500; // ms for the answer, which may be lost on its way

/** How the try went, and whether it is kept. */
function Decide({ of, taken, resident, onAgain, onStop }: { of: Tried; taken: BaselineTaken | null; resident: string; onAgain: () => void; onStop: () => void }) {
  const late = useSignal(false);
  const note = useSignal("");
  const use = useSignal(["use"]);
  const title = useRef<HTMLHeadingElement>(null);
  const { wrong, busy, send } = useSending();
  useEffect(() => {
    const timer = window.setTimeout(() => (late.value = true), waitFor);
    return () => clearTimeout(timer);
  }, []);
  const known = !!taken || late.value;
  useEffect(() => title.current?.focus(), [known]);
  if (!known) return <p role="status">{t("baseline.asking")}</p>;
  const again = (
    <Button icon="again" large onClick={onAgain}>
      {t("baseline.again")}
    </Button>
  );
  if (taken && !taken.values_ready) {
    const reasons = (taken.reasons ?? []).map((code, i) => tOr(`baseline.reason.${code}`, taken.advice?.[i] ?? code));
    return (
      <section class="card obstacle">
        <span class="obstacle-sign">
          <Icon name="face" size={40} />
        </span>
        <h2 ref={title} tabIndex={-1}>
          {t("baseline.bad")}
        </h2>
        <p>{t("baseline.badLead")}</p>
        <ul class="steps">
          {reasons.map((r) => (
            <li key={r}>{r}</li>
          ))}
        </ul>
        <div class="buttons">
          {again}
          <Button kind="quiet" large onClick={onStop}>
            {t("baseline.stop")}
          </Button>
        </div>
      </section>
    );
  }
  const keep = (e: Event) => {
    e.preventDefault();
    void send(async () => of.done(await baselines.keep(resident, { id: of.id, session_id: of.session.id, note: note.value, chosen: use.value.length > 0 })), t("baseline.kept"));
  };
  return (
    <form class="card before" onSubmit={keep}>
      <h2 ref={title} tabIndex={-1}>
        {t(taken ? "baseline.good" : "baseline.unknown")}
      </h2>
      <p>{t(taken ? "baseline.goodLead" : "baseline.unknownLead")}</p>
      {taken && (
        <dl class="facts measured">
          <div>
            <dt>{t("baseline.measured")}</dt>
            <dd>{seconds(taken.assessed_ms)}</dd>
          </div>
          {taken.pspi !== null && (
            <div>
              <dt>{t("baseline.calm")}</dt>
              <dd>{t("baseline.calmSaid", { score: number(taken.pspi) })}</dd>
            </div>
          )}
          <div>
            <dt>{t("baseline.sway")}</dt>
            <dd>{t("baseline.swaySaid", { degrees: number(taken.sway) })}</dd>
          </div>
        </dl>
      )}
      <TextArea label={t("baseline.note")} hint={t("baseline.noteHint")} name="note" rows={2} maxLength={300} value={note.value} onInput={(v) => (note.value = v)} />
      <Checks legend={t("baseline.keepUse")} hideLegend options={[{ value: "use", label: t("baseline.keepUse") }]} values={use.value} onChange={(v) => (use.value = v)} />
      <Trouble said={wrong.value} />
      <div class="buttons">
        <Button kind="main" large busy={busy.value}>
          {t("baseline.keep")}
        </Button>
        {again}
        <Button kind="quiet" large onClick={onStop}>
          {t("baseline.discard")}
        </Button>
      </div>
    </form>
  );
}
