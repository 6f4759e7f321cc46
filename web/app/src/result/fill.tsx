import { useSignal } from "@preact/signals";

import { me } from "../api/account";
import { codeOf, sentence } from "../api/request";
import { source } from "../api/source";
import { t } from "../i18n";
import { list } from "../i18n/format";
import type { Answers, Assessment, Filling, Scale } from "../model";
import { toast } from "../parts/announce";
import { Button } from "../parts/button";
import { Field } from "../parts/field";
import { Trouble } from "../parts/trouble";
import { ScaleForm, Total } from "../scale/form";
import { type More, MoreFields } from "../scale/more";
import { sum } from "../scale/total";
import { itemLabel, scaleTitle } from "../scale/words";

interface FillProps {
  of: Assessment;
  scale: Scale | null;
  onKept: (a: Assessment) => void;
  /** It was changed elsewhere: what is entered stays, the rest is read anew. */
  onStale: () => void;
}

/** What was entered of an assessment; it stays while the record is read anew. */
function useEntry(a: Assessment) {
  const answers = useSignal<Answers>(a.answers ?? {});
  const more = useSignal<More>({ pain_type: a.pain_type ?? "", body_sites: a.body_sites ?? [], remarks: a.remarks });
  const filling = (scale: Scale | null): Filling => ({
    ...(scale ? { answers: answers.value } : {}),
    ...(scale?.types ? { pain_type: more.value.pain_type } : {}),
    body_sites: more.value.body_sites,
    remarks: more.value.remarks,
  });
  return { answers, more, filling };
}

/** Says which items are open and puts the focus there; false where none is. */
function asksFor(scale: Scale | null, answers: Answers): string {
  const open = scale ? sum(scale, answers).open : [];
  if (!scale || open.length === 0) return "";
  document.getElementById(`item-${open[0] ?? ""}`)?.focus();
  return t("scale.answerFirst", { items: list(scale.items.filter((i) => open.includes(i.id)).map((i) => itemLabel(scale, i))) });
}

/** An assessment that is still being made: the scale with what the camera proposes, then a name under it. */
export function Fill({ of: a, scale, onKept, onStale }: FillProps) {
  const { answers, more, filling } = useEntry(a);
  const wrong = useSignal("");
  const busy = useSignal(false);
  const send = async (what: () => Promise<Assessment>, said: string) => {
    busy.value = true;
    wrong.value = "";
    try {
      onKept(await what());
      toast(said);
    } catch (e) {
      wrong.value = sentence(e);
      if (codeOf(e) === "stale" || codeOf(e) === "already_final") onStale();
    } finally {
      busy.value = false;
    }
  };
  const confirm = () => {
    wrong.value = asksFor(scale, answers.value);
    if (!wrong.value) void send(() => source.value.confirm(a, filling(scale)), t("scale.confirmed"));
  };
  return (
    <>
      {scale && (
        <section class="card">
          <h2>{scaleTitle(scale)}</h2>
          <ScaleForm
            scale={scale}
            answers={answers.value}
            onAnswer={(item, value) => (answers.value = { ...answers.value, [item]: value })}
            proposals={a.proposals}
            notProposed={a.not_proposed}
            ratedBlind={a.rated_blind}
          />
        </section>
      )}
      <section class="card">
        {scale && <Total scale={scale} answers={answers.value} />}
        <MoreFields scale={scale} value={more.value} onChange={(m) => (more.value = { ...more.value, ...m })} />
        <Trouble said={wrong.value} />
        <div class="buttons stack">
          <Button kind="main" icon="check" large wide busy={busy.value} onClick={confirm}>
            {t("scale.confirmAs", { name: me.value?.name ?? "" })}
          </Button>
          <Button wide busy={busy.value} onClick={() => void send(() => source.value.fill(a, filling(scale)), t("scale.draftSaved"))}>
            {t("scale.saveDraft")}
          </Button>
        </div>
        <p class="hint">{t("scale.confirmLead")}</p>
      </section>
    </>
  );
}

/** In a home that rates blind: the items that the camera looks at, before its view is shown. */
export function RateFirst({ of: a, scale, onKept, onStale }: FillProps & { scale: Scale }) {
  const answers = useSignal<Answers>(a.answers ?? {});
  const wrong = useSignal("");
  const busy = useSignal(false);
  const items = Object.keys(scale.camera?.items ?? {});
  const open = items.filter((i) => answers.value[i] === undefined);
  const keep = async () => {
    busy.value = true;
    wrong.value = "";
    try {
      onKept(await source.value.fill(a, { answers: answers.value }));
    } catch (e) {
      wrong.value = sentence(e);
      if (codeOf(e) === "stale") onStale();
    } finally {
      busy.value = false;
    }
  };
  return (
    <section class="card">
      <h2>{t("result.rateFirst")}</h2>
      <p>{t("result.rateFirstLead")}</p>
      <ScaleForm scale={scale} only={items} answers={answers.value} onAnswer={(item, value) => (answers.value = { ...answers.value, [item]: value })} />
      <Trouble said={wrong.value} />
      <Button kind="main" icon="eye" large wide busy={busy.value} disabled={open.length > 0} onClick={() => void keep()}>
        {t("result.rateFirstDone")}
      </Button>
    </section>
  );
}

/** Corrects a confirmed assessment; what it said before stays in its history. */
export function Amend({ of: a, scale, amend, onKept, onCancel }: { of: Assessment; scale: Scale | null; amend: (reason: string, f: Filling) => Promise<Assessment>; onKept: (a: Assessment) => void; onCancel: () => void }) {
  const { answers, more, filling } = useEntry(a);
  const reason = useSignal("");
  const wrong = useSignal("");
  const busy = useSignal(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    wrong.value = asksFor(scale, answers.value);
    if (wrong.value) return;
    busy.value = true;
    try {
      onKept(await amend(reason.value, filling(scale)));
      toast(t("result.amended"));
    } catch (e) {
      wrong.value = sentence(e);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="card" onSubmit={(e) => void submit(e)}>
      <h2>{t("result.amendTitle")}</h2>
      <Field label={t("result.amendReason")} name="reason" required maxLength={500} value={reason.value} onInput={(v) => (reason.value = v)} />
      {scale && <ScaleForm scale={scale} answers={answers.value} onAnswer={(item, value) => (answers.value = { ...answers.value, [item]: value })} />}
      {scale && <Total scale={scale} answers={answers.value} />}
      <MoreFields scale={scale} value={more.value} onChange={(m) => (more.value = { ...more.value, ...m })} />
      <Trouble said={wrong.value} />
      <div class="buttons">
        <Button kind="main" type="submit" busy={busy.value}>
          {t("result.amendSave")}
        </Button>
        <Button onClick={onCancel}>{t("shell.cancel")}</Button>
      </div>
    </form>
  );
}
