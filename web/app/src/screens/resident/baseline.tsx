import { type Baseline, chosen } from "../../api/baselines";
import { t } from "../../i18n";
import { date } from "../../i18n/format";
import { LinkButton } from "../../parts/button";
import { Card } from "../../parts/card";
import { Note } from "../../parts/trouble";
import { to } from "../../route";

/** The face at ease that scores are measured against. */
export function BaselineCard({ resident, list, mayTake }: { resident: string; list: readonly Baseline[]; mayTake: boolean }) {
  const b = chosen(list);
  return (
    <Card
      title={t("resident.baseline")}
      actions={
        (mayTake || list.length > 0) && (
          <LinkButton kind="quiet" icon="face" href={to("baseline", resident)}>
            {t(list.length > 0 ? "resident.baselineOpen" : "resident.baselineTake")}
          </LinkButton>
        )
      }
    >
      {b ? <p>{t("resident.baselineTaken", { when: date(b.taken_at), name: b.recorded_by.name })}</p> : <p>{t("resident.baselineNone")}</p>}
      {b?.outdated && <Note>{t("resident.baselineOutdated")}</Note>}
      {!b && <p class="quiet">{t("resident.baselineLead")}</p>}
    </Card>
  );
}
