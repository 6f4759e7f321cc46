import { useSignal } from "@preact/signals";

import { api, me, sentence } from "../api";
import { useLoaded } from "../load";
import type { Consent } from "../model";
import { Choice, Field, Trouble, values } from "../parts/forms";
import { text } from "../strings";
import { go } from "../route";

const consents = (["given", "refused", "unknown"] as const).map((value) => ({ value, label: text.consentOf[value] }));

function AddResident({ onCancel }: { onCancel: () => void }) {
  const consent = useSignal<Consent | null>(null);
  const wrong = useSignal("");
  const submit = async (e: Event) => {
    const v = values(e);
    wrong.value = "";
    try {
      const r = await api.addResident(v.name ?? "", v.room ?? "", consent.value ?? "unknown");
      go(`r/${r.id}`);
    } catch (e) {
      wrong.value = sentence(e);
    }
  };
  return (
    <form class="card" onSubmit={(e) => void submit(e)}>
      <h2>{text.addResident}</h2>
      <Trouble said={wrong.value} />
      <div class="two">
        <Field label={text.name} name="name" required />
        <Field label={text.room} name="room" maxLength={40} />
      </div>
      <Choice legend={text.consent} name="consent" options={consents} value={consent.value} onChange={(v) => (consent.value = v)} />
      <div class="buttons">
        <button class="main">{text.add}</button>
        <button type="button" onClick={onCancel}>
          {text.cancel}
        </button>
      </div>
    </form>
  );
}

export function Residents() {
  const { value: list, wrong, again } = useLoaded(api.residents, "residents");
  const adding = useSignal(false);
  const mayAdd = me.value?.role !== undefined && me.value.role !== "carer";
  return (
    <>
      <div class="heading">
        <h1>{text.residents}</h1>
        {mayAdd && !adding.value && (
          <button class="main" onClick={() => (adding.value = true)}>
            {text.addResident}
          </button>
        )}
      </div>
      {adding.value && <AddResident onCancel={() => (adding.value = false)} />}
      <Trouble said={wrong.value}>
        <button onClick={again}>{text.again}</button>
      </Trouble>
      {!list.value && !wrong.value && <p>{text.loading}</p>}
      {list.value?.length === 0 && !adding.value && <p class="empty">{mayAdd ? text.noResidents : text.onlyNurses}</p>}
      <ul class="list">
        {list.value?.map((r) => (
          <li key={r.id}>
            <a href={`#/r/${r.id}`}>
              <strong>{r.name}</strong>
              <span>{r.room && text.roomOf(r.room)}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
