import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { connection } from "../api/request";
import { source } from "../api/source";
import { matches } from "../find";
import { t } from "../i18n";
import { dayOfWeek, time } from "../i18n/format";
import { useLoaded } from "../load";
import type { DueState, Scale } from "../model";
import { useNow } from "../now";
import { unsentOf } from "../offline/desk";
import { announce } from "../parts/announce";
import { Button, LinkButton } from "../parts/button";
import { Icon, type IconName } from "../parts/icon";
import { Ready } from "../parts/loaded";
import { Badge, EmptyState, Page } from "../parts/page";
import { Pills } from "../parts/pills";
import { Search } from "../parts/search";
import { type Entry, group, type Groups, timing, why } from "../round/round";
import { to } from "../route";
import { site } from "../site";

const everyMinute = 60_000;

/** Who is due now: the first screen, and the one that carers work from. */
export function Round() {
  const now = useNow();
  const loaded = useLoaded(
    async (signal) => {
      const s = source.value;
      const [round, residents, scales] = await Promise.all([s.due(site.value, signal), s.residents(site.value, signal), s.scales(site.value)]);
      return { round, residents, scales: scales.scales };
    },
    `round ${site.value}`,
    everyMinute,
  );
  const wing = useSignal("");
  const typed = useSignal("");
  return (
    <Page
      title={t("round.title")}
      lead={loaded.at.value > 0 && t("round.updated", { day: dayOfWeek(now.value), at: time(loaded.at.value) })}
      actions={
        <Button kind="quiet" icon="again" busy={loaded.busy.value} onClick={loaded.again}>
          {t("round.refresh")}
        </Button>
      }
    >
      <Ready of={loaded}>
        {({ round, residents, scales }) => {
          if (round.due.length === 0) return <NothingPlanned />;
          const wings = [...new Set(residents.map((r) => r.wing ?? ""))].filter(Boolean).sort((a, b) => a.localeCompare(b));
          const shown = residents.filter((r) => (!wing.value || r.wing === wing.value) && matches(r, typed.value));
          const g = group(round.due, shown, now.value);
          return (
            <>
              <Counts of={g} />
              <div class="round-filter">
                <Search label={t("round.search")} value={typed.value} onInput={(s) => (typed.value = s)} />
                {wings.length > 0 && (
                  <Pills
                    label={t("round.wings")}
                    value={wing.value}
                    onChange={(w) => (wing.value = w)}
                    options={[{ value: "", label: t("round.allWings") }, ...wings.map((w) => ({ value: w, label: w }))]}
                  />
                )}
              </div>
              <Lists of={g} scales={scales} now={now.value} typed={typed.value} />
            </>
          );
        }}
      </Ready>
    </Page>
  );
}

function NothingPlanned() {
  return (
    <EmptyState icon="round" title={t("round.empty")}>
      <p>{t("round.emptyLead")}</p>
      <LinkButton href={to("residents")} icon="people">
        {t("round.toResidents")}
      </LinkButton>
    </EmptyState>
  );
}

const looks: Record<DueState, { icon: IconName; tone: string }> = {
  overdue: { icon: "alert", tone: "care" },
  due: { icon: "bell", tone: "accent" },
  upcoming: { icon: "clock", tone: "plain" },
  missed: { icon: "later", tone: "plain" },
  done: { icon: "checkCircle", tone: "good" },
  excused: { icon: "pausedCircle", tone: "plain" },
};

/** How far the round is: four numbers with their words. It tells a screen reader when more is overdue, not every minute. */
function Counts({ of }: { of: Groups }) {
  const late = of.overdue.length + of.followUps.filter((e) => e.state === "overdue").length;
  const due = of.due.length + of.followUps.filter((e) => e.state === "due").length;
  const before = useRef(late);
  useEffect(() => {
    if (late > before.current) announce(t("round.nowOverdue", { count: late - before.current }));
    before.current = late;
  }, [late]);
  const tiles: [DueState, number][] = [
    ["overdue", late],
    ["due", due],
    ["upcoming", of.upcoming.length],
    ["done", of.done.length],
  ];
  return (
    <ul class="counts">
      {tiles.map(([state, n]) => (
        <li key={state} class={n > 0 ? `count ${looks[state].tone}` : "count none"}>
          <Icon name={looks[state].icon} size={22} />
          <strong>{n}</strong>
          <span>{t(`round.${state}`)}</span>
        </li>
      ))}
    </ul>
  );
}

function Lists({ of: g, scales, now, typed }: { of: Groups; scales: Scale[]; now: number; typed: string }) {
  const list = (name: keyof Groups, lead?: string) => <Entries title={t(`round.${name}`)} lead={lead} entries={g[name]} scales={scales} now={now} />;
  const waiting = g.followUps.length + g.overdue.length + g.due.length;
  const any = Object.values(g).some((entries: Entry[]) => entries.length > 0);
  if (!any && typed) return <EmptyState icon="search" title={t("round.noneFound", { text: typed })} />;
  return (
    <>
      {list("followUps", t("round.followUpsLead"))}
      {list("overdue")}
      {list("due")}
      {waiting === 0 && !typed && (
        <EmptyState icon="checkCircle" title={t("round.allDone")}>
          <p>{t("round.allDoneSaid")}</p>
        </EmptyState>
      )}
      {list("upcoming")}
      {(["missed", "done", "excused"] as const).map(
        (name) =>
          g[name].length > 0 && (
            <details key={name} class="later">
              <summary>
                {t(`round.${name}`)} <span class="quiet">({t("round.countOf", { count: g[name].length })})</span>
              </summary>
              <Entries title={t(`round.${name}`)} hideTitle entries={g[name]} scales={scales} now={now} />
            </details>
          ),
      )}
    </>
  );
}

interface EntriesProps {
  title: string;
  lead?: string | undefined;
  hideTitle?: boolean;
  entries: Entry[];
  scales: Scale[];
  now: number;
}

function Entries({ title, lead, hideTitle = false, entries, scales, now }: EntriesProps) {
  if (entries.length === 0) return null;
  return (
    <section class="round-list">
      <h2 class={hideTitle ? "unseen" : undefined}>
        {title} <span class="quiet">{entries.length}</span>
      </h2>
      {lead && <p class="quiet">{lead}</p>}
      <ul>
        {entries.map((e) => (
          <Row key={e.due.key} of={e} scales={scales} now={now} />
        ))}
      </ul>
    </section>
  );
}

/** Whether an entry begins with the camera: where there is consent to it, and a server to look through it. */
function byCamera(e: Entry): boolean {
  return e.resident.consent === "given" && connection.value.fresh;
}

/** Where an entry's assessment begins: with the camera, else by watching. */
export function startOf(e: Entry): string {
  const query = { due: e.due.key, scale: e.due.scale, condition: e.due.condition };
  return to(byCamera(e) ? "capture" : "observe", e.resident.id, query);
}

function Row({ of: e, scales, now }: { of: Entry; scales: Scale[]; now: number }) {
  const look = looks[e.state];
  const scale = e.due.scale ? (scales.find((s) => s.id === e.due.scale)?.name ?? e.due.scale) : t("round.anyScale");
  const facts = [e.resident.room && t("round.room", { room: e.resident.room }), e.resident.wing].filter(Boolean).join(" · ");
  const asked = [why(e.due, now), scale, e.due.condition && t(`face.condition.${e.due.condition}`)].filter(Boolean).join(" · ");
  const waits = e.state === "due" || e.state === "overdue";
  return (
    <li class={`entry ${e.state}`}>
      <span class={`entry-sign ${look.tone}`}>
        <Icon name={e.followUp && waits ? "relief" : look.icon} size={26} />
      </span>
      <div class="entry-who">
        <h3>
          <a href={to("r", e.resident.id)}>{e.resident.name}</a>
        </h3>
        {facts && <p>{facts}</p>}
        <p class="quiet">{asked}</p>
        {unsentOf(e.resident.id) && (
          <Badge icon="later" tone="care">
            {t("offline.queued")}
          </Badge>
        )}
      </div>
      <p class="entry-when">{timing(e, now)}</p>
      {e.due.assessment_id ? (
        <a class="button plain" href={to("a", e.due.assessment_id)}>
          <span>{t("round.open")}</span>
          <span class="unseen">: {e.resident.name}</span>
        </a>
      ) : (
        e.state !== "excused" &&
        e.state !== "missed" && (
          <a class={waits ? "button main" : "button plain"} href={startOf(e)}>
            <Icon name={byCamera(e) ? "camera" : "eye"} />
            <span>{t("round.start")}</span>
            <span class="unseen">: {e.resident.name}</span>
          </a>
        )
      )}
    </li>
  );
}
