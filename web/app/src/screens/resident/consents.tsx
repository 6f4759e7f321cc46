import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { bases, type Basis, capacities, type Capacity, type ConsentRecord, consents, type NewConsent, type Purpose, stateOf } from "../../api/consents";
import { newID } from "../../api/id";
import { t } from "../../i18n";
import { date } from "../../i18n/format";
import { useLoaded } from "../../load";
import type { Resident } from "../../model";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Choice } from "../../parts/choice";
import { Dialog } from "../../parts/dialog";
import { Field, Select, values } from "../../parts/field";
import { Ready } from "../../parts/loaded";
import { Trouble } from "../../parts/trouble";
import { useSending } from "../../send";

/** Who decided what about the camera and photographs; decisions are added and withdrawn, never changed. */
export function Consents({ resident, changed, mayChange, onChange }: { resident: Resident; changed: number; mayChange: boolean; onChange: () => void }) {
  const loaded = useLoaded(() => consents.list(resident.id), `${resident.id} ${changed}`);
  const adding = useSignal(false);
  const withdrawing = useSignal<ConsentRecord | null>(null);
  return (
    <Card
      title={t("resident.consents")}
      actions={
        mayChange && (
          <Button kind="quiet" icon="plus" onClick={() => (adding.value = true)}>
            {t("resident.consentAdd")}
          </Button>
        )
      }
    >
      <p>
        <strong>{t("resident.consentNow", { consent: resident.consent })}</strong>
      </p>
      <Ready of={loaded} rows={1}>
        {(list) =>
          list.length === 0 ? (
            <p class="quiet">{t("resident.consentsNone")}</p>
          ) : (
            <ul class="bare-list lines">
              {list.map((c) => (
                <Line key={c.id} of={c} {...(mayChange ? { onWithdraw: () => (withdrawing.value = c) } : {})} />
              ))}
            </ul>
          )
        }
      </Ready>
      {adding.value && <Add resident={resident.id} onClose={(done) => ((adding.value = false), done && onChange())} />}
      {withdrawing.value && <Withdraw resident={resident.id} of={withdrawing.value} onClose={(done) => ((withdrawing.value = null), done && onChange())} />}
    </Card>
  );
}

function Line({ of: c, onWithdraw }: { of: ConsentRecord; onWithdraw?: () => void }) {
  const state = stateOf(c, Date.now());
  const name = c.given_by || c.recorded_by.name;
  return (
    <li>
      <p>
        {t("resident.consentPurposeOf", { purpose: c.purpose })}: {t("resident.consentLine", { decision: t("resident.consentDecisionOf", { decision: state }), when: date(c.given_at), name })}
        {c.expires_at && `, ${t("resident.consentExpires", { when: date(c.expires_at) })}`}
        {c.withdrawn_at && `; ${t("resident.consentWithdrawnLine", { when: date(c.withdrawn_at), name: c.withdrawn_by ?? "" })}`}
      </p>
      <p class="quiet">
        {t("resident.capacity", { capacity: c.capacity })}
        {c.note && ` · ${c.note}`}
      </p>
      {state === "given" && onWithdraw && (
        <Button kind="quiet" icon="close" onClick={onWithdraw}>
          {t("resident.consentWithdraw")}
        </Button>
      )}
    </li>
  );
}

function Add({ resident, onClose }: { resident: string; onClose: (done: boolean) => void }) {
  const id = useMemo(() => newID(), []);
  const decision = useSignal<"given" | "refused">("given");
  const purpose = useSignal<Purpose>("camera");
  const capacity = useSignal<Capacity>("resident");
  const basis = useSignal<Basis>("consent");
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const v = values(e);
    const c: NewConsent = { id, purpose: purpose.value, decision: decision.value, given_by: v.given_by ?? "", capacity: capacity.value, legal_basis: basis.value, note: v.note ?? "" };
    if (v.expires_at) c.expires_at = new Date(`${v.expires_at}T23:59:59`).toISOString();
    if (await send(() => consents.add(resident, c), t("resident.consentSaved"))) onClose(true);
  };
  return (
    <Dialog title={t("resident.consentAdd")} onClose={() => onClose(false)}>
      <form onSubmit={(e) => void submit(e)}>
        <Choice
          legend={t("resident.consentDecision")}
          name="decision"
          value={decision.value}
          onChange={(d: "given" | "refused") => (decision.value = d)}
          options={(["given", "refused"] as const).map((d) => ({ value: d, label: t("resident.consentDecisionOf", { decision: d }) }))}
        />
        <Choice
          legend={t("resident.consentPurpose")}
          name="purpose"
          value={purpose.value}
          onChange={(p: Purpose) => (purpose.value = p)}
          options={(["camera", "photo"] as const).map((p) => ({ value: p, label: t("resident.consentPurposeOf", { purpose: p }) }))}
        />
        <Field label={t("resident.consentByName")} name="given_by" required />
        <Select
          label={t("resident.consentCapacity")}
          name="capacity"
          value={capacity.value}
          onChange={(c) => (capacity.value = c as Capacity)}
          options={capacities.map((c) => ({ value: c, label: t("resident.capacity", { capacity: c }) }))}
        />
        <Select
          label={t("resident.consentBasis")}
          name="basis"
          value={basis.value}
          onChange={(b) => (basis.value = b as Basis)}
          options={bases.map((b) => ({ value: b, label: t("resident.basis", { basis: b }) }))}
        />
        <Field label={t("resident.consentUntil")} name="expires_at" type="date" />
        <Field label={t("resident.consentNote")} name="note" required={basis.value === "other_law"} maxLength={300} />
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("shell.save")}
          </Button>
          <Button onClick={() => onClose(false)}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Withdraw({ resident, of, onClose }: { resident: string; of: ConsentRecord; onClose: (done: boolean) => void }) {
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const v = values(e);
    if (await send(() => consents.withdraw(resident, of, v.by ?? ""), t("resident.consentWithdrawn"))) onClose(true);
  };
  return (
    <Dialog title={t("resident.consentWithdraw")} onClose={() => onClose(false)}>
      <p>{t("resident.consentWithdrawLead")}</p>
      <form onSubmit={(e) => void submit(e)}>
        <Field label={t("resident.consentWithdrawBy")} name="by" required />
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="careful" busy={busy.value}>
            {t("resident.consentWithdraw")}
          </Button>
          <Button onClick={() => onClose(false)}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
