import { api } from "../api";
import { useLoaded } from "../load";
import type { Assessment } from "../model";
import { Trouble } from "../parts/forms";
import { Status } from "../parts/status";
import { text } from "../strings";
import { when } from "../words";

function AssessmentList({ of }: { of: Assessment[] }) {
  if (of.length === 0) return <p class="empty">{text.noAssessments}</p>;
  return (
    <ul class="list">
      {of.map((a) => (
        <li key={a.id}>
          <a href={`#/a/${a.id}`}>
            <strong>{when(a.created_at)}</strong>
            <span>{text.conditions[a.condition]}</span>
            <Status of={a.status} />
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Resident({ id }: { id: string }) {
  const { value, wrong, again } = useLoaded(async () => {
    const [resident, list] = await Promise.all([api.resident(id), api.assessments(id)]);
    return { resident, list };
  }, id);
  if (wrong.value) {
    return (
      <Trouble said={wrong.value}>
        <button onClick={again}>{text.again}</button>
      </Trouble>
    );
  }
  if (!value.value) return <p>{text.loading}</p>;
  const { resident: r, list } = value.value;
  return (
    <>
      <a class="back" href="#/">
        ← {text.residents}
      </a>
      <div class="heading">
        <div>
          <h1>{r.name}</h1>
          <p class="quiet">
            {[r.room && text.roomOf(r.room), text.camera(text.consentOf[r.consent].toLowerCase())].filter(Boolean).join(" · ")}
          </p>
        </div>
        {r.consent === "given" && (
          <a class="button main" href={`#/capture/${r.id}`}>
            {text.assess}
          </a>
        )}
      </div>
      {r.consent !== "given" && <p class="note">{text.consentMissing}</p>}
      <h2>{text.assessments}</h2>
      <AssessmentList of={list} />
    </>
  );
}

export function Practice() {
  const { value: list, wrong, again } = useLoaded(() => api.assessments(null), "practice");
  return (
    <>
      <div class="heading">
        <h1>{text.practice}</h1>
        <a class="button main" href="#/capture">
          {text.practise}
        </a>
      </div>
      <p>{text.practiceLead}</p>
      <Trouble said={wrong.value}>
        <button onClick={again}>{text.again}</button>
      </Trouble>
      <h2>{text.practiceAssessments}</h2>
      {list.value ? <AssessmentList of={list.value} /> : !wrong.value && <p>{text.loading}</p>}
    </>
  );
}
