import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { inCharge } from "../api/account";
import { newID } from "../api/id";
import { sentence } from "../api/request";
import { residents } from "../api/residents";
import { source } from "../api/source";
import { matches } from "../find";
import { t } from "../i18n";
import { useLoaded } from "../load";
import type { Consent, Resident } from "../model";
import { Button } from "../parts/button";
import { Choice } from "../parts/choice";
import { Field, values } from "../parts/field";
import { Ready } from "../parts/loaded";
import { EmptyState, Page } from "../parts/page";
import { Search } from "../parts/search";
import { Trouble } from "../parts/trouble";
import { go, to } from "../route";
import { site } from "../site";

function AddResident({ onCancel }: { onCancel: () => void }) {
  const id = useMemo(() => newID(), []); // one id for all tries, so that a second try makes no second resident
  const consent = useSignal<Consent | null>(null);
  const wrong = useSignal("");
  const busy = useSignal(false);
  const submit = async (e: Event) => {
    const v = values(e);
    wrong.value = "";
    busy.value = true;
    try {
      const r = await residents.add({ id, name: v.name ?? "", room: v.room ?? "", consent: consent.value ?? "unknown", ...(site.value ? { site_id: site.value } : {}) });
      go(to("r", r.id));
    } catch (e) {
      wrong.value = sentence(e);
    } finally {
      busy.value = false;
    }
  };
  const options = (["given", "refused", "unknown"] as const).map((value) => ({ value, label: t("residents.consentOf", { consent: value }) }));
  return (
    <form class="card" onSubmit={(e) => void submit(e)}>
      <h2>{t("residents.add")}</h2>
      <Trouble said={wrong.value} />
      <div class="two">
        <Field label={t("residents.name")} name="name" required />
        <Field label={t("residents.room")} name="room" maxLength={40} />
      </div>
      <Choice legend={t("residents.consent")} name="consent" options={options} value={consent.value} onChange={(v: Consent) => (consent.value = v)} />
      <div class="buttons">
        <Button kind="main" busy={busy.value}>
          {t("residents.addButton")}
        </Button>
        <Button onClick={onCancel}>{t("shell.cancel")}</Button>
      </div>
    </form>
  );
}

export function Residents() {
  const list = useLoaded((signal) => source.value.residents(site.value, signal), `residents ${site.value}`);
  const adding = useSignal(false);
  const typed = useSignal("");
  const mayAdd = inCharge.value;
  return (
    <Page
      title={t("residents.title")}
      actions={
        mayAdd &&
        !adding.value && (
          <Button icon="plus" onClick={() => (adding.value = true)}>
            {t("residents.add")}
          </Button>
        )
      }
    >
      {adding.value && <AddResident onCancel={() => (adding.value = false)} />}
      <Ready of={list}>
        {(all) =>
          all.length === 0 ? (
            !adding.value && <EmptyState icon="people" title={mayAdd ? t("residents.none") : t("residents.onlyNurses")} />
          ) : (
            <>
              <Search label={t("residents.search")} value={typed.value} onInput={(s) => (typed.value = s)} />
              <Rows of={all.filter((r) => matches(r, typed.value))} typed={typed.value} />
            </>
          )
        }
      </Ready>
    </Page>
  );
}

function Rows({ of, typed }: { of: Resident[]; typed: string }) {
  if (of.length === 0) return <EmptyState icon="search" title={t("residents.noneFound", { text: typed })} />;
  return (
    <ul class="rows">
      {of.map((r) => (
        <li key={r.id}>
          <a href={to("r", r.id)}>
            <strong>{r.name}</strong>
            <span class="quiet">{r.room && t("residents.roomOf", { room: r.room })}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
