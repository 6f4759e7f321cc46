import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { type Client, type ClientKey, type ClientKind, clients } from "../../api/admin";
import { newID } from "../../api/id";
import { t } from "../../i18n";
import { date, dateTime, list as inWords } from "../../i18n/format";
import { useLoaded } from "../../load";
import { Button } from "../../parts/button";
import { Checks } from "../../parts/checks";
import { Choice } from "../../parts/choice";
import { Dialog } from "../../parts/dialog";
import { Field, TextArea, values } from "../../parts/field";
import { Ready } from "../../parts/loaded";
import { Badge, EmptyState } from "../../parts/page";
import { Secret } from "../../parts/secret";
import { Note, Trouble } from "../../parts/trouble";
import { useSending } from "../../send";
import { sites } from "../../site";
import { AdminPage } from "./page";
import { Webhooks } from "./webhooks";

/** What programs may usually have, in words; the scopes are SMART's. */
const rights = {
  readAll: ["system/*.rs"],
  readResidents: ["system/Patient.rs"],
  readAssessments: ["system/Observation.rs", "system/QuestionnaireResponse.rs", "system/Questionnaire.rs", "system/Device.rs"],
  readRounds: ["system/ServiceRequest.rs", "system/Task.rs"],
  readRelief: ["system/MedicationAdministration.rs", "system/Procedure.rs"],
  writeResidents: ["system/Patient.cru"],
} as const;
type Right = keyof typeof rights;
const allRights = Object.keys(rights) as Right[];

const homesOf = (c: Client) => (c.all_sites ? t("shell.allSites") : inWords(c.sites.map((id) => sites.value.find((s) => s.id === id)?.name ?? "").filter(Boolean)));

/** The programs that may read or write here, and the addresses that are told of changes. */
export function Programs() {
  const list = useLoaded(clients.list, "clients");
  const adding = useSignal(false);
  const open = useSignal<string | null>(null);
  const shown = list.value.value?.find((c) => c.id === open.value) ?? null;
  return (
    <AdminPage
      title={t("admin.programs")}
      lead={t("admin.programsLead")}
      actions={
        <Button kind="main" icon="plus" onClick={() => (adding.value = true)}>
          {t("admin.programAdd")}
        </Button>
      }
    >
      <Ready of={list}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon="key" title={t("admin.programsNone")}>
              <p>{t("admin.programsNoneHint")}</p>
            </EmptyState>
          ) : (
            <ul class="rows">
              {all.map((c) => (
                <li key={c.id}>
                  <div class="row">
                    <span>
                      <strong>{c.name}</strong>
                      <br />
                      <span class="quiet">{[t("admin.kindOf", { kind: c.kind }), homesOf(c), c.used_at ? t("admin.usedAt", { at: dateTime(c.used_at) }) : t("admin.neverUsed")].join(" · ")}</span>
                    </span>
                    {c.disabled_at && (
                      <Badge icon="pausedCircle" tone="quiet">
                        {t("admin.programOff")}
                      </Badge>
                    )}
                    <Button icon="next" onClick={() => (open.value = c.id)}>
                      {t("admin.openOf", { name: c.name })}
                    </Button>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Ready>
      <Webhooks />
      {adding.value && (
        <Add
          onClose={(made) => {
            adding.value = false;
            list.again();
            if (made) open.value = made;
          }}
        />
      )}
      {shown && !adding.value && <One key={shown.id} of={shown} onChange={list.again} onClose={() => (open.value = null)} />}
    </AdminPage>
  );
}

function Add({ onClose }: { onClose: (made?: string) => void }) {
  const id = useMemo(() => newID(), []);
  const kind = useSignal<ClientKind>("api_key");
  const may = useSignal<Right[]>(["readAll"]);
  const where = useSignal<string[]>(["all"]);
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const v = values(e);
    const all = where.value.includes("all");
    const made = () =>
      clients.add({
        id,
        name: v.name ?? "",
        kind: kind.value,
        scopes: [...new Set(may.value.flatMap((r) => rights[r]))],
        ...(all ? { all_sites: true } : { sites: where.value }),
        ...(kind.value === "smart_backend" ? { public_key_pem: v.pem ?? "" } : {}),
      });
    if (await send(made, t("admin.programAdded"))) onClose(id);
  };
  return (
    <Dialog title={t("admin.programAdd")} onClose={() => onClose()}>
      <form onSubmit={(e) => void submit(e)}>
        <Field label={t("admin.name")} name="name" required hint={t("admin.programNameHint")} />
        <Choice
          legend={t("admin.kind")}
          name="kind"
          look="stack"
          value={kind.value}
          onChange={(k: ClientKind) => (kind.value = k)}
          options={(["api_key", "smart_backend"] as const).map((k) => ({ value: k, label: t("admin.kindOf", { kind: k }), hint: t("admin.kindHint", { kind: k }) }))}
        />
        {kind.value === "smart_backend" && <TextArea label={t("admin.pem")} name="pem" required rows={5} maxLength={10_000} hint={t("admin.pemHint")} />}
        <Checks legend={t("admin.may")} values={may.value} onChange={(v) => (may.value = v)} options={allRights.map((r) => ({ value: r, label: t("admin.right", { right: r }) }))} />
        {sites.value.length > 1 && (
          <Checks
            legend={t("admin.whose")}
            values={where.value}
            onChange={(v) => (where.value = v.includes("all") && !where.value.includes("all") ? ["all"] : v.filter((x) => x !== "all"))}
            options={[{ value: "all", label: t("shell.allSites") }, ...sites.value.map((s) => ({ value: s.id, label: s.name }))]}
          />
        )}
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("admin.programAdd")}
          </Button>
          <Button onClick={() => onClose()}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function One({ of, onChange, onClose }: { of: Client; onChange: () => void; onClose: () => void }) {
  const secret = useSignal("");
  const sure = useSignal(false);
  const { wrong, busy, send } = useSending();
  const addKey = () =>
    send(async () => {
      secret.value = (await clients.addKey(of)).secret;
      onChange();
    }, t("admin.keyMade"));
  const turn = async () => {
    if (await send(() => clients.change(of, { disabled: !of.disabled_at }), t("admin.saved"))) onChange();
  };
  const remove = async () => {
    if (!(await send(() => clients.remove(of), t("admin.programGone", { name: of.name })))) return;
    onClose();
    onChange();
  };
  const usable = of.api_keys.filter((k) => !k.revoked_at);
  return (
    <Dialog title={of.name} onClose={onClose}>
      <dl class="pairs">
        <dt>{t("admin.clientID")}</dt>
        <dd>
          <code>{of.id}</code>
        </dd>
        <dt>{t("admin.kind")}</dt>
        <dd>{t("admin.kindOf", { kind: of.kind })}</dd>
        <dt>{t("admin.whose")}</dt>
        <dd>{homesOf(of)}</dd>
        <dt>{t("admin.may")}</dt>
        <dd>
          <code>{of.scopes.join(" ")}</code>
        </dd>
      </dl>
      {of.kind === "api_key" && (
        <>
          <h3>{t("admin.keys")}</h3>
          {secret.value && <Secret label={t("admin.keyOnce")} text={secret.value} />}
          {usable.length === 0 && <p class="quiet">{t("admin.keysNone")}</p>}
          <ul class="bare-list lines">
            {usable.map((k) => (
              <Key key={k.id} of={k} client={of} onChange={onChange} />
            ))}
          </ul>
          <Button icon="plus" busy={busy.value} onClick={() => void addKey()}>
            {t("admin.keyAdd")}
          </Button>
        </>
      )}
      {of.kind === "smart_backend" && (
        <Note>
          <p>{t("admin.smartNote", { address: `${location.origin}/fhir/.well-known/smart-configuration` })}</p>
        </Note>
      )}
      <Trouble said={wrong.value} />
      <div class="buttons">
        <Button onClick={() => void turn()}>{of.disabled_at ? t("admin.programOn") : t("admin.programTurnOff")}</Button>
        {sure.value ? (
          <Button kind="careful" busy={busy.value} onClick={() => void remove()}>
            {t("admin.programRemoveSure")}
          </Button>
        ) : (
          <Button kind="careful" onClick={() => (sure.value = true)}>
            {t("admin.programRemove")}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

function Key({ of, client, onChange }: { of: ClientKey; client: Client; onChange: () => void }) {
  const { wrong, busy, send } = useSending();
  const revoke = async () => {
    if (await send(() => clients.revokeKey(client, of.id), t("admin.keyRevoked"))) onChange();
  };
  return (
    <li class="row">
      <span>
        <code>{of.prefix}…</code>
        <br />
        <span class="quiet">{[t("admin.keyUntil", { at: date(of.expires_at) }), of.used_at ? t("admin.usedAt", { at: dateTime(of.used_at) }) : t("admin.neverUsed")].join(" · ")}</span>
        <Trouble said={wrong.value} />
      </span>
      <Button kind="careful" busy={busy.value} onClick={() => void revoke()}>
        {t("admin.keyRevokeOf", { key: of.prefix })}
      </Button>
    </li>
  );
}
