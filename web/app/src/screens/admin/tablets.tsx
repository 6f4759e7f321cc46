import { useSignal } from "@preact/signals";

import { method } from "../../api/account";
import { type Enrolment, type Tablet, tablets } from "../../api/admin";
import { t } from "../../i18n";
import { dateTime, relative } from "../../i18n/format";
import { useLoaded } from "../../load";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Field, values } from "../../parts/field";
import { Ready } from "../../parts/loaded";
import { Badge, EmptyState } from "../../parts/page";
import { QR } from "../../parts/qr";
import { Secret } from "../../parts/secret";
import { Trouble } from "../../parts/trouble";
import { useSending } from "../../send";
import { site, sites } from "../../site";
import { AdminPage } from "./page";

const homeOf = (id: string) => (sites.value.length > 1 ? (sites.value.find((s) => s.id === id)?.name ?? "") : "");

/** The tablets on which a short PIN is enough, and the codes that make a tablet one of them. */
export function Tablets() {
  const list = useLoaded(
    async () => {
      const [all, codes] = await Promise.all([tablets.list(), tablets.enrolments()]);
      return { all, codes: codes.filter((c) => c.state === "pending") };
    },
    "tablets",
    15_000,
  );
  const open = useSignal<"code" | "here" | Tablet | null>(null);
  const closed = () => {
    open.value = null;
    list.again();
  };
  return (
    <AdminPage
      title={t("admin.tablets")}
      lead={t("admin.tabletsLead")}
      actions={
        <>
          <Button icon="tablet" onClick={() => (open.value = "here")}>
            {t("admin.tabletHere")}
          </Button>
          <Button kind="main" icon="plus" onClick={() => (open.value = "code")}>
            {t("admin.tabletAdd")}
          </Button>
        </>
      }
    >
      <Ready of={list}>
        {({ all, codes }) =>
          all.length + codes.length === 0 ? (
            <EmptyState icon="tablet" title={t("admin.tabletsNone")}>
              <p>{t("admin.tabletsNoneHint")}</p>
            </EmptyState>
          ) : (
            <ul class="rows">
              {codes.map((c) => (
                <Code key={c.id} of={c} onDone={list.again} />
              ))}
              {all.map((d) => (
                <li key={d.id}>
                  <div class="row">
                    <span>
                      <strong>{d.name}</strong>
                      <br />
                      <span class="quiet">{[homeOf(d.site_id), t("admin.tabletSince", { at: dateTime(d.enrolled_at) })].filter(Boolean).join(" · ")}</span>
                    </span>
                    {d.revoked_at ? (
                      <Badge icon="stop" tone="quiet">
                        {t("admin.tabletRevoked")}
                      </Badge>
                    ) : (
                      method.value !== "pin" && (
                        <Button kind="quiet" onClick={() => (open.value = d)}>
                          {t("admin.revokeOf", { name: d.name })}
                        </Button>
                      )
                    )}
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Ready>
      {open.value === "code" && <ByCode onClose={closed} />}
      {open.value === "here" && <Here onClose={closed} />}
      {open.value && typeof open.value === "object" && <Revoke of={open.value} onClose={closed} />}
    </AdminPage>
  );
}

function Code({ of, onDone }: { of: Enrolment; onDone: () => void }) {
  const { wrong, busy, send } = useSending();
  return (
    <li>
      <div class="row">
        <span>
          <strong>{of.name}</strong>
          <br />
          <span class="quiet">{[homeOf(of.site_id), t("admin.codeUntil", { when: relative(of.expires_at) })].filter(Boolean).join(" · ")}</span>
          <Trouble said={wrong.value} />
        </span>
        <Badge icon="clock">{t("admin.codePending")}</Badge>
        {method.value !== "pin" && (
          <Button kind="quiet" busy={busy.value} onClick={() => void send(() => tablets.withdraw(of.id), t("admin.codeEnded")).then((done) => done && onDone())}>
            {t("admin.codeEndOf", { name: of.name })}
          </Button>
        )}
      </div>
    </li>
  );
}

function ByCode({ onClose }: { onClose: () => void }) {
  const made = useSignal<{ address: string; expires_at: string; name: string } | null>(null);
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const name = values(e).name ?? "";
    await send(async () => {
      const r = await tablets.invite(name, site.value);
      made.value = { address: r.address, expires_at: r.enrolment.expires_at, name };
    }, t("admin.codeMade"));
  };
  return (
    <Dialog title={made.value?.name ?? t("admin.tabletAdd")} onClose={onClose}>
      {made.value ? (
        <>
          <p>{t("admin.codeLead", { until: dateTime(made.value.expires_at) })}</p>
          <QR of={made.value.address} label={t("admin.codeQR", { name: made.value.name })} />
          <Secret label={t("admin.codeElse")} text={made.value.address} />
        </>
      ) : (
        <form onSubmit={(e) => void submit(e)}>
          <Field label={t("admin.tabletName")} name="name" required hint={t("admin.tabletNameHint")} />
          <Trouble said={wrong.value} />
          <div class="buttons">
            <Button kind="main" busy={busy.value}>
              {t("admin.codeShow")}
            </Button>
            <Button onClick={onClose}>{t("shell.cancel")}</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Here({ onClose }: { onClose: () => void }) {
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const name = values(e).name ?? "";
    if (await send(() => tablets.enrolHere(name, site.value), t("admin.tabletNowHere", { name }))) onClose();
  };
  return (
    <Dialog title={t("admin.tabletHere")} onClose={onClose}>
      <form onSubmit={(e) => void submit(e)}>
        <p>{t("admin.tabletHereLead")}</p>
        <Field label={t("admin.tabletName")} name="name" required hint={t("admin.tabletNameHint")} />
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("admin.tabletEnrol")}
          </Button>
          <Button onClick={onClose}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Revoke({ of, onClose }: { of: Tablet; onClose: () => void }) {
  const { wrong, busy, send } = useSending();
  const revoke = async () => {
    if (await send(() => tablets.revoke(of.id), t("admin.tabletRevokedNow", { name: of.name }))) onClose();
  };
  return (
    <Dialog title={t("admin.revokeOf", { name: of.name })} onClose={onClose}>
      <p>{t("admin.revokeLead")}</p>
      <Trouble said={wrong.value} />
      <div class="buttons">
        <Button kind="careful" busy={busy.value} onClick={() => void revoke()}>
          {t("admin.revoke")}
        </Button>
        <Button onClick={onClose}>{t("shell.cancel")}</Button>
      </div>
    </Dialog>
  );
}
