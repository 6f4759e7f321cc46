import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { assessments } from "../api/assessments";
import { newID } from "../api/id";
import { type Drug, type NewRelief, reliefs, type ReliefView } from "../api/reliefs";
import { codeOf, connection, sentence } from "../api/request";
import { source } from "../api/source";
import { t } from "../i18n";
import { dateTime } from "../i18n/format";
import { useLoaded } from "../load";
import { instant, local } from "../moment";
import { entries } from "../offline/desk";
import { draftsRead, useDraft } from "../offline/drafts";
import type { Queued } from "../offline/queue";
import { Resumed } from "../offline/status";
import { toast } from "../parts/announce";
import { Button } from "../parts/button";
import { Checks } from "../parts/checks";
import { Choice } from "../parts/choice";
import { Field, Select, TextArea } from "../parts/field";
import { Ready } from "../parts/loaded";
import { Page } from "../parts/page";
import { Note, Trouble } from "../parts/trouble";
import { drugsBefore, reliefWords } from "../relief";
import { changed } from "../reminders";
import { route, to } from "../route";
import type { Params } from "../screens";
import { ReliefDone, ReliefWaits } from "./relief-done";
import { totalWords } from "./resident/assessments";

const yearLong = 366 * 86_400_000;
const because = 12 * 3_600_000; // an assessment older than this is not what the relief was given for

/** What is only known with the server: without it relief is recorded all the same. */
async function orNothing<T>(ask: Promise<T[]>): Promise<T[]> {
  try {
    return await ask;
  } catch (e) {
    if (codeOf(e) !== "server_gone") throw e;
    return [];
  }
}

async function load(id: string) {
  const s = source.value;
  const resident = await s.resident(id);
  const [measures, list, before, used] = await Promise.all([
    s.measures(resident.site_id),
    orNothing(assessments.list(id, 20)),
    orNothing(reliefs.list(id, new Date(Date.now() - yearLong).toISOString())),
    s.scales(resident.site_id),
    draftsRead(),
  ]);
  const recent = list.filter((a) => (a.status === "final" || a.status === "amended") && Date.now() - Date.parse(a.assessed_at) < because);
  const reasons = recent.map((a): Reason => ({ id: a.id, at: Date.parse(a.assessed_at), words: totalWords(a, used.scales) }));
  return { resident, measures, before, scales: used.scales, reasons: [...waiting(id), ...reasons].sort((a, b) => b.at - a.at) };
}

/** An assessment that relief may have been given for. */
interface Reason {
  id: string;
  at: number;
  words: string;
}

/** Those that were confirmed on this tablet and wait to be sent: they are sent before the relief. */
function waiting(resident: string): Reason[] {
  return entries.peek().flatMap((e) => (e.kind === "assessment.confirm" && e.resident === resident && !e.refusal ? [{ id: e.record, at: assessedAt(e), words: e.note ?? "" }] : []));
}

function assessedAt(e: Queued): number {
  const at = e.whole?.assessed_at;
  return typeof at === "string" ? Date.parse(at) : e.madeAt;
}

type There = Awaited<ReturnType<typeof load>>;

/** What was done against pain, when, and saved: three taps. */
export function Relief({ params }: { params: Params }) {
  const id = params.id ?? "";
  const loaded = useLoaded(() => load(id), id);
  const done = useSignal<Done | null>(null);
  const name = loaded.value.value?.resident.name;
  return (
    <Page title={t("relief.title")} lead={name} back={{ href: to("r", id), to: name ?? t("residents.title") }}>
      <Ready of={loaded}>
        {(there) =>
          !done.value ? (
            <Form of={there} onDone={(d) => (done.value = d)} />
          ) : done.value.view ? (
            <ReliefDone of={done.value.view} resident={there.resident} measures={there.measures} scales={there.scales} />
          ) : (
            <ReliefWaits what={done.value.what} resident={there.resident} />
          )
        }
      </Ready>
    </Page>
  );
}

/** What was recorded; without a view it waits on this tablet. */
interface Done {
  view: ReliefView | null;
  what: string;
}

const times = ["now", "m15", "m30", "m60", "other"] as const;
type When = (typeof times)[number];
const ago: Record<When, number> = { now: 0, m15: 15, m30: 30, m60: 60, other: 0 };

const drugTile = "drug";

/** What was entered, and stays over a reload until it is saved. */
interface Entry {
  id: string; // of the relief: the same at every try
  chosen: string[];
  drug: string;
  dose: string;
  when: When;
  at: string;
  because: string;
  remarks: string;
  /** What the last try sent: the same again has the same time, or it would be another relief. */
  tried?: { as: string; given_at: string };
}

function Form({ of, onDone }: { of: There; onDone: (d: Done) => void }) {
  const asked = route.value.query.get("a");
  const known = useMemo(() => drugsBefore(of.before).map((d) => ({ id: `known ${d.text} ${d.dose ?? ""}`, drug: d })), [of.before]);
  const start = (): Entry => ({
    id: newID(), chosen: [], drug: "", dose: "", when: "now", at: local(Date.now()), because: of.reasons.find((a) => a.id === asked)?.id ?? of.reasons[0]?.id ?? "", remarks: "",
  });
  const form = useDraft<Entry>({ key: `relief ${of.resident.id}`, kind: "relief", address: to("relief", of.resident.id), name: of.resident.name }, start, (old) => Array.isArray(old.chosen));
  const { value: entry, change } = form;
  const e = entry.value;
  const wrong = useSignal("");
  const busy = useSignal(false);
  const tiles = [
    ...known.map((k) => ({ value: k.id, label: [k.drug.text, k.drug.dose].filter(Boolean).join(" ") })),
    { value: drugTile, label: t("relief.drug") },
    ...of.measures.filter((m) => !m.retired).map((m) => ({ value: m.id, label: m.name })),
  ];
  // What was known when it was chosen may not be now, such as a medicine without the server.
  const chosen = e.chosen.filter((v) => tiles.some((x) => x.value === v));
  const given = (): Drug | null => {
    const k = known.find((x) => chosen.includes(x.id));
    if (k) return k.drug;
    return chosen.includes(drugTile) ? { text: e.drug.trim(), ...(e.dose.trim() ? { dose: e.dose.trim() } : {}) } : null;
  };
  // One drug at a time: another one is another relief, with a time of its own.
  const choose = (now: string[]) => {
    const isDrug = (v: string) => v === drugTile || known.some((k) => k.id === v);
    const added = now.find((v) => !chosen.includes(v));
    change({ chosen: added && isDrug(added) ? now.filter((v) => !isDrug(v) || v === added) : now });
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const drug = given();
    if (chosen.length === 0) return void (wrong.value = t("relief.chooseWhat"));
    if (drug?.text === "") return void (wrong.value = t("relief.chooseDrug"));
    const moment = e.when === "other" ? instant(e.at) : new Date(Date.now() - ago[e.when] * 60_000).toISOString();
    const measures = chosen.filter((v) => of.measures.some((m) => m.id === v));
    const what: NewRelief = { id: e.id, measures, remarks: e.remarks, ...(drug ? { drug } : {}), ...(e.because ? { assessment_id: e.because } : {}) };
    const as = JSON.stringify([what, e.when, e.at]);
    const given_at = e.tried?.as === as ? e.tried.given_at : moment;
    if (given_at) change({ tried: { as, given_at } });
    const words = reliefWords({ drug, measures }, of.measures);
    busy.value = true;
    wrong.value = "";
    try {
      const view = await source.value.addRelief(of.resident, { ...what, ...(given_at ? { given_at } : {}) }, words);
      form.drop();
      changed.value++;
      toast(t(view ? "relief.saved" : "offline.queuedSaid"));
      onDone({ view, what: words });
    } catch (x) {
      wrong.value = sentence(x);
    } finally {
      busy.value = false;
    }
  };
  return (
    <>
      <Resumed form={form} />
      <form class="card relief" onSubmit={(x) => void submit(x)}>
        {!connection.value.fresh && <Note>{t("relief.offline")}</Note>}
        <Checks legend={t("relief.what")} options={tiles} values={chosen} onChange={choose} />
        {chosen.includes(drugTile) && (
          <div class="two">
            <Field label={t("relief.drugName")} name="drug" required maxLength={200} value={e.drug} onInput={(drug) => change({ drug })} />
            <Field label={t("relief.drugDose")} name="dose" maxLength={200} hint={t("relief.drugDoseHint")} value={e.dose} onInput={(dose) => change({ dose })} />
          </div>
        )}
        <Choice
          legend={t("relief.when")}
          name="when"
          look="tiles"
          value={e.when}
          onChange={(when: When) => change({ when })}
          options={times.map((w) => ({ value: w, label: t("relief.whenOf", { when: w }) }))}
        />
        {e.when === "other" && <Field label={t("relief.whenAt")} name="at" type="datetime-local" required value={e.at} onInput={(at) => change({ at })} />}
        <div class="save">
          <Trouble said={wrong.value} />
          <Button kind="main" large wide busy={busy.value}>
            {t("relief.save")}
          </Button>
        </div>
        {of.reasons.length > 0 && (
          <Select
            label={t("relief.after")}
            name="after"
            value={e.because}
            onChange={(because) => change({ because })}
            options={[...of.reasons.map((a) => ({ value: a.id, label: t("relief.afterOf", { when: dateTime(a.at), total: a.words }) })), { value: "", label: t("relief.afterNone") }]}
          />
        )}
        <TextArea label={t("relief.remarks")} name="remarks" rows={2} value={e.remarks} onInput={(remarks) => change({ remarks })} />
      </form>
    </>
  );
}
