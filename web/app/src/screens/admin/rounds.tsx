import { useSignal } from "@preact/signals";

import { type Measure, measures } from "../../api/admin";
import { wordOf } from "../../api/id";
import { scales } from "../../api/scales";
import { schedules } from "../../api/schedules";
import { t } from "../../i18n";
import { useLoaded } from "../../load";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Dialog } from "../../parts/dialog";
import { Field } from "../../parts/field";
import { Ready } from "../../parts/loaded";
import { Badge } from "../../parts/page";
import { Trouble } from "../../parts/trouble";
import { useSending } from "../../send";
import { site, sites } from "../../site";
import { Schedules } from "../resident/schedules";
import { AdminPage } from "./page";

const here = () => site.value ?? sites.value[0]?.id ?? "";

/** What asks for assessments in the whole home, and what the home does against pain. */
export function Rounds() {
  const list = useLoaded(
    async () => {
      const [all, known, against] = await Promise.all([schedules.list(), scales.list(site.value), measures.list(site.value)]);
      return { home: all.filter((s) => !s.resident_id && s.site_id === here()), known: known.scales.filter((s) => s.enabled !== false), against };
    },
    `rounds ${site.value}`,
  );
  return (
    <AdminPage title={t("admin.rounds")} lead={t("admin.roundsLead")}>
      <Ready of={list}>
        {({ home, known, against }) => (
          <>
            <Schedules resident={null} list={home} scales={known} mayChange onChange={list.again} />
            <Measures list={against} onChange={list.again} />
          </>
        )}
      </Ready>
    </AdminPage>
  );
}

function Measures({ list, onChange }: { list: readonly Measure[]; onChange: () => void }) {
  const open = useSignal<Measure | "new" | null>(null);
  const closed = (done: boolean) => {
    open.value = null;
    if (done) onChange();
  };
  return (
    <Card
      title={t("admin.measures")}
      actions={
        <Button kind="quiet" icon="plus" onClick={() => (open.value = "new")}>
          {t("admin.measureAdd")}
        </Button>
      }
    >
      <p class="quiet">{t("admin.measuresLead")}</p>
      <ul class="bare-list lines">
        {list.map((m) => (
          <li key={m.id} class="row">
            <strong>{m.name}</strong>
            {m.retired && (
              <Badge icon="pausedCircle" tone="quiet">
                {t("admin.measureRetired")}
              </Badge>
            )}
            <Button kind="quiet" icon="pencil" onClick={() => (open.value = m)}>
              {t("admin.changeOf", { name: m.name })}
            </Button>
          </li>
        ))}
      </ul>
      {open.value && <OneMeasure of={open.value === "new" ? null : open.value} taken={list.map((m) => m.id)} onClose={closed} />}
    </Card>
  );
}

function OneMeasure({ of, taken, onClose }: { of: Measure | null; taken: readonly string[]; onClose: (done: boolean) => void }) {
  const name = useSignal(of?.name ?? "");
  const { wrong, busy, send } = useSending();
  const put = async (called: string, retired: boolean) => {
    if (await send(() => measures.put(of?.id ?? wordOf(called, taken), { name: called, retired }, site.value), t("admin.saved"))) onClose(true);
  };
  return (
    <Dialog title={of?.name ?? t("admin.measureAdd")} onClose={() => onClose(false)}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void put(name.value, of?.retired ?? false);
        }}
      >
        <Field label={t("admin.name")} name="name" required value={name.value} onInput={(v) => (name.value = v)} />
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("shell.save")}
          </Button>
          {of && <Button onClick={() => void put(of.name, !of.retired)}>{of.retired ? t("admin.measureBack") : t("admin.measureRetire")}</Button>}
        </div>
      </form>
    </Dialog>
  );
}
