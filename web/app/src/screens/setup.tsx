import { useSignal } from "@preact/signals";

import { account } from "../api/account";
import { Problem, sentence } from "../api/request";
import { t } from "../i18n";
import { Button } from "../parts/button";
import { Field, values } from "../parts/field";
import { Trouble } from "../parts/trouble";
import { go } from "../route";
import type { Params } from "../screens";
import { Door } from "./signin";

/** Makes the first administrator from the link that the server printed. */
export function SetUp({ params }: { params: Params }) {
  const wrong = useSignal("");
  const field = useSignal("");
  const busy = useSignal(false);
  const submit = async (e: Event) => {
    const v = values(e);
    busy.value = true;
    wrong.value = field.value = "";
    try {
      await account.setUp(params.token ?? "", v.name ?? "", v.password ?? "");
      go("#/");
    } catch (e) {
      wrong.value = sentence(e);
      if (e instanceof Problem) field.value = e.field;
    } finally {
      busy.value = false;
    }
  };
  return (
    <Door title={t("account.setUp")}>
      <form onSubmit={(e) => void submit(e)}>
        <p>{t("account.setUpLead")}</p>
        <Trouble said={wrong.value} />
        <Field label={t("account.yourName")} name="name" autocomplete="username" required wrong={field.value === "name"} />
        <Field label={t("account.newPassword")} name="password" type="password" autocomplete="new-password" required maxLength={200} hint={t("account.passwordHint")} wrong={field.value === "password"} />
        <Button kind="main" wide busy={busy.value}>
          {t("account.setUpButton")}
        </Button>
      </form>
    </Door>
  );
}

/** Lets whoever was invited choose a password, and signs them in. */
export function Invited({ params }: { params: Params }) {
  const wrong = useSignal("");
  const busy = useSignal(false);
  const submit = async (e: Event) => {
    const v = values(e);
    busy.value = true;
    wrong.value = "";
    try {
      await account.acceptInvitation(params.token ?? "", v.password ?? "");
      go("#/");
    } catch (e) {
      wrong.value = sentence(e);
    } finally {
      busy.value = false;
    }
  };
  return (
    <Door title={t("account.invited")}>
      <form onSubmit={(e) => void submit(e)}>
        <p>{t("account.invitedLead")}</p>
        <Trouble said={wrong.value} />
        <Field label={t("account.newPassword")} name="password" type="password" autocomplete="new-password" required maxLength={200} hint={t("account.passwordHint")} />
        <Button kind="main" wide busy={busy.value}>
          {t("account.invitedButton")}
        </Button>
      </form>
    </Door>
  );
}
