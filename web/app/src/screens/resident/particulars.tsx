import { useSignal } from "@preact/signals";

import { communications, type FaceNote, faceNotes, type Particulars as Changes, residents } from "../../api/residents";
import { locale, t } from "../../i18n";
import { date } from "../../i18n/format";
import type { Resident } from "../../model";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Checks } from "../../parts/checks";
import { Choice } from "../../parts/choice";
import { Dialog } from "../../parts/dialog";
import { Field, values } from "../../parts/field";
import { Trouble } from "../../parts/trouble";
import { useSending } from "../../send";

/** A language's name in the page's own language; its code where there is none. */
function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(locale(), { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** What is known of a person that changes how they are assessed. */
export function Particulars({ resident: r, mayChange, onChange }: { resident: Resident; mayChange: boolean; onChange: () => void }) {
  const editing = useSignal(false);
  const conditions = r.conditions ?? [];
  return (
    <Card
      title={t("resident.particulars")}
      actions={
        mayChange && (
          <Button kind="quiet" icon="pencil" onClick={() => (editing.value = true)}>
            {t("resident.edit")}
          </Button>
        )
      }
    >
      <dl class="facts">
        <div>
          <dt>{t("resident.communication")}</dt>
          <dd>{t("resident.communicationOf", { how: r.communication })}</dd>
        </div>
        <div>
          <dt>{t("resident.conditions")}</dt>
          <dd>{conditions.length > 0 ? conditions.map((c) => <p key={c}>{t("resident.condition", { condition: c })}</p>) : t("resident.conditionsNone")}</dd>
        </div>
        {r.language && (
          <div>
            <dt>{t("resident.language")}</dt>
            <dd>{languageName(r.language)}</dd>
          </div>
        )}
        {r.birth_date && (
          <div>
            <dt>{t("resident.born")}</dt>
            <dd>{date(`${r.birth_date}T12:00:00`)}</dd>
          </div>
        )}
      </dl>
      {editing.value && <Edit resident={r} onClose={(done) => ((editing.value = false), done && onChange())} />}
    </Card>
  );
}

function Edit({ resident: r, onClose }: { resident: Resident; onClose: (done: boolean) => void }) {
  const communication = useSignal<Resident["communication"]>(r.communication || "unknown");
  const conditions = useSignal<FaceNote[]>((r.conditions ?? []) as FaceNote[]);
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const v = values(e);
    const changes: Changes = {
      name: v.name ?? "", room: v.room ?? "", wing: v.wing ?? "", birth_date: v.birth_date ?? "", language: v.language ?? "",
      communication: communication.value, conditions: conditions.value,
    };
    if (await send(() => residents.change(r, changes), t("resident.saved"))) onClose(true);
  };
  return (
    <Dialog title={t("resident.particulars")} onClose={() => onClose(false)}>
      <form onSubmit={(e) => void submit(e)}>
        <Field label={t("resident.name")} name="name" required value={r.name} />
        <div class="two">
          <Field label={t("resident.room")} name="room" maxLength={40} value={r.room} />
          <Field label={t("resident.wingField")} name="wing" maxLength={40} value={r.wing ?? ""} />
        </div>
        <Choice
          legend={t("resident.communication")}
          name="communication"
          look="stack"
          value={communication.value}
          onChange={(c: Resident["communication"]) => (communication.value = c)}
          options={communications.map((c) => ({ value: c, label: t("resident.communicationOf", { how: c }) }))}
        />
        <Checks
          legend={t("resident.conditions")}
          values={conditions.value}
          onChange={(c) => (conditions.value = c)}
          options={faceNotes.map((c) => ({ value: c, label: t("resident.condition", { condition: c }) }))}
        />
        <div class="two">
          <Field label={t("resident.language")} name="language" maxLength={35} hint={t("resident.languageHint")} value={r.language} />
          <Field label={t("resident.birthDate")} name="birth_date" type="date" value={r.birth_date} />
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
