import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";

import { residents } from "../../api/residents";
import { reports } from "../../api/reports";
import { round } from "../../api/round";
import { schedules } from "../../api/schedules";
import { t } from "../../i18n";
import { clock, date, dateTime, time } from "../../i18n/format";
import { useLoaded } from "../../load";
import type { Due, Escalation, Resident } from "../../model";
import { useNow } from "../../now";
import { Button, LinkButton } from "../../parts/button";
import { Card } from "../../parts/card";
import { Icon, type IconName } from "../../parts/icon";
import { Ready } from "../../parts/loaded";
import { Page } from "../../parts/page";
import { Pills } from "../../parts/pills";
import { Status } from "../../parts/status";
import { Trouble } from "../../parts/trouble";
import { stateAt } from "../../round/round";
import { to } from "../../route";
import { useSending } from "../../send";
import { site } from "../../site";
import { why } from "../resident/next";

const every = 60_000;

async function load() {
  const [overview, due, people, escalated, asked] = await Promise.all([
    reports.overview(site.value), round.due(site.value), residents.list(site.value), round.escalations(), schedules.list(),
  ]);
  return { overview, due: due.due, people, escalated: escalated.filter((e) => e.site_id === due.site_id), asked };
}

type There = Awaited<ReturnType<typeof load>>;

/** How the home stands: what is late, and who needs something that no round asks for. */
export function Overview() {
  const loaded = useLoaded(load, `overview ${site.value}`, every);
  const at = loaded.at.value;
  return (
    <Page
      title={t("home.title")}
      lead={at > 0 && t("home.lead", { at: time(at) })}
      actions={
        <>
          <LinkButton icon="chart" href={to("home", "quality")}>
            {t("home.toQuality")}
          </LinkButton>
          <LinkButton icon="face" href={to("home", "differences")}>
            {t("home.toDifferences")}
          </LinkButton>
          <Button kind="quiet" icon="again" bare busy={loaded.busy.value} onClick={loaded.again}>
            {t("home.refresh")}
          </Button>
        </>
      }
    >
      <Ready of={loaded}>{(there) => <Body of={there} again={loaded.again} />}</Ready>
    </Page>
  );
}

function Body({ of, again }: { of: There; again: () => void }) {
  const now = useNow();
  const wing = useSignal("");
  const wings = [...new Set(of.people.map((r) => r.wing ?? ""))].filter(Boolean).sort((a, b) => a.localeCompare(b));
  const by = new Map(of.people.map((r) => [r.id, r]));
  const here = (x: { resident_id: string }) => !wing.value || by.get(x.resident_id)?.wing === wing.value;
  const midnight = new Date(now.value).setHours(0, 0, 0, 0);
  const due = of.due.filter(here).map((d) => ({ ...d, state: stateAt(d, now.value) }));
  const of_ = (state: Due["state"]) => due.filter((d) => d.state === state && ((state !== "missed" && state !== "done") || Date.parse(d.due_at) >= midnight));
  const escalated = of.escalated.filter(here);
  const overdue = of_("overdue");
  const o = of.overview;
  const who = (id: string, said: ComponentChildren, href = to("r", id)) => <Who key={id + href} resident={by.get(id)} href={href} said={said} />;
  return (
    <>
      {wings.length > 0 && (
        <Pills label={t("home.wings")} value={wing.value} onChange={(w) => (wing.value = w)} options={[{ value: "", label: t("home.allWings") }, ...wings.map((w) => ({ value: w, label: w }))]} />
      )}
      <ul class="counts home-counts">
        <Count icon="alert" tone="care" n={overdue.length} said={t("home.overdue")} />
        <Count icon="bell" tone="accent" n={of_("due").length} said={t("home.due")} />
        <Count icon="later" tone="care" n={of_("missed").length} said={t("home.missed")} />
        <Count icon="checkCircle" tone="good" n={of_("done").length} said={t("home.done")} />
        <Count icon="bell" tone="care" n={escalated.length} said={t("home.escalations")} />
      </ul>
      <div class="home-lists">
        <Escalations of={escalated} people={by} onDone={again} />
        <List title={t("home.overdueList")} rows={overdue.map((d) => who(d.resident_id, t("home.overdueSince", { at: clock(d.due_at), why: why(d, of.asked) })))} />
        <List
          title={t("home.consent")}
          rows={(o.consent ?? []).filter(here).map((c) => who(c.resident_id, c.at ? t("home.consentAt", { reason: c.reason, at: date(c.at) }) : t("home.consentOf", { reason: c.reason })))}
        />
        <List
          title={t("home.baseline")}
          rows={(o.without_baseline ?? []).filter(here).map((c) => who(c.resident_id, t("home.baselineOf", { reason: c.reason }), to("baseline", c.resident_id)))}
        />
        <List
          title={t("home.notAssessed", { days: o.days })}
          rows={(o.not_assessed ?? []).filter(here).map((c) => who(c.resident_id, t("home.notAssessedOf", { reason: c.reason, at: c.at ? date(c.at) : "" })))}
        />
        <List
          title={t("home.unconfirmed")}
          lead={t("home.unconfirmedLead")}
          rows={(o.unconfirmed ?? []).filter(here).map((a) =>
            who(
              a.resident_id,
              <>
                {dateTime(a.created_at)} <Status of={a.status} />
              </>,
              to("a", a.assessment_id),
            ),
          )}
        />
      </div>
    </>
  );
}

function Count({ icon, tone, n, said }: { icon: IconName; tone: string; n: number; said: string }) {
  return (
    <li class={n > 0 ? `count ${tone}` : "count none"}>
      <Icon name={icon} size={22} />
      <strong>{n}</strong>
      <span>{said}</span>
    </li>
  );
}

function Who({ resident: r, href, said }: { resident: Resident | undefined; href: string; said: ComponentChildren }) {
  const place = r && [r.room && t("residents.roomOf", { room: r.room }), r.wing].filter(Boolean).join(" · ");
  return (
    <li>
      <a class="line" href={href}>
        <strong>{r?.name ?? t("home.gone")}</strong>
        <span class="quiet">{place}</span>
        <span class="rest">{said}</span>
      </a>
    </li>
  );
}

const few = 5;

function List({ title, lead, rows }: { title: string; lead?: string; rows: ComponentChildren[] }) {
  const all = useSignal(false);
  return (
    <Card title={rows.length > 0 ? `${title} (${rows.length})` : title}>
      {rows.length === 0 ? <p class="quiet">{t("home.nothing")}</p> : lead && <p class="quiet">{lead}</p>}
      {rows.length > 0 && <ul class="bare-list lines">{all.value ? rows : rows.slice(0, few)}</ul>}
      {rows.length > few && (
        <Button kind="quiet" expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? t("home.fewer") : t("home.more", { count: rows.length - few })}
        </Button>
      )}
    </Card>
  );
}

function Escalations({ of, people, onDone }: { of: readonly Escalation[]; people: Map<string, Resident>; onDone: () => void }) {
  const { wrong, busy, send } = useSending();
  const see = async (e: Escalation) => {
    if (await send(() => round.acknowledge(e.id), t("home.acknowledged"))) onDone();
  };
  return (
    <Card title={of.length > 0 ? `${t("home.escalationsList")} (${of.length})` : t("home.escalationsList")}>
      <p class="quiet">{of.length > 0 ? t("home.escalationsLead") : t("home.nothing")}</p>
      <Trouble said={wrong.value} />
      <ul class="bare-list lines">
        {of.map((e) => (
          <li key={e.id} class="row">
            <span>
              <a href={to("r", e.resident_id)}>
                <strong>{people.get(e.resident_id)?.name ?? t("home.gone")}</strong>
              </a>{" "}
              <span class="quiet">{t("home.escalation", { state: e.state, at: clock(e.due_at) })}</span>
            </span>
            <Button busy={busy.value} onClick={() => void see(e)}>
              {t("home.acknowledge")}
              <span class="unseen">: {people.get(e.resident_id)?.name}</span>
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
