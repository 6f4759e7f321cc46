import { useSignal } from "@preact/signals";

import { me } from "../api/account";
import { assessments } from "../api/assessments";
import { sentence } from "../api/request";
import { source } from "../api/source";
import { t } from "../i18n";
import { dateTime } from "../i18n/format";
import { useLoaded } from "../load";
import type { Assessment as Kept } from "../model";
import { Button } from "../parts/button";
import { TextArea } from "../parts/field";
import { Ready } from "../parts/loaded";
import { Page } from "../parts/page";
import { Trouble } from "../parts/trouble";
import { to } from "../route";
import type { Params } from "../screens";
import { Status } from "../parts/status";
import { summarise } from "../words";

export function Assessment({ params }: { params: Params }) {
  const id = params.id ?? "";
  const loaded = useLoaded(async () => {
    const kept = await source.value.assessment(id);
    return { kept, resident: kept.resident_id ? await source.value.resident(kept.resident_id) : null };
  }, id);
  const there = loaded.value.value;
  const a = there?.kept;
  const resident = there?.resident;
  return (
    <Page
      title={a ? (resident?.name ?? t("capture.practiceTitle")) : t("shell.loading")}
      {...(a ? { back: resident ? { href: to("r", resident.id), to: resident.name } : { href: to("practice"), to: t("shell.practice") } } : {})}
      lead={a && `${t(`face.condition.${a.condition}`)} · ${t("result.made", { name: a.created_by.name, when: dateTime(a.created_at) })}`}
      actions={a && <Status of={a.status} />}
    >
      <Ready of={loaded}>
        {({ kept, resident }) => (
          <div class="columns">
            <Observed of={kept} />
            <div>
              <Proposals of={kept} />
              <Remarks of={kept} onConfirmed={(kept) => (loaded.value.value = { kept, resident })} onStale={loaded.again} />
            </div>
          </div>
        )}
      </Ready>
    </Page>
  );
}

function Observed({ of: a }: { of: Kept }) {
  const o = a.observation;
  if (!o) return null;
  return (
    <section class="card">
      <h2>{t("result.title")}</h2>
      {o.provisional && <p class="note">{t("face.provisionalLong")}</p>}
      <dl>
        {summarise(o).map((l) => (
          <div key={l.term}>
            <dt>{l.term}</dt>
            <dd>
              {l.said}
              {l.items && l.items.length > 0 && (
                <ul class="seen">
                  {l.items.map((i) => (
                    <li key={i}>{i}</li>
                  ))}
                </ul>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>{t("result.details")}</summary>
        <ul class="small">
          <li>{o.rules}</li>
          {Object.entries(o.models).map(([name, version]) => (
            <li key={name}>
              {name}: {version}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

function Proposals({ of: a }: { of: Kept }) {
  if (!a.proposals?.length) return null;
  return (
    <section class="card">
      <h2>{t("result.proposal")}</h2>
      <p class="quiet">{t("result.proposalLead")}</p>
      {a.proposals.map((p) => (
        <div class="proposal" key={p.scale + p.item}>
          <p class="value">{p.value}</p>
          <div>
            <p>
              <strong>
                {p.scale}, {p.item}
              </strong>
              : {p.label.toLowerCase()}
            </p>
            <p>{p.evidence}</p>
            {p.provisional && <p class="quiet">{t("face.provisional")}</p>}
          </div>
        </div>
      ))}
    </section>
  );
}

function Remarks({ of: a, onConfirmed, onStale }: { of: Kept; onConfirmed: (a: Kept) => void; onStale: () => void }) {
  const remarks = useSignal(a.remarks);
  const wrong = useSignal("");
  const busy = useSignal(false);
  if (a.status !== "preliminary") {
    return (
      <section class="card">
        <h2>{t("result.remarks")}</h2>
        <p class="written">{a.remarks || "–"}</p>
        {a.confirmed_by && a.confirmed_at && <p>{t("result.confirmed", { name: a.confirmed_by.name, when: dateTime(a.confirmed_at) })}</p>}
      </section>
    );
  }
  const confirm = async (e: Event) => {
    e.preventDefault();
    busy.value = true;
    wrong.value = "";
    try {
      onConfirmed(await assessments.confirm(a, { remarks: remarks.value }));
    } catch (e) {
      wrong.value = sentence(e);
      onStale();
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="card" onSubmit={(e) => void confirm(e)}>
      <TextArea label={t("result.remarks")} hint={t("result.remarksHint")} name="remarks" value={remarks.value} onInput={(v) => (remarks.value = v)} />
      <p>{t("result.confirmLead")}</p>
      <Trouble said={wrong.value} />
      <Button kind="main" wide busy={busy.value}>
        {t("result.confirmAs", { name: me.value?.name ?? "" })}
      </Button>
    </form>
  );
}
