import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { me } from "../api/account";
import { connection } from "../api/request";
import { t } from "../i18n";
import { announce, toast } from "../parts/announce";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { route, to } from "../route";
import { signOut, unsent, waitsFor } from "./desk";
import { letIn, waiting } from "./update";

/** How much waits to be sent, wherever one is in the app: a way to the screen that lists it. */
export function Unsent() {
  const { mine, refused, others } = unsent.value;
  const had = useSignal(0);
  useEffect(() => {
    if (had.peek() > 0 && mine === 0) toast(t("offline.sent"));
    if (refused > 0) announce(t("offline.decide", { count: refused }));
    had.value = mine;
  }, [mine, refused]);
  if (mine + others === 0) return null;
  const said = refused > 0 ? t("offline.decide", { count: refused }) : mine > 0 ? t("offline.waiting", { count: mine }) : t("offline.others", { count: others });
  if (!me.value) return <p class="unsent">{said}</p>;
  return (
    <a class={refused > 0 ? "unsent care" : "unsent"} href={to("unsent")}>
      <Icon name={refused > 0 ? "alert" : "later"} size={20} />
      <span>{said}</span>
      {!connection.value.fresh || refused > 0 ? null : <span class="quiet">{t("offline.sending")}</span>}
    </a>
  );
}

/** Says of the record that is looked at that it waits. */
export function Waits() {
  const [what, id] = route.value.path;
  if (what !== "a" || !id || !waitsFor(id)) return null;
  return (
    <div class="note update" role="status">
      <Icon name="later" />
      <div>
        <p>
          <strong>{t("offline.queued")}</strong>
        </p>
        <p>{t("offline.queuedSaid")}</p>
      </div>
    </div>
  );
}

/** A newer version is there. Shown where no assessment is under way. */
export function Update({ assessing }: { assessing: boolean }) {
  const busy = useSignal(false);
  if (!waiting.value || assessing) return null;
  return (
    <div class="note update" role="status">
      <Icon name="info" />
      <div>
        <p>{t("offline.update")}</p>
        {busy.value && <p>{t("offline.updateBusy")}</p>}
        <Button onClick={() => void letIn().then((said) => (busy.value = said === "busy"))}>{t("offline.updateNow")}</Button>
      </div>
    </div>
  );
}

/** Signs out; with entries that were not sent it says first what becomes of them. */
export function SignOut() {
  const asked = useSignal(false);
  const go = () => void signOut().catch(() => undefined);
  return (
    <>
      <Button kind="quiet" icon="signOut" onClick={() => (unsent.peek().mine > 0 ? (asked.value = true) : go())}>
        {t("shell.signOut")}
      </Button>
      {asked.value && (
        <Dialog title={t("offline.leaveTitle")} onClose={() => (asked.value = false)}>
          <p>{t("offline.leaveSaid", { count: unsent.value.mine })}</p>
          <div class="actions">
            <Button kind="main" onClick={() => (asked.value = false)}>
              {t("offline.leaveStay")}
            </Button>
            <Button kind="careful" onClick={go}>
              {t("offline.leaveGo")}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
