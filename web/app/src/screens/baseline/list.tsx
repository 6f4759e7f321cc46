import { useSignal } from "@preact/signals";

import { is } from "../../api/account";
import { type Baseline, baselines } from "../../api/baselines";
import { residents } from "../../api/residents";
import { t } from "../../i18n";
import { date, dateTime } from "../../i18n/format";
import { useLoaded } from "../../load";
import { Button, LinkButton } from "../../parts/button";
import { Card } from "../../parts/card";
import { Dialog } from "../../parts/dialog";
import { Field } from "../../parts/field";
import type { IconName } from "../../parts/icon";
import { Ready } from "../../parts/loaded";
import { Badge, EmptyState, Page, type Tone } from "../../parts/page";
import { Note, Trouble } from "../../parts/trouble";
import { to } from "../../route";
import type { Params } from "../../screens";
import { useSending } from "../../send";

type State = "chosen" | "outdated" | "retired" | "kept";

/** How a baseline stands: in use, not comparable any more, out of use, or just there. */
export function stateOf(b: Pick<Baseline, "chosen" | "outdated" | "retired_at">): State {
  if (b.retired_at) return "retired";
  if (b.outdated) return "outdated";
  return b.chosen ? "chosen" : "kept";
}

const looks: Record<State, [IconName, Tone]> = {
  chosen: ["checkCircle", "good"],
  outdated: ["alert", "care"],
  retired: ["close", "quiet"],
  kept: ["clock", "plain"],
};

/** The faces at ease that were taken of a person, and which one is measured against. */
export function Baselines({ params }: { params: Params }) {
  const id = params.id ?? "";
  const loaded = useLoaded(async () => {
    const [resident, list] = await Promise.all([residents.get(id), baselines.list(id)]);
    return { resident, list };
  }, id);
  const there = loaded.value.value;
  const atBedside = is("carer", "nurse", "manager", "admin");
  const mayTake = atBedside && there?.resident.consent === "given";
  return (
    <Page
      title={t("baseline.title")}
      lead={there?.resident.name}
      back={{ href: to("r", id), to: there?.resident.name ?? t("residents.title") }}
      actions={
        mayTake && (
          <LinkButton kind="main" icon="camera" href={to("baseline", id, "take")}>
            {t("baseline.take")}
          </LinkButton>
        )
      }
    >
      <Ready of={loaded}>
        {({ resident, list }) => (
          <>
            <p class="quiet lead">{t("baseline.lead")}</p>
            {resident.consent !== "given" && <Note>{t("baseline.noConsent")}</Note>}
            {list.length === 0 ? (
              <EmptyState icon="face" title={t("baseline.none")}>
                <p>{t("baseline.noneLead")}</p>
              </EmptyState>
            ) : (
              <ul class="rows baselines">
                {list.map((b) => (
                  <Line key={b.id} of={b} resident={id} mayChange={atBedside} onChange={loaded.again} />
                ))}
              </ul>
            )}
            <div class="baseline-when">
              <Card title={t("baseline.when")}>
                <ul>
                  <li>{t("baseline.when1")}</li>
                  <li>{t("baseline.when2")}</li>
                  <li>{t("baseline.when3")}</li>
                  <li>{t("baseline.when4")}</li>
                </ul>
              </Card>
            </div>
          </>
        )}
      </Ready>
    </Page>
  );
}

function Line({ of: b, resident, mayChange, onChange }: { of: Baseline; resident: string; mayChange: boolean; onChange: () => void }) {
  const state = stateOf(b);
  const [icon, tone] = looks[state];
  const asking = useSignal(false);
  const { wrong, busy, send } = useSending();
  const choose = async () => {
    if (await send(() => baselines.choose(resident, b), t("baseline.chosen"))) onChange();
  };
  const reason = useSignal("");
  const retire = async (e: Event) => {
    e.preventDefault();
    if (!(await send(() => baselines.retire(resident, b, reason.value), t("baseline.retired")))) return;
    asking.value = false;
    onChange();
  };
  return (
    <li>
      <div class="row">
        <div>
          <strong>{t("baseline.taken", { when: dateTime(b.taken_at), name: b.recorded_by.name })}</strong>
          <p class="quiet">
            {t("baseline.frames", { frames: b.frames })}
            {b.note && ` · ${b.note}`}
            {b.retired_at && ` · ${t("baseline.retiredAt", { when: date(b.retired_at) })}`}
            {b.retired_reason && `: ${b.retired_reason}`}
          </p>
          {state === "outdated" && <p>{t("baseline.outdatedSaid")}</p>}
          {!asking.value && <Trouble said={wrong.value} />}
        </div>
        <Badge icon={icon} tone={tone}>
          {t("baseline.state", { state })}
        </Badge>
        {mayChange && !b.retired_at && (
          <div class="buttons">
            {state === "kept" && (
              <Button busy={busy.value} onClick={() => void choose()}>
                {t("baseline.choose")}
              </Button>
            )}
            <Button kind="quiet" onClick={() => (asking.value = true)}>
              {t("baseline.retire")}
            </Button>
          </div>
        )}
      </div>
      {asking.value && (
        <Dialog title={t("baseline.retireTitle")} onClose={() => (asking.value = false)}>
          <p>{t("baseline.retireLead")}</p>
          <form onSubmit={(e) => void retire(e)}>
            <Field label={t("baseline.retireReason")} hint={t("baseline.retireHint")} name="reason" required maxLength={500} value={reason.value} onInput={(v) => (reason.value = v)} />
            <Trouble said={wrong.value} />
            <div class="buttons">
              <Button kind="careful" busy={busy.value}>
                {t("baseline.retire")}
              </Button>
              <Button onClick={() => (asking.value = false)}>{t("shell.cancel")}</Button>
            </div>
          </form>
        </Dialog>
      )}
    </li>
  );
}
