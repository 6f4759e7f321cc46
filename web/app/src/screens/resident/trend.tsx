import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { t } from "../../i18n";
import { dateTime, number } from "../../i18n/format";
import { Card } from "../../parts/card";
import { Chart } from "../../parts/chart";
import { Choice } from "../../parts/choice";
import { fitting, type Range, ranges, scalesOf, trend } from "../../trend";
import type { Loaded } from "./page";

/** The totals over time, a scale at a time. */
export function Trend({ of }: { of: Loaded }) {
  const there = scalesOf(of.scores);
  const range = useSignal<Range>(fitting(of.scores, of.now));
  const chosen = useSignal(there[0] ?? "");
  const scale = of.scales.find((s) => s.id === chosen.value);
  const drawing = useMemo(() => scale && trend(of.scores, scale, of.given, range.value, of.now), [of, scale, range.value]);
  if (there.length === 0 || !scale || !drawing) {
    return (
      <Card title={t("resident.trend")}>
        <p class="quiet">{t("resident.trendNoneEver")}</p>
      </Card>
    );
  }
  return (
    <Card title={t("resident.trend")} class="trend">
      <div class="choices no-print">
        <Choice
          legend={t("resident.range")}
          hideLegend
          look="segments"
          name="range"
          value={range.value}
          onChange={(r: Range) => (range.value = r)}
          options={ranges.map((r) => ({ value: r, label: t("resident.rangeOf", { range: r }) }))}
        />
        {there.length > 1 && (
          <Choice
            legend={t("resident.scale")}
            hideLegend
            look="segments"
            name="scale"
            value={scale.id}
            onChange={(s: string) => (chosen.value = s)}
            options={there.map((id) => ({ value: id, label: of.scales.find((s) => s.id === id)?.name ?? id }))}
          />
        )}
      </div>
      {drawing.x.length === 0 ? (
        <p class="quiet">{t("resident.trendNone")}</p>
      ) : (
        <>
          <Chart
            key={scale.id}
            label={t("resident.trendOf", { scale: scale.name, name: of.resident.name })}
            drawing={drawing}
            x={(at) => dateTime(at * 1000)}
            y={(y) => number(y, 0)}
            xHead={t("resident.date")}
            tall
          />
          {scale.bands.some((b) => b.customary) && <p class="hint">{t("resident.customaryNote")}</p>}
        </>
      )}
    </Card>
  );
}
