import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { newID } from "../../api/id";
import { type Webhook, webhooks } from "../../api/webhooks";
import { t } from "../../i18n";
import { dateTime, number } from "../../i18n/format";
import { useLoaded } from "../../load";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Choice } from "../../parts/choice";
import { Dialog } from "../../parts/dialog";
import { Field, values } from "../../parts/field";
import { Ready } from "../../parts/loaded";
import { Badge } from "../../parts/page";
import { Secret } from "../../parts/secret";
import { Table } from "../../parts/table";
import { Trouble } from "../../parts/trouble";
import { useSending } from "../../send";
import { site } from "../../site";

/** The addresses that are told when something changes, and how that goes. */
export function Webhooks() {
  const list = useLoaded(webhooks.list, "webhooks");
  const adding = useSignal(false);
  const open = useSignal<string | null>(null);
  const secret = useSignal<{ name: string; text: string } | null>(null);
  const shown = list.value.value?.find((w) => w.id === open.value) ?? null;
  return (
    <Card
      title={t("admin.hooks")}
      actions={
        <Button kind="quiet" icon="plus" onClick={() => (adding.value = true)}>
          {t("admin.hookAdd")}
        </Button>
      }
    >
      <p class="quiet">{t("admin.hooksLead")}</p>
      <Ready of={list} rows={1}>
        {(all) =>
          all.length === 0 ? (
            <p class="quiet">{t("admin.hooksNone")}</p>
          ) : (
            <ul class="bare-list lines">
              {all.map((w) => (
                <li key={w.id} class="row">
                  <span>
                    <strong>{w.name}</strong>
                    <br />
                    <span class="quiet">{w.url}</span>
                  </span>
                  <State of={w} />
                  <Button kind="quiet" icon="next" onClick={() => (open.value = w.id)}>
                    {t("admin.openOf", { name: w.name })}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Ready>
      {adding.value && (
        <Add
          onClose={(made) => {
            adding.value = false;
            if (made) secret.value = { name: made.name, text: made.secret };
            list.again();
          }}
        />
      )}
      {shown && <One key={shown.id} of={shown} onChange={list.again} onClose={() => (open.value = null)} onSecret={(text) => (secret.value = { name: shown.name, text })} />}
      {secret.value && (
        <Dialog title={secret.value.name} onClose={() => (secret.value = null)}>
          <p>{t("admin.hookSecretLead")}</p>
          <Secret label={t("admin.shownOnce")} text={secret.value.text} />
        </Dialog>
      )}
    </Card>
  );
}

function State({ of }: { of: Webhook }) {
  if (of.disabled) {
    return (
      <Badge icon="pausedCircle" tone="quiet">
        {of.disabled_reason || t("admin.hookOff")}
      </Badge>
    );
  }
  const { pending = 0, dead = 0 } = of.state ?? {};
  if (dead > 0) {
    return (
      <Badge icon="alert" tone="care">
        {t("admin.hookDead", { count: dead })}
      </Badge>
    );
  }
  return (
    <Badge icon={pending > 0 ? "clock" : "check"} tone={pending > 0 ? "plain" : "good"}>
      {pending > 0 ? t("admin.hookPending", { count: pending }) : t("admin.hookFine")}
    </Badge>
  );
}

type Payload = "ids" | "full";

function Add({ onClose }: { onClose: (made?: Webhook & { secret: string }) => void }) {
  const id = useMemo(() => newID(), []);
  const payload = useSignal<Payload>("ids");
  const { wrong, busy, send } = useSending();
  const submit = async (e: Event) => {
    const v = values(e);
    const add = async () => onClose(await webhooks.add({ id, name: v.name ?? "", url: v.url ?? "", payload: payload.value, ...(site.value ? { site_id: site.value } : {}) }));
    await send(add, t("admin.hookAdded"));
  };
  return (
    <Dialog title={t("admin.hookAdd")} onClose={() => onClose()}>
      <form onSubmit={(e) => void submit(e)}>
        <Field label={t("admin.name")} name="name" required />
        <Field label={t("admin.hookURL")} name="url" required maxLength={500} hint={t("admin.hookURLHint")} />
        <Choice
          legend={t("admin.payload")}
          name="payload"
          look="stack"
          value={payload.value}
          onChange={(p: Payload) => (payload.value = p)}
          options={(["ids", "full"] as const).map((p) => ({ value: p, label: t("admin.payloadOf", { payload: p }), hint: t("admin.payloadHint", { payload: p }) }))}
        />
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("admin.hookAdd")}
          </Button>
          <Button onClick={() => onClose()}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function One({ of, onChange, onClose, onSecret }: { of: Webhook; onChange: () => void; onClose: () => void; onSecret: (text: string) => void }) {
  const log = useLoaded(() => webhooks.log(of), `log ${of.id}`);
  const sure = useSignal(false);
  const { wrong, busy, send } = useSending();
  const and = (after: () => void) => (done: boolean) => {
    if (done) after();
  };
  const test = () => send(() => webhooks.test(of), t("admin.hookTested")).then(() => log.again());
  const turn = () => send(() => webhooks.change(of, { disabled: !of.disabled }), t("admin.saved")).then(and(onChange));
  const redrive = () => send(() => webhooks.redrive(of), t("admin.hookRedriven")).then(and(onChange));
  const newSecret = () => send(async () => onSecret(await webhooks.newSecret(of)), t("admin.hookNewSecret")).then(and(() => (onClose(), onChange())));
  const remove = () => send(() => webhooks.remove(of), t("admin.hookGone", { name: of.name })).then(and(() => (onClose(), onChange())));
  return (
    <Dialog title={of.name} onClose={onClose}>
      <p class="quiet">{of.url}</p>
      <State of={of} />
      <Trouble said={wrong.value} />
      <div class="buttons">
        <Button icon="play" busy={busy.value} onClick={() => void test()}>
          {t("admin.hookTest")}
        </Button>
        {(of.state?.dead ?? 0) > 0 && (
          <Button icon="again" onClick={() => void redrive()}>
            {t("admin.hookRedrive")}
          </Button>
        )}
        <Button icon="key" onClick={() => void newSecret()}>
          {t("admin.hookRotate")}
        </Button>
        <Button onClick={() => void turn()}>{of.disabled ? t("admin.hookTurnOn") : t("admin.hookTurnOff")}</Button>
        {sure.value ? (
          <Button kind="careful" onClick={() => void remove()}>
            {t("admin.hookRemoveSure")}
          </Button>
        ) : (
          <Button kind="careful" onClick={() => (sure.value = true)}>
            {t("admin.hookRemove")}
          </Button>
        )}
      </div>
      <h3>{t("admin.hookLog")}</h3>
      <Ready of={log} rows={2}>
        {(rows) =>
          rows.length === 0 ? (
            <p class="quiet">{t("admin.hookLogNone")}</p>
          ) : (
            <Table
              caption={t("admin.hookLog")}
              hideCaption
              head={[t("admin.hookAt"), t("admin.hookWhat"), t("admin.hookTry"), t("admin.hookAnswer")]}
              rows={rows.map((a) => [dateTime(a.at), a.event, number(a.attempt, 0), a.status ? `${a.status} · ${a.outcome}` : a.outcome])}
            />
          )
        }
      </Ready>
    </Dialog>
  );
}
