import { useEffect, useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";

import { me } from "../../api/account";
import { type Quality as Report, reports, type Share } from "../../api/reports";
import { scales } from "../../api/scales";
import { t, tOr } from "../../i18n";
import { dateTime, number, percent } from "../../i18n/format";
import { useLoaded } from "../../load";
import type { Scale } from "../../model";
import { lastMonths, type Month, monthName, spanOf } from "../../months";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Chart } from "../../parts/chart";
import { Select } from "../../parts/field";
import { Ready } from "../../parts/loaded";
import { EmptyState, Page } from "../../parts/page";
import { Pills } from "../../parts/pills";
import type { Drawing } from "../../parts/plot";
import { Table } from "../../parts/table";
import { printPage } from "../../print";
import { to } from "../../route";
import { itemLabel } from "../../scale/words";
import { site, sites } from "../../site";
import { capital } from "../../words";

/** The months that reports can be asked for here. */
export function MonthChoice({ value, onChange }: { value: Month; onChange: (m: Month) => void }) {
  const months = useMemo(() => lastMonths(12, new Date()), []);
  return (
    <div class="month no-print">
      <Select label={t("home.month")} name="month" value={value} onChange={onChange} options={months.map((m) => ({ value: m, label: monthName(m) }))} />
    </div>
  );
}

/** The month that one wants to see first: the last whole one. */
export const lastWhole = () => lastMonths(2, new Date())[1] ?? "";

async function load(month: Month, wing: string) {
  const earlier = lastMonths(6, new Date(`${month}-15T12:00:00`)).reverse();
  const [used, ...months] = await Promise.all([scales.list(site.value), ...earlier.map((m) => reports.quality(site.value, spanOf(m), wing))]);
  return { scales: used.scales, months: months.map((report, i) => ({ month: earlier[i] ?? month, report })) };
}

/** The quality report of a month, with the five before it for comparison. It names nobody. */
export function Quality() {
  const month = useSignal(lastWhole());
  const wing = useSignal("");
  const here = site.value ?? sites.value[0]?.id ?? "";
  const wings = useLoaded(() => (here ? reports.wings(here) : Promise.resolve([])), `wings ${here}`).value.value ?? [];
  const loaded = useLoaded(() => load(month.value, wing.value), `quality ${site.value} ${month.value} ${wing.value}`);
  useEffect(() => {
    wing.value = ""; // another home has other wings
  }, [here]);
  const name = sites.value.find((s) => s.id === site.value)?.name ?? sites.value[0]?.name ?? "";
  return (
    <Page
      title={t("home.quality")}
      lead={[monthName(month.value), wing.value].filter(Boolean).join(" · ")}
      back={{ href: to("home"), to: t("home.title") }}
      actions={
        <>
          <a class="button quiet" href={reports.qualityCSV(site.value, spanOf(month.value), wing.value)} download={`quality-${[month.value, wing.value].filter(Boolean).join("-")}.csv`}>
            {t("home.csv")}
          </a>
          <Button kind="quiet" icon="print" onClick={printPage}>
            {t("resident.print")}
          </Button>
        </>
      }
    >
      <p class="only-print">{t("home.printed", { site: name, month: monthName(month.value), when: dateTime(Date.now()), name: me.value?.name ?? "" })}</p>
      <MonthChoice value={month.value} onChange={(m) => (month.value = m)} />
      {wings.length > 0 && (
        <div class="no-print">
          <Pills label={t("home.wings")} value={wing.value} onChange={(w) => (wing.value = w)} options={[{ value: "", label: t("home.allWings") }, ...wings.map((w) => ({ value: w, label: w }))]} />
        </div>
      )}
      <Ready of={loaded}>
        {({ months, scales }) => {
          const report = months[months.length - 1]?.report;
          if (!report || report.assessments === 0) return <EmptyState icon="chart" title={t("home.noneInMonth")} />;
          return <Figures of={report} months={months} scales={scales} />;
        }}
      </Ready>
    </Page>
  );
}

const measures = ["on_movement", "with_camera", "self_report", "zero_scores", "pain_scores", "followed_up", "refused", "camera_differs"] as const;

function Figures({ of: q, months, scales }: { of: Report; months: { month: Month; report: Report }[]; scales: Scale[] }) {
  return (
    <>
      <ul class="counts home-counts">
        <li class="count">
          <strong>{q.assessments}</strong>
          <span>{t("home.assessments")}</span>
        </li>
        <li class="count">
          <strong>{q.assessments_per_resident === null ? "–" : number(q.assessments_per_resident)}</strong>
          <span>{t("home.perResident")}</span>
        </li>
        <li class="count">
          <strong>{t("home.assessedOf", { count: q.residents_assessed, of: q.residents })}</strong>
          <span>{t("home.assessed")}</span>
        </li>
      </ul>
      <div class="home-lists wide">
        <Card title={t("home.shares")}>
          <Shares rows={measures.map((m) => ({ name: t("home.share", { which: m }), means: t("home.shareMeans", { which: m }), share: q[m] }))} head={t("home.measure")} caption={t("home.shares")} />
        </Card>
        <Months of={months} />
        {q.refusals.length > 0 && (
          <Card title={t("home.refusals")}>
            <Shares rows={q.refusals.map((r) => ({ name: capital(tOr(`face.reason.${r.reason}`, r.reason)), means: "", share: r }))} head={t("home.reason")} caption={t("home.refusals")} />
          </Card>
        )}
        {q.agreement.length > 0 && <Agreed of={q} scales={scales} />}
      </div>
    </>
  );
}

function Shares({ rows, head, caption }: { rows: { name: string; means: string; share: Share }[]; head: string; caption: string }) {
  return (
    <table class="shares">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{head}</th>
          <th scope="col">{t("home.value")}</th>
          <th scope="col">{t("home.counted")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((r) => (
          <tr key={r.name}>
            <th scope="row">
              {r.name}
              {r.means && <small class="quiet">{r.means}</small>}
            </th>
            <td>
              {r.share.share === null ? (
                <span class="quiet">{t("home.shareNone")}</span>
              ) : (
                <span class="share">
                  <span aria-hidden="true">
                    <span style={{ inlineSize: `${100 * r.share.share}%` }} />
                  </span>
                  {percent(r.share.share)}
                </span>
              )}
            </td>
            <td>{t("home.shareOf", { count: r.share.count, of: r.share.of })}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Two shares over six months: they say most about whether a home looks well. */
function Months({ of }: { of: { month: Month; report: Report }[] }) {
  const drawing = useMemo(
    (): Drawing => ({
      x: of.map((_, i) => i),
      lines: [
        { label: t("home.movementLine"), values: of.map((m) => m.report.on_movement.share), points: true, connect: true },
        { label: t("home.followedLine"), values: of.map((m) => m.report.followed_up.share), points: true, connect: true, look: "dashed", marker: "diamond", color: "--second" },
      ],
      xRange: [-0.3, of.length - 0.7],
      yRange: [-0.03, 1.03],
      ySplits: [0, 0.25, 0.5, 0.75, 1],
      xLabel: (x) => (Number.isInteger(x) && of[x] ? monthName(of[x].month, true) : ""),
      yLabel: percent,
    }),
    [of],
  );
  return (
    <Card title={t("home.overMonths")}>
      <Chart label={t("home.overMonths")} drawing={drawing} x={(x) => monthName(of[x]?.month ?? "")} y={percent} xHead={t("home.month")} />
    </Card>
  );
}

function Agreed({ of: q, scales }: { of: Report; scales: Scale[] }) {
  const label = (scale: string, item: string) => {
    const s = scales.find((s) => s.id === scale);
    const i = s?.items.find((i) => i.id === item);
    return `${s?.name ?? scale}: ${s && i ? itemLabel(s, i) : item}`;
  };
  const share = (x: number | null) => (x === null ? t("home.notDefined") : percent(x));
  return (
    <Card title={t("home.agreement")}>
      <p class="quiet">{t("home.agreementLead")}</p>
      <Table
        caption={t("home.agreement")}
        hideCaption
        head={[t("home.item"), t("home.blindN"), t("home.blindSame"), t("home.blindKappa"), t("home.seenN"), t("home.seenSame")]}
        rows={q.agreement.map((a) => [
          label(a.scale, a.item), a.blind.n, share(a.blind.same), a.blind.weighted === null ? t("home.notDefined") : number(a.blind.weighted, 2), a.seen.n, share(a.seen.same),
        ])}
      />
    </Card>
  );
}
