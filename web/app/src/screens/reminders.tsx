import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { is } from "../api/account";
import { source } from "../api/source";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { useLoaded } from "../load";
import { useNow } from "../now";
import { announce } from "../parts/announce";
import { Button, LinkButton } from "../parts/button";
import { Icon } from "../parts/icon";
import { changed, dueNow, notice, notices, untold } from "../reminders";
import { to } from "../route";
import { site } from "../site";

const every = 5 * 60_000;
const putOff = 10 * 60_000;

/**
 * Says on every screen that somebody is to be looked at again after relief. What is due comes from the server, or from what
 * the tablet kept of it, so a reload forgets nothing.
 */
export function Reminders({ quiet }: { quiet: boolean }) {
  const atBedside = is("carer", "nurse", "manager", "admin");
  const now = useNow();
  const later = useSignal<ReadonlyMap<string, number>>(new Map());
  const loaded = useLoaded(
    async (signal) => {
      if (!atBedside) return null;
      const [round, residents] = await Promise.all([source.value.due(site.value, signal), source.value.residents(site.value, signal)]);
      return { due: round.due.filter((d) => d.relief_id), residents };
    },
    `reminders ${site.value} ${changed.value}`,
    every,
  );
  const there = loaded.value.value;
  const all = there ? dueNow(there.due, there.residents, new Map(), now.value) : [];
  const shown = all.filter((r) => now.value >= (later.value.get(r.due.key) ?? 0));
  const keys = all.map((r) => r.due.key).join("\n");
  useEffect(() => {
    if (!there) return;
    const fresh = untold(keys.split("\n").filter(Boolean), localStorage);
    if (fresh.length === 0) return;
    announce(t("relief.due", { count: fresh.length }));
    loaded.again(); // a colleague may have done it meanwhile
    if (notices.peek() === "on") void notice(t("relief.notice"), t("relief.noticeBody", { count: fresh.length })).catch(() => undefined);
  }, [keys, !there]);
  const [first] = shown;
  if (!first || quiet) return null;
  const wait = () => (later.value = new Map([...later.value, ...shown.map((r): [string, number] => [r.due.key, now.value + putOff])]));
  return (
    <section class="reminder" aria-label={t("relief.notice")}>
      <Icon name="relief" />
      <p>{shown.length === 1 ? t("relief.dueOne", { name: first.resident.name, at: clock(first.due.due_at) }) : t("relief.due", { count: shown.length })}</p>
      <div class="buttons">
        {shown.length === 1 ? (
          <LinkButton kind="main" href={to("r", first.resident.id)}>
            {t("relief.look")}
          </LinkButton>
        ) : (
          <LinkButton kind="main" href="#/">
            {t("relief.see")}
          </LinkButton>
        )}
        <Button kind="quiet" onClick={wait}>
          {t("relief.later")}
        </Button>
      </div>
    </section>
  );
}
