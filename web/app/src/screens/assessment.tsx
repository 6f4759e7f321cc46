import { useSignal } from "@preact/signals";

import { api, me, sentence } from "../api";
import { useLoaded } from "../load";
import type { Assessment as Kept } from "../model";
import { Trouble } from "../parts/forms";
import { Status } from "../parts/status";
import { text } from "../strings";
import { summarise, when } from "../words";

export function Assessment({ id }: { id: string }) {
  const { value, wrong, again } = useLoaded(async () => {
    const kept = await api.assessment(id);
    return { kept, resident: kept.resident_id ? await api.resident(kept.resident_id) : null };
  }, id);
  if (wrong.value) {
    return (
      <Trouble said={wrong.value}>
        <button onClick={again}>{text.again}</button>
      </Trouble>
    );
  }
  if (!value.value) return <p>{text.loading}</p>;
  const { kept: a, resident } = value.value;
  return (
    <>
      <a class="back" href={resident ? `#/r/${resident.id}` : "#/practice"}>
        ← {resident ? resident.name : text.practice}
      </a>
      <div class="heading">
        <div>
          <h1>{resident ? resident.name : text.practiceTitle}</h1>
          <p class="quiet">
            {text.conditions[a.condition]} · {text.made(a.created_by.name, when(a.created_at))}
          </p>
        </div>
        <Status of={a.status} />
      </div>
      <div class="columns">
        <Observed of={a} />
        <div>
          <Proposals of={a} />
          <Remarks of={a} onConfirmed={(kept) => (value.value = { kept, resident })} onStale={again} />
        </div>
      </div>
    </>
  );
}

function Observed({ of: a }: { of: Kept }) {
  const o = a.observation;
  if (!o) return null;
  return (
    <section class="card">
      <h2>{text.result}</h2>
      {o.provisional && <p class="note">{text.provisionalLong}</p>}
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
        <summary>{text.details}</summary>
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
  if (a.proposals.length === 0) return null;
  return (
    <section class="card">
      <h2>{text.proposal}</h2>
      <p class="quiet">{text.proposalLead}</p>
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
            {p.provisional && <p class="quiet">{text.provisional}</p>}
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
        <h2>{text.remarks}</h2>
        <p class="written">{a.remarks || "–"}</p>
        {a.confirmed_by && a.confirmed_at && <p>{text.confirmed(a.confirmed_by.name, when(a.confirmed_at))}</p>}
      </section>
    );
  }
  const confirm = async (e: Event) => {
    e.preventDefault();
    busy.value = true;
    wrong.value = "";
    try {
      onConfirmed(await api.confirm(a, remarks.value));
    } catch (e) {
      wrong.value = sentence(e);
      onStale();
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="card" onSubmit={(e) => void confirm(e)}>
      <div class="field">
        <label for="remarks">
          <h2>{text.remarks}</h2>
        </label>
        <p class="hint" id="remarks-hint">
          {text.remarksHint}
        </p>
        <textarea id="remarks" rows={4} maxLength={2000} value={remarks.value} aria-describedby="remarks-hint" onInput={(e) => (remarks.value = e.currentTarget.value)} />
      </div>
      <p>{text.confirmLead}</p>
      <Trouble said={wrong.value} />
      <button class="main" disabled={busy.value}>
        {text.confirmAs(me.value?.name ?? "")}
      </button>
    </form>
  );
}
