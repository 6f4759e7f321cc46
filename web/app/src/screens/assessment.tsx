import { useSignal } from "@preact/signals";

import { is } from "../api/account";
import { assessments } from "../api/assessments";
import { sentence } from "../api/request";
import { source } from "../api/source";
import { t } from "../i18n";
import { dateTime } from "../i18n/format";
import { useLoaded } from "../load";
import type { Assessment as Record, Scale } from "../model";
import { toast } from "../parts/announce";
import { Button, LinkButton } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Field, values } from "../parts/field";
import { useFocusHeld } from "../parts/focus";
import { Ready } from "../parts/loaded";
import { Page } from "../parts/page";
import { Status } from "../parts/status";
import { Trouble } from "../parts/trouble";
import { Amend, Fill, RateFirst } from "../result/fill";
import { Kept } from "../result/kept";
import { Observed } from "../result/observed";
import { to } from "../route";
import { scaleTitle } from "../scale/words";
import type { Params } from "../screens";
import { Helped } from "./helped";

/** One assessment: what the camera saw, and what a person makes of it. */
export function Assessment({ params }: { params: Params }) {
  const id = params.id ?? "";
  const loaded = useLoaded(async () => {
    const s = source.value;
    const kept = await s.assessment(id);
    const [resident, scale] = await Promise.all([kept.resident_id ? s.resident(kept.resident_id) : null, kept.scale ? s.scale(kept.scale.id, kept.scale.version, kept.site_id) : null]);
    return { kept, resident, scale };
  }, id);
  const there = loaded.value.value;
  const a = there?.kept;
  const resident = there?.resident;
  const keep = (kept: Record) => {
    if (there) loaded.value.value = { ...there, kept };
    window.scrollTo(0, 0);
  };
  return (
    <Page
      title={a ? (resident?.name ?? t("capture.practiceTitle")) : t("shell.loading")}
      {...(a ? { back: resident ? { href: to("r", resident.id), to: resident.name } : { href: to("practice"), to: t("shell.practice") } } : {})}
      lead={a && `${t(`face.condition.${a.condition}`)} · ${t("result.kind", { kind: a.method })} · ${dateTime(a.assessed_at)}`}
      actions={a && <Status of={a.status} />}
    >
      <Ready of={loaded}>{({ kept, scale }) => <Parts of={kept} scale={scale} onKept={keep} onStale={loaded.again} />}</Ready>
    </Page>
  );
}

function Parts({ of: a, scale, onKept, onStale }: { of: Record; scale: Scale | null; onKept: (a: Record) => void; onStale: () => void }) {
  const amending = useSignal(false);
  const open = a.status === "draft" || a.status === "preliminary";
  useFocusHeld(`${a.id} ${a.status} ${a.hidden ? "hidden" : ""} ${amending.value ? "amending" : ""}`);
  if (a.hidden && scale) {
    return (
      <div class="rating">
        <RateFirst of={a} scale={scale} onKept={onKept} onStale={onStale} />
      </div>
    );
  }
  return (
    <div class={a.observation ? "beside-it" : "rating"}>
      {a.observation && <Observed of={a.observation} />}
      <div>
        {open ? (
          <Fill of={a} scale={scale} onKept={onKept} onStale={onStale} />
        ) : amending.value ? (
          <Amend
            of={a}
            scale={scale}
            amend={(reason, f) => assessments.amend(a, reason, f)}
            onKept={(kept) => ((amending.value = false), onKept(kept))}
            onCancel={() => (amending.value = false)}
          />
        ) : (
          <section class="card">
            <h2>{scale ? scaleTitle(scale) : t("scale.remarks")}</h2>
            <Kept of={a} scale={scale} />
            {(a.status === "final" || a.status === "amended") && <Helped of={a} />}
            <After of={a} onAmend={() => (amending.value = true)} onKept={onKept} />
          </section>
        )}
      </div>
    </div>
  );
}

/** What can be done with an assessment that is confirmed. */
function After({ of: a, onAmend, onKept }: { of: Record; onAmend: () => void; onKept: (a: Record) => void }) {
  const asking = useSignal(false);
  if (a.status === "entered_in_error") return null;
  return (
    <div class="buttons after no-print">
      {a.resident_id && is("carer", "nurse", "manager", "admin") && (
        <LinkButton icon="relief" href={to("relief", a.resident_id, { a: a.id })}>
          {t("resident.giveRelief")}
        </LinkButton>
      )}
      <LinkButton icon="again" href={to("capture", ...(a.resident_id ? [a.resident_id] : []), { scale: a.scale?.id, condition: a.condition })}>
        {t("result.again")}
      </LinkButton>
      <Button icon="pencil" onClick={onAmend}>
        {t("result.amend")}
      </Button>
      <Button kind="quiet" icon="close" onClick={() => (asking.value = true)}>
        {t("result.wrong")}
      </Button>
      {asking.value && <InError of={a} onKept={onKept} onClose={() => (asking.value = false)} />}
    </div>
  );
}

function InError({ of: a, onKept, onClose }: { of: Record; onKept: (a: Record) => void; onClose: () => void }) {
  const wrong = useSignal("");
  const busy = useSignal(false);
  const submit = async (e: Event) => {
    const v = values(e);
    busy.value = true;
    try {
      onKept(await assessments.enteredInError(a, v.reason ?? ""));
      toast(t("result.wrongDone"));
    } catch (e) {
      wrong.value = sentence(e);
      busy.value = false;
    }
  };
  return (
    <Dialog title={t("result.wrongTitle")} onClose={onClose}>
      <form onSubmit={(e) => void submit(e)}>
        <p>{t("result.wrongLead")}</p>
        <Trouble said={wrong.value} />
        <Field label={t("result.wrongReason")} name="reason" required maxLength={500} />
        <div class="buttons">
          <Button kind="careful" type="submit" busy={busy.value}>
            {t("result.wrongSave")}
          </Button>
          <Button onClick={onClose}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
