import { useSignal } from "@preact/signals";

import { assessments } from "../../api/assessments";
import { language, t } from "../../i18n";
import { dateTime } from "../../i18n/format";
import { useLoaded } from "../../load";
import type { Assessment, Scale } from "../../model";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Ready } from "../../parts/loaded";
import { Status } from "../../parts/status";
import { to } from "../../route";
import { bandLabel } from "../../scale/words";

const few = 6;

/** A total with its band in words, or why there is none. */
export function totalWords(a: Assessment, scales: readonly Scale[]): string {
  if (!a.scale) return t("resident.noScale");
  const scale = scales.find((s) => s.id === a.scale?.id);
  const name = scale?.name ?? a.scale.id;
  if (a.total === null) return t("resident.noTotal", { scale: name });
  const band = scale && a.band ? bandLabel(scale, a.band) : "";
  return t("resident.total", { scale: name, total: a.total }) + (band ? `, ${language() === "de" ? band : band.toLowerCase()}` : "");
}

/** The newest assessments, each with its state, what was corrected and why. */
export function Assessments({ of, scales }: { of: readonly Assessment[]; scales: readonly Scale[] }) {
  const all = useSignal(false);
  if (of.length === 0) {
    return (
      <Card title={t("resident.assessments")}>
        <p class="quiet">{t("resident.assessmentsNone")}</p>
      </Card>
    );
  }
  const shown = all.value ? of : of.slice(0, few);
  return (
    <Card title={t("resident.assessments")}>
      <ul class="bare-list lines">
        {shown.map((a) => (
          <li key={a.id} class={a.status === "entered_in_error" ? "void" : undefined}>
            <a class="line" href={to("a", a.id)}>
              <strong>{dateTime(a.assessed_at)}</strong>
              <Status of={a.status} />
              <span class="rest">
                {totalWords(a, scales)}{" "}
                <span class="quiet">
                  · {t(`face.condition.${a.condition}`)} · {(a.confirmed_by ?? a.created_by).name}
                </span>
              </span>
            </a>
            {a.reason && <p class="quiet">{t(a.status === "entered_in_error" ? "resident.wrongBecause" : "resident.amendedBecause", { reason: a.reason })}</p>}
            {(a.status === "amended" || a.status === "entered_in_error") && <Versions of={a} scales={scales} />}
          </li>
        ))}
      </ul>
      {of.length > few && (
        <Button kind="quiet" expanded={all.value} onClick={() => (all.value = !all.value)}>
          {t(all.value ? "resident.less" : "resident.more")}
        </Button>
      )}
    </Card>
  );
}

/** What an assessment was before it was corrected; read when somebody wants to see it. */
function Versions({ of: a, scales }: { of: Assessment; scales: readonly Scale[] }) {
  const open = useSignal(false);
  return (
    <details class="no-print" onToggle={(e) => (open.value = e.currentTarget.open)}>
      <summary>{t("resident.history")}</summary>
      {open.value && <VersionList id={a.id} scales={scales} />}
    </details>
  );
}

function VersionList({ id, scales }: { id: string; scales: readonly Scale[] }) {
  const loaded = useLoaded(() => assessments.versions(id), id);
  return (
    <Ready of={loaded} rows={1}>
      {(list) => (
        <ol class="bare-list lines">
          {list.map((v) => (
            <li key={v.version}>
              {t("resident.historyOf", { version: v.version, when: dateTime(v.changed_at), name: v.changed_by.name })}: {totalWords(v, scales)} <Status of={v.status} />
            </li>
          ))}
        </ol>
      )}
    </Ready>
  );
}
