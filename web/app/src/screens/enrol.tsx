import { useSignal } from "@preact/signals";

import { tablets } from "../api/admin";
import { t } from "../i18n";
import { Button, LinkButton } from "../parts/button";
import { Trouble } from "../parts/trouble";
import type { Params } from "../screens";
import { useSending } from "../send";
import { Door } from "./signin";

/** Makes the tablet that has read the code one of the home's: on a button, because whoever only looks at an address uses it up. */
export function Enrol({ params }: { params: Params }) {
  const done = useSignal("");
  const { wrong, busy, send } = useSending();
  const enrol = () =>
    send(async () => {
      done.value = (await tablets.enrolByCode(params.code ?? "")).device.name;
    }, t("admin.enrolled"));
  return (
    <Door title={t("admin.enrol")}>
      {done.value ? (
        <>
          <p>{t("admin.enrolDone", { name: done.value })}</p>
          <LinkButton kind="main" wide href="#/">
            {t("admin.enrolNext")}
          </LinkButton>
        </>
      ) : (
        <>
          <p>{t("admin.enrolLead")}</p>
          <Trouble said={wrong.value} />
          <Button kind="main" wide busy={busy.value} onClick={() => void enrol()}>
            {t("admin.enrolButton")}
          </Button>
        </>
      )}
    </Door>
  );
}
