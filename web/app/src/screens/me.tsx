import { account, me, method } from "../api/account";
import { appearance, type Appearance, appearances, chooseAppearance } from "../appearance";
import { chooseLanguage, language, type Language, languages, t } from "../i18n";
import { dateTime } from "../i18n/format";
import { useLoaded } from "../load";
import { Button } from "../parts/button";
import { Choice } from "../parts/choice";
import { Field, Select, values } from "../parts/field";
import { Ready } from "../parts/loaded";
import { Page } from "../parts/page";
import { Note, Trouble } from "../parts/trouble";
import { useSending } from "../send";

const signs = { system: "tablet", light: "sun", dark: "moon" } as const;

/** One's own account, and how this tablet looks. */
export function Me() {
  const strong = method.value !== "pin";
  return (
    <Page
      title={me.value?.name ?? ""}
      lead={
        <>
          {t("account.role", { role: me.value?.role ?? "" })} · {t("account.signedInBy", { how: method.value })}
        </>
      }
      actions={
        <Button icon="signOut" onClick={() => void account.signOut().catch(() => undefined)}>
          {t("shell.signOut")}
        </Button>
      }
    >
      <div class="cards">
        <section class="card">
          <h2>{t("account.appearance")}</h2>
          <Choice
            legend={t("account.appearance")}
            hideLegend
            look="segments"
            name="appearance"
            value={appearance.value}
            onChange={(a: Appearance) => chooseAppearance(a)}
            options={appearances.map((a) => ({ value: a, label: t("account.appearanceOf", { which: a }), icon: signs[a] }))}
          />
          <Select
            label={t("account.language")}
            name="language"
            value={language()}
            options={Object.entries(languages).map(([value, label]) => ({ value, label }))}
            onChange={(l) => void chooseLanguage(l as Language)}
            hint={t("account.kept")}
          />
        </section>
        {strong ? (
          <>
            <PINCard />
            <PasswordCard />
            <PasskeyCard />
          </>
        ) : (
          <Note>{t("account.pinNotEnough")}</Note>
        )}
      </div>
    </Page>
  );
}

function PINCard() {
  const { wrong, busy, send } = useSending();
  const submit = (e: Event) => {
    const form = e.currentTarget as HTMLFormElement;
    const v = values(e);
    void send(() => account.setPIN(v.pin ?? ""), t("account.pinKept")).then((ok) => ok && form.reset());
  };
  return (
    <section class="card">
      <h2>{t("account.pin")}</h2>
      <p class="quiet">{t("account.pinLead")}</p>
      <Trouble said={wrong.value} />
      <form onSubmit={submit}>
        <Field label={t("account.pinNew")} name="pin" type="password" inputMode="numeric" autocomplete="new-password" required maxLength={8} />
        <div class="buttons">
          <Button busy={busy.value}>{t("account.pinSave")}</Button>
          <Button kind="quiet" onClick={() => void send(account.removePIN, t("account.pinRemoved"))}>
            {t("account.pinRemove")}
          </Button>
        </div>
      </form>
    </section>
  );
}

function PasswordCard() {
  const { wrong, busy, send } = useSending();
  const submit = (e: Event) => {
    const form = e.currentTarget as HTMLFormElement;
    const v = values(e);
    void send(() => account.changePassword(v.password ?? "", v.new_password ?? ""), t("account.passwordChanged")).then((ok) => ok && form.reset());
  };
  return (
    <section class="card">
      <h2>{t("account.password")}</h2>
      <Trouble said={wrong.value} />
      <form onSubmit={submit}>
        <input type="text" name="username" autocomplete="username" value={me.value?.name} hidden readOnly />
        <Field label={t("account.passwordNow")} name="password" type="password" autocomplete="current-password" required maxLength={200} />
        <Field label={t("account.newPassword")} name="new_password" type="password" autocomplete="new-password" required maxLength={200} hint={t("account.passwordHint")} />
        <Button busy={busy.value}>{t("account.passwordChange")}</Button>
      </form>
    </section>
  );
}

function PasskeyCard() {
  const keys = useLoaded(account.passkeys, "passkeys");
  const { wrong, busy, send } = useSending();
  const add = (e: Event) => {
    const form = e.currentTarget as HTMLFormElement;
    const v = values(e);
    void send(() => account.addPasskey(v.name ?? ""), t("account.passkeyAdded"), t("errors.passkey")).then((ok) => {
      if (!ok) return;
      form.reset();
      keys.again();
    });
  };
  return (
    <section class="card">
      <h2>{t("account.passkeys")}</h2>
      <p class="quiet">{t("account.passkeysLead")}</p>
      <Trouble said={wrong.value} />
      <Ready of={keys} rows={1}>
        {(list) =>
          list.length === 0 ? (
            <p>{t("account.passkeysNone")}</p>
          ) : (
            <ul class="bare-list">
              {list.map((k) => (
                <li key={k.id} class="row">
                  <span>
                    <strong>{k.name}</strong> <small>{k.used_at ? t("account.usedAt", { at: dateTime(k.used_at) }) : t("account.neverUsed")}</small>
                  </span>
                  <Button kind="quiet" icon="close" bare onClick={() => void send(() => account.removePasskey(k.id), t("account.passkeyRemoved")).then((ok) => ok && keys.again())}>
                    {t("account.passkeyRemove", { name: k.name })}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Ready>
      <form onSubmit={add}>
        <Field label={t("account.passkeyName")} name="name" required maxLength={60} />
        <Button icon="plus" busy={busy.value}>
          {t("account.passkeyAdd")}
        </Button>
      </form>
    </section>
  );
}
