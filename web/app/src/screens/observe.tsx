import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import { me } from "../api/account";
import type { NewAssessment } from "../api/assessments";
import { newID } from "../api/id";
import { sentence } from "../api/request";
import type { Scales } from "../api/scales";
import { source } from "../api/source";
import { t } from "../i18n";
import { list } from "../i18n/format";
import { useLoaded } from "../load";
import type { Answers, Condition, Resident, Scale } from "../model";
import { waitsFor } from "../offline/desk";
import { draftsRead, useDraft } from "../offline/drafts";
import { Resumed } from "../offline/status";
import { toast } from "../parts/announce";
import { Button } from "../parts/button";
import { Choice } from "../parts/choice";
import { Select } from "../parts/field";
import { Ready } from "../parts/loaded";
import { EmptyState, Page } from "../parts/page";
import { Trouble } from "../parts/trouble";
import { replace, route, to } from "../route";
import { inUse, usualScale } from "../scale/choose";
import { ScaleForm, Total } from "../scale/form";
import { type More, MoreFields } from "../scale/more";
import { sum } from "../scale/total";
import { itemLabel, scaleTitle } from "../scale/words";
import type { Params } from "../screens";
import { site } from "../site";

/** What somebody has entered and not kept yet. */
interface Entry extends More {
  id: string; // of the assessment: the same at every try
  assessed_at?: string; // of the first try, since the server knows the assessment by it, too
  condition: Condition | null;
  scale: string;
  answers: Answers;
}

/** An assessment without the camera: of a resident, or practice where the address names none. */
export function Observe({ params }: { params: Params }) {
  const id = params.id ?? null;
  const loaded = useLoaded(async () => {
    const s = source.value;
    const who = id ? await s.resident(id) : null;
    await draftsRead();
    return { who, scales: await s.scales(who?.site_id ?? site.value) };
  }, id ?? "practice");
  return <Ready of={loaded}>{({ who, scales }) => <Form who={who} scales={scales} />}</Ready>;
}

function Form({ who, scales }: { who: Resident | null; scales: Scales }) {
  const asked = useMemo(() => route.peek().query, []);
  const usable = inUse(scales.scales);
  const due = asked.get("due") ?? undefined;
  const start = (): Entry => {
    const condition = asked.get("condition");
    const scale = asked.get("scale");
    const why = asked.get("why");
    return {
      id: newID(),
      condition: condition === "rest" || condition === "movement" ? condition : null,
      scale: usable.some((s) => s.id === scale) ? (scale ?? "") : usualScale(usable),
      answers: {},
      pain_type: "",
      body_sites: [],
      remarks: why ? t("scale.withoutWhy", { why }) : "",
    };
  };
  const form = useDraft<Entry>(
    { key: `observe ${who?.id ?? "practice"} ${due ?? ""}`, kind: "observe", address: to("observe", ...(who ? [who.id] : []), { due }), name: who?.name ?? "" },
    start,
    (old) => old.scale === "" || usable.some((s) => s.id === old.scale),
  );
  const { value: entry, change } = form;
  const wrong = useSignal("");
  const busy = useSignal(false);
  const e = entry.value;
  const scale: Scale | null = usable.find((s) => s.id === e.scale) ?? null;
  useEffect(() => {
    // What comes from the capture is newer than what was entered before it.
    const condition = asked.get("condition");
    if (!entry.peek().condition && (condition === "rest" || condition === "movement")) change({ condition });
  }, []);

  const made = (): NewAssessment | null => {
    if (!e.condition) {
      wrong.value = t("scale.conditionFirst");
      document.querySelector<HTMLElement>("input[name=condition]")?.focus();
      return null;
    }
    const whose = who ? { resident_id: who.id } : { practice: true as const };
    return {
      id: e.id,
      ...(e.assessed_at ? { assessed_at: e.assessed_at } : {}),
      ...whose,
      condition: e.condition,
      ...(scale ? { scale: scale.id, answers: e.answers } : {}),
      ...(e.pain_type ? { pain_type: e.pain_type } : {}),
      body_sites: e.body_sites,
      remarks: e.remarks,
    };
  };

  const keep = async (confirm: boolean) => {
    wrong.value = "";
    const a = made();
    if (!a) return;
    if (confirm && scale) {
      const { open } = sum(scale, e.answers);
      if (open.length > 0) {
        wrong.value = t("scale.answerFirst", { items: list(scale.items.filter((i) => open.includes(i.id)).map((i) => itemLabel(scale, i))) });
        document.getElementById(`item-${open[0] ?? ""}`)?.focus();
        return;
      }
    }
    busy.value = true;
    const at = location.hash;
    if (!a.assessed_at) change({ assessed_at: (a.assessed_at = new Date().toISOString()) });
    try {
      let kept = await source.value.add(a);
      // A second try finds what the first one did.
      if (confirm && (kept.status === "draft" || kept.status === "preliminary")) kept = await source.value.confirm(kept, {});
      form.drop();
      toast(t(waitsFor(kept.id) ? "offline.queuedSaid" : confirm ? "scale.confirmed" : "scale.draftSaved"));
      // What waits cannot be looked at as the server's yet, nor confirmed once more. Whoever went elsewhere meanwhile stays there.
      if (location.hash === at) replace(waitsFor(kept.id) ? to("") : to("a", kept.id));
    } catch (e) {
      wrong.value = sentence(e);
    } finally {
      busy.value = false;
    }
  };

  const name = who?.name ?? t("capture.practiceTitle");
  return (
    <Page title={name} lead={t("scale.without")} back={who ? { href: to("r", who.id), to: name } : { href: to("practice"), to: t("shell.practice") }}>
      <Resumed form={form} />
      <div class="filling">
        <section class="card">
          <Choice
            legend={t("capture.conditionQuestion")}
            name="condition"
            value={e.condition}
            onChange={(condition: Condition) => change({ condition })}
            options={(["rest", "movement"] as const).map((value) => ({ value, label: t(`face.condition.${value}`), icon: value }))}
          />
          {usable.length > 1 && (
            <Select
              label={t("scale.choose")}
              name="scale"
              value={e.scale}
              onChange={(id) => change({ scale: id, answers: {}, pain_type: "" })}
              options={usable.map((s) => ({ value: s.id, label: `${s.name} – ${scaleTitle(s)}` }))}
            />
          )}
          {scale ? (
            <ScaleForm scale={scale} answers={e.answers} onAnswer={(item, value) => change({ answers: { ...entry.peek().answers, [item]: value } })} />
          ) : (
            <EmptyState icon="list" title={t("scale.noScales")} />
          )}
        </section>
        <section class="card closing">
          {scale && <Total scale={scale} answers={e.answers} />}
          <MoreFields scale={scale} value={e} onChange={change} />
          <Trouble said={wrong.value} />
          <div class="buttons stack">
            <Button kind="main" icon="check" large wide busy={busy.value} onClick={() => void keep(true)}>
              {t("scale.confirmAs", { name: me.value?.name ?? "" })}
            </Button>
            <Button wide busy={busy.value} onClick={() => void keep(false)}>
              {t("scale.saveDraft")}
            </Button>
          </div>
          <p class="hint">{t("scale.left")}</p>
        </section>
      </div>
    </Page>
  );
}
