import { useSignal } from "@preact/signals";

import { type Disagreements, reports } from "../../api/reports";
import { residents } from "../../api/residents";
import { scales } from "../../api/scales";
import { t } from "../../i18n";
import { dateTime } from "../../i18n/format";
import { useLoaded } from "../../load";
import type { Resident, Scale } from "../../model";
import { monthName, spanOf } from "../../months";
import { Card } from "../../parts/card";
import { Ready } from "../../parts/loaded";
import { EmptyState, Page } from "../../parts/page";
import { Table } from "../../parts/table";
import { to } from "../../route";
import { itemLabel, optionLabel } from "../../scale/words";
import { site } from "../../site";
import { lastWhole, MonthChoice } from "./quality";

/** Where carers and the camera differ: how often, how far, and in which assessments. */
export function Differences() {
  const month = useSignal(lastWhole());
  const loaded = useLoaded(async () => {
    const [found, people, used] = await Promise.all([reports.disagreements(site.value, spanOf(month.value)), residents.list(site.value), scales.list(site.value)]);
    return { found, people, scales: used.scales };
  }, `differences ${site.value} ${month.value}`);
  return (
    <Page title={t("home.differences")} lead={monthName(month.value)} back={{ href: to("home"), to: t("home.title") }}>
      <p class="quiet lead">{t("home.differencesLead")}</p>
      <MonthChoice value={month.value} onChange={(m) => (month.value = m)} />
      <Ready of={loaded}>{(there) => <Found of={there.found} people={there.people} scales={there.scales} />}</Ready>
    </Page>
  );
}

/** The differences there are, from the lowest to the highest, with none left out between them. */
export function sizes(of: Record<string, number>): { size: number; count: number }[] {
  const there = Object.keys(of).map(Number);
  if (there.length === 0) return [];
  const most = Math.max(...there.map(Math.abs), 1);
  return Array.from({ length: 2 * most + 1 }, (_, i) => i - most)
    .filter((size) => size !== 0)
    .map((size) => ({ size, count: of[String(size)] ?? 0 }));
}

function Found({ of, people, scales }: { of: Disagreements; people: Resident[]; scales: Scale[] }) {
  if (of.compared === 0) return <EmptyState icon="face" title={t("home.differNone")} />;
  if (of.differing === 0) return <EmptyState icon="checkCircle" title={t("home.differSame")} />;
  const bars = sizes(of.by_size);
  const most = Math.max(...bars.map((b) => b.count));
  const signed = (n: number) => (n > 0 ? `+${n}` : `−${-n}`);
  const find = (scale: string, id: string) => {
    const s = scales.find((s) => s.id === scale);
    const i = s?.items.find((i) => i.id === id);
    return s && i ? { s, i } : null;
  };
  const item = (scale: string, id: string) => {
    const there = find(scale, id);
    return there ? itemLabel(there.s, there.i) : id;
  };
  const answer = (scale: string, id: string, value: number) => {
    const there = find(scale, id);
    return `${value}: ${there ? optionLabel(there.s, there.i, value) : ""}`;
  };
  return (
    <div class="home-lists wide">
      <Card title={t("home.bySize")}>
        <p>
          <strong>{t("home.differ", { differing: of.differing, compared: of.compared })}</strong>
        </p>
        <table class="shares">
          <caption class="unseen">{t("home.bySize")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("home.size")}</th>
              <th scope="col">{t("home.items")}</th>
            </tr>
          </thead>
          <tbody>
            {bars.map((b) => (
              <tr key={b.size}>
                <th scope="row">{signed(b.size)}</th>
                <td>
                  <span class="share">
                    <span aria-hidden="true">
                      <span style={{ inlineSize: `${(100 * b.count) / most}%` }} />
                    </span>
                    {b.count}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Card>
      <Card title={t("home.largest")}>
        <Table
          caption={t("home.largest")}
          hideCaption
          head={[t("home.who"), t("home.whenHead"), t("home.item"), t("home.camera"), t("home.carer")]}
          rows={(of.disagreements ?? []).map((d) => {
            const chosen = answer(d.scale, d.item, d.rated_blind ?? d.answered);
            return [
              <a href={to("a", d.assessment_id)}>{people.find((r) => r.id === d.resident_id)?.name ?? t("home.gone")}</a>,
              dateTime(d.at),
              item(d.scale, d.item),
              answer(d.scale, d.item, d.proposed),
              d.rated_blind === null ? chosen : t("home.first", { answer: chosen }),
            ];
          })}
        />
      </Card>
    </div>
  );
}
