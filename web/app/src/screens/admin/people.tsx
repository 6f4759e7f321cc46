import { useSignal } from "@preact/signals";

import { is, me, method } from "../../api/account";
import { type Invitation, type Staff, staff } from "../../api/admin";
import { t } from "../../i18n";
import { dateTime, list as inWords } from "../../i18n/format";
import { useLoaded } from "../../load";
import type { Role } from "../../model";
import { Button } from "../../parts/button";
import { Checks } from "../../parts/checks";
import { Choice } from "../../parts/choice";
import { Dialog } from "../../parts/dialog";
import { Field, values } from "../../parts/field";
import { Ready } from "../../parts/loaded";
import { Badge } from "../../parts/page";
import { QR } from "../../parts/qr";
import { Secret } from "../../parts/secret";
import { Trouble } from "../../parts/trouble";
import { useSending } from "../../send";
import { site, sites } from "../../site";
import { AdminPage } from "./page";

/** The roles that whoever is signed in may give: only administrators make administrators. */
const roles = (): Role[] => (is("admin") ? ["carer", "nurse", "manager", "admin"] : ["carer", "nurse", "manager"]);

const nameOf = (id: string) => sites.value.find((s) => s.id === id)?.name ?? "";

/** Whether a manager may change this person: administrators and programs are an administrator's to change. */
const mine = (u: Staff) => is("admin") || roles().includes(u.role);

/** The staff: who they are, what they may do and where. */
export function People() {
  const list = useLoaded(staff.list, "staff");
  const open = useSignal<Staff | "new" | null>(null);
  const invited = useSignal<{ name: string; invitation: Invitation } | null>(null);
  const closed = (made?: { name: string; invitation: Invitation | null }) => {
    open.value = null;
    if (made?.invitation) invited.value = { name: made.name, invitation: made.invitation };
    list.again();
  };
  return (
    <AdminPage
      title={t("admin.people")}
      lead={t("admin.peopleLead")}
      actions={
        <Button kind="main" icon="plus" onClick={() => (open.value = "new")}>
          {t("admin.personAdd")}
        </Button>
      }
    >
      <Ready of={list}>
        {(all) => (
          <ul class="rows">
            {[...all]
              .sort((a, b) => Number(!!a.disabled_at) - Number(!!b.disabled_at) || a.name.localeCompare(b.name))
              .map((u) => (
                <li key={u.id}>
                  <div class="row">
                    <span>
                      <strong>{u.name}</strong>
                      <br />
                      <span class="quiet">{[t(`admin.roleOf`, { role: u.role }), sites.value.length > 1 && u.role !== "admin" && inWords(u.sites.map(nameOf).filter(Boolean))].filter(Boolean).join(" · ")}</span>
                    </span>
                    {u.disabled_at && (
                      <Badge icon="pausedCircle" tone="quiet">
                        {t("admin.personOff")}
                      </Badge>
                    )}
                    {mine(u) && method.value !== "pin" && (
                      <Button icon="pencil" onClick={() => (open.value = u)}>
                        {t("admin.changeOf", { name: u.name })}
                      </Button>
                    )}
                  </div>
                </li>
              ))}
          </ul>
        )}
      </Ready>
      {open.value === "new" && <Add onClose={closed} />}
      {open.value && open.value !== "new" && <Change of={open.value} onClose={closed} />}
      {invited.value && <Invited {...invited.value} onClose={() => (invited.value = null)} />}
    </AdminPage>
  );
}

type Closed = (made?: { name: string; invitation: Invitation | null }) => void;

function WhatAndWhere({ role, where }: { role: { value: Role | null }; where: { value: string[] } }) {
  return (
    <>
      <Choice
        legend={t("admin.role")}
        name="role"
        look="stack"
        value={role.value}
        onChange={(r: Role) => (role.value = r)}
        options={roles().map((r) => ({ value: r, label: t("admin.roleOf", { role: r }), hint: t("admin.roleHint", { role: r }) }))}
      />
      {sites.value.length > 1 && role.value !== "admin" && (
        <Checks legend={t("admin.where")} values={where.value} onChange={(v) => (where.value = v)} options={sites.value.map((s) => ({ value: s.id, label: s.name }))} />
      )}
    </>
  );
}

function Add({ onClose }: { onClose: Closed }) {
  const role = useSignal<Role | null>("carer");
  const where = useSignal<string[]>(site.value ? [site.value] : sites.value.slice(0, 1).map((s) => s.id));
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const name = values(e).name ?? "";
    const add = async () => {
      const { invitation } = await staff.add({ name, role: role.value ?? "carer", sites: where.value });
      onClose({ name, invitation });
    };
    await send(add, t("admin.personAdded", { name }));
  };
  return (
    <Dialog title={t("admin.personAdd")} onClose={() => onClose()}>
      <form onSubmit={(e) => void submit(e)}>
        <Field label={t("admin.name")} name="name" required hint={t("admin.nameHint")} />
        <WhatAndWhere role={role} where={where} />
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("admin.personInvite")}
          </Button>
          <Button onClick={() => onClose()}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Change({ of, onClose }: { of: Staff; onClose: Closed }) {
  const role = useSignal<Role | null>(of.role);
  const where = useSignal<string[]>(of.sites);
  const name = useSignal(of.name);
  const { wrong, busy, send } = useSending();
  const self = of.id === me.value?.id;
  const save = async (e: Event) => {
    e.preventDefault();
    if (await send(() => staff.change(of, { name: name.value, ...(role.value ? { role: role.value } : {}), sites: where.value }), t("admin.saved"))) onClose();
  };
  const turn = async () => {
    const disabled = !of.disabled_at;
    if (await send(() => staff.change(of, { disabled }), disabled ? t("admin.personNowOff", { name: of.name }) : t("admin.personNowOn", { name: of.name }))) onClose();
  };
  const invite = async () => {
    await send(async () => onClose({ name: of.name, invitation: await staff.invite(of) }), t("admin.invited"));
  };
  return (
    <Dialog title={of.name} onClose={() => onClose()}>
      <form onSubmit={(e) => void save(e)}>
        <Field label={t("admin.name")} name="name" required value={name.value} onInput={(v) => (name.value = v)} />
        {of.role !== "integration" && <WhatAndWhere role={role} where={where} />}
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("shell.save")}
          </Button>
          {!of.disabled_at && of.role !== "integration" && (
            <Button icon="key" onClick={() => void invite()}>
              {t("admin.inviteAgain")}
            </Button>
          )}
          {!self && (
            <Button kind="careful" onClick={() => void turn()}>
              {of.disabled_at ? t("admin.personOn") : t("admin.personTurnOff")}
            </Button>
          )}
        </div>
        <p class="hint">{t("admin.personKept")}</p>
      </form>
    </Dialog>
  );
}

function Invited({ name, invitation, onClose }: { name: string; invitation: Invitation; onClose: () => void }) {
  const address = `${location.origin}/#/invited/${invitation.token}`;
  return (
    <Dialog title={t("admin.invitationFor", { name })} onClose={onClose}>
      <p>{t("admin.invitationLead", { until: dateTime(invitation.expires_at) })}</p>
      <QR of={address} label={t("admin.invitationQR", { name })} />
      <Secret label={t("admin.shownOnce")} text={address} />
    </Dialog>
  );
}
