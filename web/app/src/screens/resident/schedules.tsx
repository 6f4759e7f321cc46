import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { newID } from "../../api/id";
import { type NewSchedule, type Repeat, type Schedule, schedules } from "../../api/schedules";
import { t } from "../../i18n";
import type { Condition, Resident, Scale } from "../../model";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Choice } from "../../parts/choice";
import { Dialog } from "../../parts/dialog";
import { Field, Select, values } from "../../parts/field";
import { Trouble } from "../../parts/trouble";
import { readTimes, repeatWords } from "../../repeat";
import { useSending } from "../../send";
import { site, sites } from "../../site";
import { capital } from "../../words";

interface Props {
  /** Whose; null for those of the whole home, which only its page of the settings changes. */
  resident: Resident | null;
  list: readonly Schedule[];
  scales: readonly Scale[];
  mayChange: boolean;
  onChange: () => void;
}

/** What asks for assessments of a person, their own schedules and those of the whole home; or only the latter. */
export function Schedules({ resident, list, scales, mayChange, onChange }: Props) {
  const adding = useSignal(false);
  const ending = useSignal<Schedule | null>(null);
  const name = (id: string | undefined) => scales.find((s) => s.id === id)?.name ?? (id || t("resident.anyScale"));
  return (
    <Card
      title={t("resident.schedules")}
      actions={
        mayChange && (
          <Button kind="quiet" icon="plus" onClick={() => (adding.value = true)}>
            {t("resident.scheduleAdd")}
          </Button>
        )
      }
    >
      {list.length === 0 ? (
        <p class="quiet">{resident ? t("resident.schedulesNone") : t("admin.schedulesNone")}</p>
      ) : (
        <ul class="bare-list lines">
          {list.map((s) => (
            <li key={s.id} class="row">
              <span>
                <strong>{capital(repeatWords(s.repeat))}</strong>
                <span class="quiet">
                  {" "}
                  {[name(s.scale), s.condition && t(`face.condition.${s.condition}`), resident && !s.resident_id && t("resident.scheduleHome")].filter(Boolean).join(" · ")}
                </span>
              </span>
              {mayChange && !!resident === !!s.resident_id && (
                <Button kind="quiet" onClick={() => (ending.value = s)}>
                  {t("resident.scheduleEnd")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {adding.value && <Add resident={resident?.id ?? null} scales={scales} onClose={(done) => ((adding.value = false), done && onChange())} />}
      {ending.value && <End of={ending.value} onClose={(done) => ((ending.value = null), done && onChange())} />}
    </Card>
  );
}

function End({ of, onClose }: { of: Schedule; onClose: (done: boolean) => void }) {
  const { wrong, busy, send } = useSending();
  const end = async () => {
    if (await send(() => schedules.end(of), t("resident.scheduleEnded"))) onClose(true);
  };
  return (
    <Dialog title={capital(repeatWords(of.repeat))} onClose={() => onClose(false)}>
      <p>{t("resident.scheduleEndLead")}</p>
      <Trouble said={wrong.value} />
      <div class="buttons">
        <Button kind="careful" busy={busy.value} onClick={() => void end()}>
          {t("resident.scheduleEnd")}
        </Button>
        <Button onClick={() => onClose(false)}>{t("shell.cancel")}</Button>
      </div>
    </Dialog>
  );
}

const ways = ["hours", "times", "fall"] as const;
type Way = (typeof ways)[number];

function Add({ resident, scales, onClose }: { resident: string | null; scales: readonly Scale[]; onClose: (done: boolean) => void }) {
  const id = useMemo(() => newID(), []);
  const how = useSignal<Way>("hours");
  const scale = useSignal("");
  const condition = useSignal<Condition | "">("");
  const hours = useSignal("4");
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const v = values(e);
    let repeat: Repeat = { every_hours: Number(hours.value) };
    if (how.value === "fall") repeat = { on: "fall", minutes: [0, 60, 240] };
    if (how.value === "times") {
      const at = readTimes(v.times ?? "");
      if (!at) {
        wrong.value = t("resident.scheduleTimesWrong");
        return;
      }
      repeat = { every_days: 1, at };
    }
    const whose = resident ? { resident_id: resident } : { site_id: site.value ?? sites.value[0]?.id ?? "" };
    const body: NewSchedule = { id, ...whose, repeat, ...(scale.value ? { scale: scale.value } : {}), ...(condition.value ? { condition: condition.value } : {}) };
    if (await send(() => schedules.add(body), t("resident.scheduleSaved"))) onClose(true);
  };
  return (
    <Dialog title={t("resident.scheduleAdd")} onClose={() => onClose(false)}>
      <form onSubmit={(e) => void submit(e)}>
        <Choice
          legend={t("resident.scheduleHow")}
          name="how"
          look="stack"
          value={how.value}
          onChange={(w: Way) => (how.value = w)}
          options={ways.map((w) => ({ value: w, label: t("resident.scheduleHowOf", { how: w }) }))}
        />
        {how.value === "hours" && (
          <Select
            label={t("resident.scheduleHours")}
            name="hours"
            value={hours.value}
            onChange={(h) => (hours.value = h)}
            options={["2", "3", "4", "6", "8", "12", "24"].map((h) => ({ value: h, label: t("resident.everyHours", { hours: Number(h) }) }))}
          />
        )}
        {how.value === "times" && <Field label={t("resident.scheduleTimes")} name="times" required hint={t("resident.scheduleTimesHint")} />}
        {how.value === "fall" && <p class="hint">{t("resident.scheduleFallNote")}</p>}
        <Select
          label={t("resident.scheduleScale")}
          name="scale"
          value={scale.value}
          onChange={(s) => (scale.value = s)}
          options={[{ value: "", label: t("resident.either") }, ...scales.map((s) => ({ value: s.id, label: s.name }))]}
        />
        <Select
          label={t("resident.scheduleCondition")}
          name="condition"
          value={condition.value}
          onChange={(c) => (condition.value = c as Condition | "")}
          options={[{ value: "", label: t("resident.either") }, ...(["rest", "movement"] as const).map((c) => ({ value: c, label: t(`face.condition.${c}`) }))]}
        />
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
