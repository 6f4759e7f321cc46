import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { me } from "../api/account";
import { connection } from "../api/request";
import { unkept } from "../capture/left";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { announce, toast } from "../parts/announce";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { route, to } from "../route";
import { signOut, unsent, waitsFor } from "./desk";
import { type Draft, drafts, type Form } from "./drafts";
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

/** What a draft is, and whose. */
export function draftWords(d: Draft): string {
  return t("offline.kindOf", { what: t("offline.kind", { kind: d.kind === "relief" ? "reliefadd" : "assessmentadd" }), name: d.name || t("offline.practice") });
}

/** That something was begun and not saved, and the way back to it. */
export function Begun() {
  const all = drafts.value;
  const [first] = all;
  const [observed] = unkept.value;
  if (observed) {
    return (
      <a class="unsent" href={observed.resident_id ? to("capture", observed.resident_id) : to("capture")}>
        <Icon name="camera" size={20} />
        <span>{t("capture.leftUnkept")}</span>
      </a>
    );
  }
  if (!first) return null;
  return (
    <a class="unsent" href={all.length === 1 ? first.address : to("unsent")}>
      <Icon name="pencil" size={20} />
      <span>{all.length === 1 ? t("offline.begunOne", { what: draftWords(first) }) : t("offline.begun", { count: all.length })}</span>
    </a>
  );
}

/** Above a form that goes on with what was entered before: since when, and a way to begin anew. */
export function Resumed<T>({ form }: { form: Form<T> }) {
  if (form.since.value === null) return null;
  return (
    <div class="note update" role="status">
      <Icon name="info" />
      <div>
        <p>{t("offline.resumed", { at: clock(form.since.value) })}</p>
        <Button kind="quiet" icon="again" onClick={form.afresh}>
          {t("offline.afresh")}
        </Button>
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
      <Button kind="quiet" icon="signOut" onClick={() => (unsent.peek().mine + drafts.peek().length > 0 ? (asked.value = true) : go())}>
        {t("shell.signOut")}
      </Button>
      {asked.value && (
        <Dialog title={t(unsent.value.mine > 0 ? "offline.leaveTitle" : "offline.leaveBegunTitle")} onClose={() => (asked.value = false)}>
          {unsent.value.mine > 0 && <p>{t("offline.leaveSaid", { count: unsent.value.mine })}</p>}
          {drafts.value.length > 0 && <p>{t("offline.leaveBegun", { count: drafts.value.length })}</p>}
          <div class="buttons">
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
