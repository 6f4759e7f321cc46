import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { assessments } from "../api/assessments";
import { newID } from "../api/id";
import { type Drug, type NewRelief, reliefs, type ReliefView } from "../api/reliefs";
import { connection } from "../api/request";
import { residents } from "../api/residents";
import { scales } from "../api/scales";
import { t } from "../i18n";
import { dateTime } from "../i18n/format";
import { useLoaded } from "../load";
import { instant, local } from "../moment";
import { Button } from "../parts/button";
import { Checks } from "../parts/checks";
import { Choice } from "../parts/choice";
import { Field, Select, TextArea } from "../parts/field";
import { Ready } from "../parts/loaded";
import { Page } from "../parts/page";
import { Note, Trouble } from "../parts/trouble";
import { drugsBefore } from "../relief";
import { changed } from "../reminders";
import { route, to } from "../route";
import type { Params } from "../screens";
import { useSending } from "../send";
import { ReliefDone } from "./relief-done";
import { totalWords } from "./resident/assessments";

const yearLong = 366 * 86_400_000;
const because = 12 * 3_600_000; // an assessment older than this is not what the relief was given for

async function load(id: string) {
  const resident = await residents.get(id);
  const [measures, list, before, used] = await Promise.all([
    reliefs.measures(resident.site_id),
    assessments.list(id, 20),
    reliefs.list(id, new Date(Date.now() - yearLong).toISOString()),
    scales.list(resident.site_id),
  ]);
  return { resident, measures, before, scales: used.scales, list: list.filter((a) => (a.status === "final" || a.status === "amended") && Date.now() - Date.parse(a.assessed_at) < because) };
}

type There = Awaited<ReturnType<typeof load>>;

/** What was done against pain, when, and saved: three taps. */
export function Relief({ params }: { params: Params }) {
  const id = params.id ?? "";
  const loaded = useLoaded(() => load(id), id);
  const done = useSignal<ReliefView | null>(null);
  const name = loaded.value.value?.resident.name;
  return (
    <Page title={t("relief.title")} lead={name} back={{ href: to("r", id), to: name ?? t("residents.title") }}>
      <Ready of={loaded}>{(there) => (done.value ? <ReliefDone of={done.value} resident={there.resident} measures={there.measures} scales={there.scales} /> : <Form of={there} onDone={(r) => (done.value = r)} />)}</Ready>
    </Page>
  );
}

const times = ["now", "m15", "m30", "m60", "other"] as const;
type When = (typeof times)[number];
const ago: Record<When, number> = { now: 0, m15: 15, m30: 30, m60: 60, other: 0 };

const drugTile = "drug";

function Form({ of, onDone }: { of: There; onDone: (r: ReliefView) => void }) {
  const id = useMemo(() => newID(), []);
  const chosen = useSignal<string[]>([]);
  const drug = useSignal<Drug>({ text: "", dose: "" });
  const when = useSignal<When>("now");
  const at = useSignal(local(Date.now()));
  const asked = route.value.query.get("a");
  const because = useSignal(of.list.find((a) => a.id === asked)?.id ?? of.list[0]?.id ?? "");
  const remarks = useSignal("");
  const { wrong, busy, send } = useSending();
  const known = useMemo(() => drugsBefore(of.before), [of.before]);
  const tiles = [
    ...known.map((d, i) => ({ value: `known ${i}`, label: [d.text, d.dose].filter(Boolean).join(" ") })),
    { value: drugTile, label: t("relief.drug") },
    ...of.measures.filter((m) => !m.retired).map((m) => ({ value: m.id, label: m.name })),
  ];
  const given = (): Drug | null => {
    const d = known.find((_, i) => chosen.value.includes(`known ${i}`));
    if (d) return d;
    return chosen.value.includes(drugTile) ? { text: drug.value.text.trim(), ...(drug.value.dose ? { dose: drug.value.dose.trim() } : {}) } : null;
  };
  // One drug at a time: another one is another relief, with a time of its own.
  const choose = (now: string[]) => {
    const isDrug = (v: string) => v === drugTile || v.startsWith("known ");
    const added = now.find((v) => !chosen.value.includes(v));
    chosen.value = added && isDrug(added) ? now.filter((v) => !isDrug(v) || v === added) : now;
  };
  const submit = async (e: Event) => {
    e.preventDefault();
    const d = given();
    if (chosen.value.length === 0) return void (wrong.value = t("relief.chooseWhat"));
    if (d?.text === "") return void (wrong.value = t("relief.chooseDrug"));
    const moment = when.value === "other" ? instant(at.value) : new Date(Date.now() - ago[when.value] * 60_000).toISOString();
    const body: NewRelief = {
      id, measures: chosen.value.filter((v) => of.measures.some((m) => m.id === v)), remarks: remarks.value,
      ...(d ? { drug: d } : {}), ...(moment ? { given_at: moment } : {}), ...(because.value ? { assessment_id: because.value } : {}),
    };
    await send(async () => {
      const kept = await reliefs.add(of.resident.id, body);
      changed.value++;
      onDone(kept);
    }, t("relief.saved"));
  };
  return (
    <form class="card relief" onSubmit={(e) => void submit(e)}>
      {!connection.value.fresh && <Note>{t("relief.offline")}</Note>}
      <Checks legend={t("relief.what")} options={tiles} values={chosen.value} onChange={choose} />
      {chosen.value.includes(drugTile) && (
        <div class="two">
          <Field label={t("relief.drugName")} name="drug" required maxLength={200} value={drug.value.text} onInput={(text) => (drug.value = { ...drug.value, text })} />
          <Field label={t("relief.drugDose")} name="dose" maxLength={200} hint={t("relief.drugDoseHint")} value={drug.value.dose ?? ""} onInput={(dose) => (drug.value = { ...drug.value, dose })} />
        </div>
      )}
      <Choice
        legend={t("relief.when")}
        name="when"
        look="tiles"
        value={when.value}
        onChange={(w: When) => (when.value = w)}
        options={times.map((w) => ({ value: w, label: t("relief.whenOf", { when: w }) }))}
      />
      {when.value === "other" && <Field label={t("relief.whenAt")} name="at" type="datetime-local" required value={at.value} onInput={(v) => (at.value = v)} />}
      <div class="save">
        <Trouble said={wrong.value} />
        <Button kind="main" large wide busy={busy.value}>
          {t("relief.save")}
        </Button>
      </div>
      {of.list.length > 0 && (
        <Select
          label={t("relief.after")}
          name="after"
          value={because.value}
          onChange={(v) => (because.value = v)}
          options={[...of.list.map((a) => ({ value: a.id, label: t("relief.afterOf", { when: dateTime(a.assessed_at), total: totalWords(a, of.scales) }) })), { value: "", label: t("relief.afterNone") }]}
        />
      )}
      <TextArea label={t("relief.remarks")} name="remarks" rows={2} value={remarks.value} onInput={(v) => (remarks.value = v)} />
    </form>
  );
}
