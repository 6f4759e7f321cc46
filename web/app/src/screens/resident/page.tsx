import { useState } from "preact/hooks";

import { inCharge, is, me } from "../../api/account";
import { assessments } from "../../api/assessments";
import { baselines } from "../../api/baselines";
import { reliefs } from "../../api/reliefs";
import { residents } from "../../api/residents";
import { round } from "../../api/round";
import { scales } from "../../api/scales";
import { schedules } from "../../api/schedules";
import { source } from "../../api/source";
import { t } from "../../i18n";
import { dateTime } from "../../i18n/format";
import { useLoaded } from "../../load";
import type { Resident as Person } from "../../model";
import { Button, LinkButton } from "../../parts/button";
import { Ready } from "../../parts/loaded";
import { Page } from "../../parts/page";
import { Note } from "../../parts/trouble";
import { printPage } from "../../print";
import { to } from "../../route";
import type { Params } from "../../screens";
import { startOf } from "../../trend";
import { Assessments } from "./assessments";
import { BaselineCard } from "./baseline";
import { Consents } from "./consents";
import { Face } from "./face";
import { Happenings } from "./happenings";
import { NextDue } from "./next";
import { Particulars } from "./particulars";
import { Reliefs } from "./reliefs";
import { Schedules } from "./schedules";
import { Trend } from "./trend";

/** All that is read together: what the head, the trend and the lists need. */
async function load(id: string) {
  const now = Date.now();
  const since = (ms: number) => new Date(ms).toISOString();
  const resident = await residents.get(id);
  const [due, list, scores, given, taken, asked, used] = await Promise.all([
    round.dueOf(id),
    assessments.list(id, 50),
    reliefs.scores(id, since(startOf("year", now))),
    reliefs.list(id, since(startOf("year", now))),
    baselines.list(id),
    schedules.list(id),
    scales.list(resident.site_id),
  ]);
  return { now, resident, due, list, scores, given, taken, asked, scales: used.scales };
}

export type Loaded = Awaited<ReturnType<typeof load>>;

function lead(r: Person): string {
  const parts = [r.room && t("residents.roomOf", { room: r.room }), r.wing && t("resident.wing", { wing: r.wing }), t("residents.camera", { consent: r.consent })];
  return parts.filter(Boolean).join(" · ");
}

export function Resident({ params }: { params: Params }) {
  const id = params.id ?? "";
  const loaded = useLoaded(() => load(id), id);
  // Without the server the tablet may know the person all the same: then an assessment can begin.
  const missing = loaded.wrong.value !== "" && loaded.value.value === null;
  const known = useLoaded(async () => (missing ? await source.value.resident(id) : null), `${id} ${missing}`).value.value;
  const r = loaded.value.value?.resident ?? known;
  return (
    <Page
      title={r?.name ?? t("shell.loading")}
      back={{ href: to("residents"), to: t("residents.title") }}
      lead={r && lead(r)}
      actions={
        <Button kind="quiet" icon="print" onClick={printPage}>
          {t("resident.print")}
        </Button>
      }
    >
      {missing && known && <Starts of={known} />}
      <Ready of={loaded}>{(all) => <Body of={all} again={loaded.again} />}</Ready>
    </Page>
  );
}

/** What can be done for this person, first of all. */
function Starts({ of: r }: { of: Person }) {
  if (!is("carer", "nurse", "manager", "admin")) return null;
  return (
    <div class="starts no-print">
      {r.consent === "given" && (
        <LinkButton kind="main" icon="camera" href={to("capture", r.id)}>
          {t("resident.start")}
        </LinkButton>
      )}
      <LinkButton kind={r.consent === "given" ? "plain" : "main"} icon="pencil" href={to("observe", r.id)}>
        {t("resident.startWithout")}
      </LinkButton>
      <LinkButton icon="relief" href={to("relief", r.id)}>
        {t("resident.giveRelief")}
      </LinkButton>
    </div>
  );
}

function Body({ of, again }: { of: Loaded; again: () => void }) {
  const r = of.resident;
  const [changed, setChanged] = useState(0); // parts that load for themselves read anew when this changes
  const reread = () => {
    setChanged(changed + 1);
    again();
  };
  const drafts = of.list.filter((a) => a.status === "draft" || a.status === "preliminary");
  const atBedside = is("carer", "nurse", "manager", "admin");
  return (
    <div class="resident">
      <p class="only-print">{t("resident.printed", { when: dateTime(of.now), name: me.value?.name ?? "" })}</p>
      <Starts of={r} />
      {r.consent !== "given" && <Note>{t("residents.consentMissing")}</Note>}
      {drafts.length > 0 && (
        <Note>
          <a href={to("a", drafts[0]?.id ?? "")}>{t("resident.openDrafts", { count: drafts.length })}</a>
        </Note>
      )}
      <NextDue due={of.due} schedules={of.asked} scales={of.scales} />
      <div class="resident-parts">
        <div>
          <Trend of={of} />
          <Reliefs of={of} onChange={reread} />
          <Face resident={r.id} />
          <Assessments of={of.list} scales={of.scales} />
        </div>
        <div class="aside">
          <BaselineCard resident={r.id} list={of.taken} mayTake={r.consent === "given" && atBedside} />
          <Consents resident={r} changed={changed} mayChange={inCharge.value} onChange={reread} />
          <Particulars resident={r} mayChange={inCharge.value} onChange={reread} />
          <Happenings resident={r.id} mayAdd={atBedside} onChange={again} />
          <Schedules resident={r} list={of.asked} scales={of.scales} mayChange={inCharge.value} onChange={reread} />
        </div>
      </div>
    </div>
  );
}
