import { t } from "../i18n";
import { dateTime, list } from "../i18n/format";
import type { Assessment, Scale } from "../model";
import { Table } from "../parts/table";
import { Total } from "../scale/form";
import { regionName } from "../scale/more";
import { itemLabel, optionLabel, typeLabel } from "../scale/words";

/** An assessment that is confirmed, to be read. */
export function Kept({ of: a, scale }: { of: Assessment; scale: Scale | null }) {
  const answers = a.answers ?? {};
  return (
    <>
      {scale && (
        <>
          <Total scale={scale} answers={answers} />
          <Table
            caption={t("result.answers")}
            hideCaption
            head={[t("result.item"), t("result.answer")]}
            rows={scale.items.map((i) => {
              const v = answers[i.id];
              return [itemLabel(scale, i), v === undefined ? "–" : `${v} · ${optionLabel(scale, i, v)}`];
            })}
          />
        </>
      )}
      <dl class="facts">
        {scale && a.pain_type && (
          <div>
            <dt>{t("scale.type")}</dt>
            <dd>{typeLabel(scale, a.pain_type)}</dd>
          </div>
        )}
        {a.body_sites && a.body_sites.length > 0 && (
          <div>
            <dt>{t("scale.where")}</dt>
            <dd>{list(a.body_sites.map((s) => regionName(s.region)))}</dd>
          </div>
        )}
        <div>
          <dt>{t("scale.remarks")}</dt>
          <dd class="written">{a.remarks || "–"}</dd>
        </div>
      </dl>
      {a.reason && <p>{t("result.reason", { reason: a.reason })}</p>}
      {a.confirmed_by && a.confirmed_at && <p class="quiet">{t("result.confirmed", { name: a.confirmed_by.name, when: dateTime(a.confirmed_at) })}</p>}
    </>
  );
}
