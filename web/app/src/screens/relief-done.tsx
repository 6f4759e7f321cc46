import type { Measure, ReliefView } from "../api/reliefs";
import { t } from "../i18n";
import { clock, relative } from "../i18n/format";
import type { Resident, Scale } from "../model";
import { useNow } from "../now";
import { Button, LinkButton } from "../parts/button";
import { Icon } from "../parts/icon";
import { Note } from "../parts/trouble";
import { current, lasting, reliefWords } from "../relief";
import { allowNotices, canNotice, notices, stopNotices } from "../reminders";
import { to } from "../route";

/** What was recorded and what follows from it: when to look again, and how this tablet may say so. */
export function ReliefDone({ of: r, resident, measures, scales }: { of: ReliefView; resident: Resident; measures: readonly Measure[]; scales: readonly Scale[] }) {
  const now = useNow();
  const next = current(r.follow_ups);
  const scale = scales.find((s) => s.id === r.scale)?.name ?? t("resident.anyScale");
  const until = new Date(Date.parse(r.given_at) + r.cadence.until_minutes * 60_000);
  return (
    <div class="cards">
      <section class="card done">
        <p class="done-sign">
          <Icon name="checkCircle" size={32} />
        </p>
        <h2>{t("relief.doneTitle", { what: reliefWords(r, measures) })}</h2>
        <p class="quiet">{t("relief.doneAt", { at: clock(r.given_at) })}</p>
        <h3>{t("relief.nextTitle")}</h3>
        {next ? (
          <>
            <p class="countdown">
              <Icon name="clock" />
              <strong>{t("relief.nextFirst", { when: relative(next.due_at, now.value), at: clock(next.due_at), scale })}</strong>
            </p>
            <p>{t("relief.nextThen", { repeat: lasting(r.cadence.repeat_minutes), then: lasting(r.cadence.then_minutes), until: clock(until) })}</p>
            <p class="quiet">{t("relief.inRound")}</p>
          </>
        ) : (
          <p>{t("relief.nextNone")}</p>
        )}
        <div class="buttons">
          <LinkButton kind="main" href={to("r", resident.id)}>
            {t("relief.backTo", { name: resident.name })}
          </LinkButton>
          <LinkButton href="#/">{t("relief.toRound")}</LinkButton>
        </div>
      </section>
      {next && canNotice() && <Notices />}
    </div>
  );
}

/** What was recorded without the server, and what becomes of it. */
export function ReliefWaits({ what, resident }: { what: string; resident: Resident }) {
  return (
    <section class="card done">
      <p class="done-sign">
        <Icon name="later" size={32} />
      </p>
      <h2>{t("relief.waitsTitle", { what })}</h2>
      <p>{t("offline.queuedSaid")}</p>
      <p class="quiet">{t("relief.waitsNext")}</p>
      <div class="buttons">
        <LinkButton kind="main" href="#/">
          {t("relief.toRound")}
        </LinkButton>
        <LinkButton href={to("r", resident.id)}>{t("relief.backTo", { name: resident.name })}</LinkButton>
      </div>
    </section>
  );
}

function Notices() {
  if (notices.value === "on") {
    return (
      <section class="card">
        <p>{t("relief.notifyOn")}</p>
        <Button kind="quiet" icon="bell" onClick={stopNotices}>
          {t("relief.notifyOff")}
        </Button>
      </section>
    );
  }
  return (
    <section class="card">
      <p>{t("relief.notifyLead")}</p>
      {notices.value === "denied" && <Note>{t("relief.notifyDenied")}</Note>}
      <Button icon="bell" onClick={() => void allowNotices()}>
        {t("relief.notify")}
      </Button>
    </section>
  );
}
