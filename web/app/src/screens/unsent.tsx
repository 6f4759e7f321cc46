import { useSignal } from "@preact/signals";

import { newID } from "../api/id";
import { me } from "../api/account";
import { problemSaid } from "../api/request";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { asNew, chain, choices, type Choice } from "../offline/conflict";
import { able, desk, entries, unsent } from "../offline/desk";
import { dropDraft, drafts } from "../offline/drafts";
import type { Queued } from "../offline/queue";
import { draftWords } from "../offline/status";
import { Button, LinkButton } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { EmptyState, Page } from "../parts/page";
import { Note } from "../parts/trouble";
import { to } from "../route";

function words(e: Queued): string {
  const what = t("offline.kind", { kind: e.kind.replace(".", "") });
  return t("offline.kindOf", { what, name: e.name || t("offline.practice") });
}

async function decide(refused: Queued, choice: Choice) {
  const d = desk();
  const who = me.peek();
  if (!d || !who) return;
  const all = chain(await d.queue.list(who.id), refused);
  const ids = all.map((e) => e.id);
  if (choice === "again") await d.queue.mark(refused, undefined);
  else await d.queue.replace(who.id, ids, choice === "as_new" ? asNew(all, newID) : []);
  await d.changed();
  void d.sender.kick();
}

/** One entry that the server did not take, and what can be done with it. */
function Refused({ entry }: { entry: Queued }) {
  const asked = useSignal(false);
  const behind = chain(entries.value, entry).length - 1;
  const can = choices(entry);
  const about = entry.kind.startsWith("assessment.") ? to("a", entry.record) : to("r", entry.resident);
  return (
    <li class="card decision">
      <h3>{words(entry)}</h3>
      {entry.note && <p>{entry.note}</p>}
      <p class="quiet">{t("offline.made", { at: clock(entry.madeAt) })}</p>
      <p>{t("offline.said", { detail: entry.refusal ? problemSaid(entry.refusal.code, entry.refusal.detail) : "" })}</p>
      {behind > 0 && <p>{t("offline.behind", { count: behind })}</p>}
      <div class="buttons">
        {can.includes("as_new") && (
          <Button kind="main" onClick={() => void decide(entry, "as_new")}>
            {t("offline.asNew")}
          </Button>
        )}
        {can.includes("again") && (
          <Button kind="main" onClick={() => void decide(entry, "again")}>
            {t("offline.again")}
          </Button>
        )}
        <LinkButton href={about}>{t("offline.open")}</LinkButton>
        <Button kind="careful" onClick={() => (asked.value = true)}>
          {t("offline.discard")}
        </Button>
      </div>
      {asked.value && (
        <Dialog title={t("offline.discardTitle")} onClose={() => (asked.value = false)}>
          <p>{words(entry)}</p>
          <p>{t("offline.discardSaid")}</p>
          <div class="buttons">
            <Button kind="main" onClick={() => (asked.value = false)}>
              {t("offline.keep")}
            </Button>
            <Button kind="careful" onClick={() => void decide(entry, "discard")}>
              {t("offline.discardNow")}
            </Button>
          </div>
        </Dialog>
      )}
    </li>
  );
}

/** Whether an assessment was saved for later: it can be gone on with before it is sent. */
const isDraft = (all: Queued[], e: Queued) => e.kind === "assessment.add" && !all.some((x) => x.record === e.record && x.kind === "assessment.confirm");

/** What was entered here and the server does not have yet. */
export function Unsent() {
  const list = entries.value;
  const refused = list.filter((e) => e.refusal);
  const held = new Set(refused.flatMap((e) => chain(list, e)).map((e) => e.id));
  const waiting = list.filter((e) => !held.has(e.id));
  const { others } = unsent.value;
  return (
    <Page title={t("offline.title")} lead={t("offline.lead")} back={{ href: "#/", to: t("shell.round") }}>
      {able.value === false && <Note>{t("offline.unable")}</Note>}
      {list.length + others + drafts.value.length === 0 && <EmptyState icon="checkCircle" title={t("offline.none")} />}
      {refused.length > 0 && (
        <section>
          <h2>{t("offline.decideTitle")}</h2>
          <p>{t("offline.decideLead")}</p>
          <ul class="entries">
            {refused.map((e) => (
              <Refused entry={e} key={e.id} />
            ))}
          </ul>
        </section>
      )}
      {waiting.length > 0 && (
        <section>
          <h2>{t("offline.waitTitle")}</h2>
          <ul class="entries">
            {waiting.map((e) => (
              <li class="card" key={e.id}>
                <p>{words(e)}</p>
                {e.note && <p>{e.note}</p>}
                <p class="quiet">{t("offline.made", { at: clock(e.madeAt) })}</p>
                {isDraft(list, e) && <LinkButton href={to("a", e.record)}>{t("offline.goOn")}</LinkButton>}
              </li>
            ))}
          </ul>
          <Button onClick={() => void desk()?.sender.kick()}>{t("offline.now")}</Button>
        </section>
      )}
      {drafts.value.length > 0 && (
        <section>
          <h2>{t("offline.begunTitle")}</h2>
          <p>{t("offline.begunLead")}</p>
          <ul class="entries">
            {drafts.value.map((d) => (
              <li class="card" key={d.key}>
                <p>{draftWords(d)}</p>
                <p class="quiet">{t("offline.begunAt", { at: clock(d.at) })}</p>
                <div class="buttons">
                  <LinkButton kind="main" href={d.address}>
                    {t("offline.goOn")}
                  </LinkButton>
                  <Button kind="careful" onClick={() => dropDraft(d.key)}>
                    {t("offline.discardNow")}
                  </Button>
                </div>
              </li>
            ))}
          </ul>
        </section>
      )}
      {others > 0 && (
        <section>
          <h2>{t("offline.othersTitle")}</h2>
          <p>{t("offline.others", { count: others })}</p>
        </section>
      )}
    </Page>
  );
}
