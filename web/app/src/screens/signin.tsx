import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { account, leave, me } from "../api/account";
import { Problem, sentence } from "../api/request";
import { t } from "../i18n";
import { useLoaded } from "../load";
import type { Person } from "../model";
import { Button, LinkButton } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Field, values } from "../parts/field";
import { LanguageChoice } from "../parts/language";
import { Skeleton } from "../parts/page";
import { PINPad } from "../parts/pinpad";
import { Trouble } from "../parts/trouble";
import { replace, route, to } from "../route";

/** What is seen from outside: the product's name and a card. */
export function Door({ title, children }: { title: string; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · ${t("shell.product")}`;
  }, [title]);
  return (
    <div class="door">
      <header>
        <img src="/favicon.svg" alt="" width="56" height="56" />
        <p class="door-name">{t("shell.product")}</p>
        <p class="quiet">{t("shell.claim")}</p>
      </header>
      <section class="card">
        <h1>{title}</h1>
        {children}
      </section>
      <LanguageChoice />
    </div>
  );
}

export function SignIn() {
  const ways = useLoaded(account.ways, "ways").value.value;
  if (ways?.needed) {
    return (
      <Door title={t("account.setUp")}>
        <p>{t("account.setUpWanted")}</p>
      </Door>
    );
  }
  return (
    <Door title={t("account.signIn")}>
      <Ways />
    </Door>
  );
}

/** Over the screen of somebody whose sign-in has ended: what they entered stays, and goes on when they are back. */
export function SignInAgain() {
  return (
    <Dialog title={t("account.expired")}>
      <p>{t("account.expiredSaid")}</p>
      <Ways again={me.value} />
      <Button kind="quiet" icon="signOut" onClick={leave}>
        {t("shell.signOut")}
      </Button>
    </Dialog>
  );
}

/** The ways to sign in: with a PIN where the tablet is enrolled, else with what one knows or has. */
function Ways({ again }: { again?: Person | null | undefined }) {
  const people = useLoaded(() => account.people().catch(() => null), "people");
  const byPassword = useSignal(false);
  // Why the home's own sign-in led back here, said once.
  const [refused] = useState(() => route.peek().query.get("problem"));
  useEffect(() => {
    if (refused) replace(to());
  }, []);
  if (people.busy.value) return <Skeleton rows={2} />;
  const there = people.value.value;
  return (
    <>
      <Trouble said={refused ? t("account.providerSaid", { code: refused }) : ""} />
      {there && there.people.length > 0 && !byPassword.value ? (
        <PIN device={there.device.name} people={there.people} again={again?.id} onPassword={() => (byPassword.value = true)} />
      ) : (
        <Password name={again?.name ?? ""} nobody={there?.people.length === 0} onPIN={there && there.people.length > 0 ? () => (byPassword.value = false) : undefined} />
      )}
    </>
  );
}

function PIN({ device, people, again, onPassword }: { device: string; people: Person[]; again: string | undefined; onPassword: () => void }) {
  const who = useSignal<Person | null>(people.find((p) => p.id === again) ?? null);
  const wrong = useSignal("");
  const busy = useSignal(false);
  const person = who.value;
  const submit = async (pin: string) => {
    if (!person) return;
    busy.value = true;
    wrong.value = "";
    try {
      await account.signInPIN(person.id, pin);
    } catch (e) {
      wrong.value = sentence(e);
    } finally {
      busy.value = false;
    }
  };
  if (!person) {
    return (
      <>
        <p class="quiet">{t("account.whoOn", { device })}</p>
        <ul class="people" aria-label={t("account.who")}>
          {people.map((p) => (
            <li key={p.id}>
              <Button icon="person" wide onClick={() => (who.value = p)}>
                {p.name}
              </Button>
            </li>
          ))}
        </ul>
        <Button kind="quiet" icon="key" wide onClick={onPassword}>
          {t("account.withPassword")}
        </Button>
      </>
    );
  }
  return (
    <>
      <Trouble said={wrong.value} />
      <PINPad label={t("account.pinOf", { name: person.name })} busy={busy.value} onDone={(pin) => void submit(pin)} />
      <div class="buttons spread">
        <Button kind="quiet" icon="people" onClick={() => ((who.value = null), (wrong.value = ""))}>
          {t("account.someoneElse")}
        </Button>
        <Button kind="quiet" icon="key" onClick={onPassword}>
          {t("account.withPassword")}
        </Button>
      </div>
    </>
  );
}

/** What stands below the password: only ways that there are. */
function Password({ name, nobody, onPIN }: { name: string; nobody: boolean; onPIN: (() => void) | undefined }) {
  const wrong = useSignal("");
  const busy = useSignal(false);
  const ways = useLoaded(account.ways, "ways").value.value;
  const attempt = async (sign: () => Promise<unknown>, failed?: string) => {
    busy.value = true;
    wrong.value = "";
    try {
      await sign();
    } catch (e) {
      wrong.value = e instanceof Problem || !failed ? sentence(e) : failed;
    } finally {
      busy.value = false;
    }
  };
  const submit = (e: Event) => {
    const v = values(e);
    void attempt(() => account.signIn(v.name ?? "", v.password ?? ""));
  };
  return (
    <>
      <form onSubmit={submit}>
        {nobody && <p class="quiet">{t("account.nobody")}</p>}
        <Trouble said={wrong.value} />
        <Field label={t("account.name")} name="name" autocomplete="username" required {...(name ? { value: name } : {})} />
        <Field label={t("account.password")} name="password" type="password" autocomplete="current-password" required maxLength={200} />
        <Button kind="main" wide busy={busy.value}>
          {t("account.signIn")}
        </Button>
      </form>
      {(onPIN || ways?.passkeys || ways?.provider) && (
        <p class="or">
          <span>{t("account.or")}</span>
        </p>
      )}
      <div class="buttons stack">
        {onPIN && (
          <Button icon="people" wide onClick={onPIN}>
            {t("account.withPIN")}
          </Button>
        )}
        {ways?.passkeys && "credentials" in navigator && (
          <Button icon="key" wide onClick={() => void attempt(account.signInPasskey, t("errors.passkey"))}>
            {t("account.withPasskey")}
          </Button>
        )}
        {ways?.provider && (
          <LinkButton icon="home" wide href={account.providerAddress}>
            {t("account.withProvider")}
          </LinkButton>
        )}
      </div>
    </>
  );
}
