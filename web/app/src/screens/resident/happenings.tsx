import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { type Event as Happened, type EventKind, eventKinds, happenings, type Pause, type PauseReason, pauseReasons } from "../../api/happenings";
import { newID } from "../../api/id";
import { t } from "../../i18n";
import { dateTime } from "../../i18n/format";
import { useLoaded } from "../../load";
import { instant, local } from "../../moment";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Choice } from "../../parts/choice";
import { Dialog } from "../../parts/dialog";
import { Field, values } from "../../parts/field";
import { Ready } from "../../parts/loaded";
import { Badge } from "../../parts/page";
import { Trouble } from "../../parts/trouble";
import { useSending } from "../../send";

const shown = 6;

/** What happened that asks for an assessment, and times in which nothing is due. */
export function Happenings({ resident, mayAdd, onChange }: { resident: string; mayAdd: boolean; onChange: () => void }) {
  const loaded = useLoaded(async () => {
    const [events, pauses] = await Promise.all([happenings.events(resident), happenings.pauses(resident)]);
    return { events, pauses };
  }, resident);
  const adding = useSignal<"event" | "pause" | null>(null);
  const { wrong, send } = useSending();
  const changed = (done: boolean) => {
    adding.value = null;
    if (!done) return;
    loaded.again();
    onChange();
  };
  return (
    <Card title={t("resident.happenings")}>
      <Trouble said={wrong.value} />
      <Ready of={loaded} rows={1}>
        {({ events, pauses }) => {
          const recent = [...events.map((e) => ({ at: e.at, event: e, pause: null })), ...pauses.map((p) => ({ at: p.from, event: null, pause: p }))]
            .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
            .slice(0, shown);
          if (recent.length === 0) return <p class="quiet">{t("resident.happeningsNone")}</p>;
          return (
            <ul class="bare-list lines">
              {recent.map(({ event, pause }) =>
                event ? (
                  <EventLine key={event.id} of={event} {...(mayAdd ? { onWrong: () => void send(() => happenings.eventWrong(resident, event), t("resident.eventWrongDone")).then(changed) } : {})} />
                ) : (
                  <PauseLine key={pause.id} of={pause} {...(mayAdd ? { onEnd: () => void send(() => happenings.endPause(resident, pause), t("resident.pauseEnded")).then(changed) } : {})} />
                ),
              )}
            </ul>
          );
        }}
      </Ready>
      {mayAdd && (
        <div class="buttons no-print">
          <Button kind="quiet" icon="plus" onClick={() => (adding.value = "event")}>
            {t("resident.eventAdd")}
          </Button>
          <Button kind="quiet" icon="plus" onClick={() => (adding.value = "pause")}>
            {t("resident.pauseAdd")}
          </Button>
        </div>
      )}
      {adding.value === "event" && <AddEvent resident={resident} onClose={changed} />}
      {adding.value === "pause" && <AddPause resident={resident} onClose={changed} />}
    </Card>
  );
}

function EventLine({ of: e, onWrong }: { of: Happened; onWrong?: () => void }) {
  return (
    <li class={e.entered_in_error ? "void" : undefined}>
      <div class="row">
        <span>
          <strong>{t("resident.event", { kind: e.kind })}</strong> <span class="quiet">{dateTime(e.at)}</span>
          {e.entered_in_error && (
            <Badge icon="close" tone="quiet">
              {t("result.status.entered_in_error")}
            </Badge>
          )}
        </span>
        {!e.entered_in_error && onWrong && (
          <Button kind="quiet" icon="close" bare onClick={onWrong}>
            {t("resident.eventWrong")}
          </Button>
        )}
      </div>
    </li>
  );
}

function PauseLine({ of: p, onEnd }: { of: Pause; onEnd?: () => void }) {
  const running = !p.to || Date.parse(p.to) > Date.now();
  return (
    <li>
      <div class="row">
        <span>
          <strong>{t("resident.pause", { reason: p.reason })}</strong>{" "}
          <span class="quiet">{p.to ? t("resident.pauseLineTo", { from: dateTime(p.from), to: dateTime(p.to) }) : t("resident.pauseLine", { from: dateTime(p.from) })}</span>
        </span>
        {running && onEnd && (
          <Button kind="quiet" icon="check" onClick={onEnd}>
            {t("resident.pauseEnd")}
          </Button>
        )}
      </div>
    </li>
  );
}

function AddEvent({ resident, onClose }: { resident: string; onClose: (done: boolean) => void }) {
  const id = useMemo(() => newID(), []);
  const now = useMemo(() => local(Date.now()), []);
  const kind = useSignal<EventKind>("fall");
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const at = instant(values(e).at);
    const body = { id, kind: kind.value, ...(at ? { at } : {}) };
    if (await send(() => happenings.addEvent(resident, body), t("resident.eventSaved"))) onClose(true);
  };
  return (
    <Dialog title={t("resident.eventAdd")} onClose={() => onClose(false)}>
      <form onSubmit={(e) => void submit(e)}>
        <Choice
          legend={t("resident.eventKind")}
          name="kind"
          look="stack"
          value={kind.value}
          onChange={(k: EventKind) => (kind.value = k)}
          options={eventKinds.map((k) => ({ value: k, label: t("resident.event", { kind: k }) }))}
        />
        <Field label={t("resident.eventAt")} name="at" type="datetime-local" required value={now} {...(kind.value === "personal_care" ? { hint: t("resident.eventAtHint") } : {})} />
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("shell.save")}
          </Button>
          <Button onClick={() => onClose(false)}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function AddPause({ resident, onClose }: { resident: string; onClose: (done: boolean) => void }) {
  const id = useMemo(() => newID(), []);
  const now = useMemo(() => local(Date.now()), []);
  const reason = useSignal<PauseReason>("hospital");
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const v = values(e);
    const from = instant(v.from);
    const until = instant(v.to);
    const body = { id, reason: reason.value, ...(from ? { from } : {}), ...(until ? { to: until } : {}) };
    if (await send(() => happenings.addPause(resident, body), t("resident.pauseSaved"))) onClose(true);
  };
  return (
    <Dialog title={t("resident.pauseAdd")} onClose={() => onClose(false)}>
      <p class="quiet">{t("resident.pauseLead")}</p>
      <form onSubmit={(e) => void submit(e)}>
        <Choice
          legend={t("resident.pauseReason")}
          name="reason"
          look="stack"
          value={reason.value}
          onChange={(r: PauseReason) => (reason.value = r)}
          options={pauseReasons.map((r) => ({ value: r, label: t("resident.pause", { reason: r }) }))}
        />
        <div class="two">
          <Field label={t("resident.pauseFrom")} name="from" type="datetime-local" required value={now} />
          <Field label={t("resident.pauseTo")} name="to" type="datetime-local" />
        </div>
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("shell.save")}
          </Button>
          <Button onClick={() => onClose(false)}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
