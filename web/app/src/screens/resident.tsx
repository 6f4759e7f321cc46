import { assessments } from "../api/assessments";
import { t } from "../i18n";
import { dateTime } from "../i18n/format";
import { useLoaded } from "../load";
import type { Assessment } from "../model";
import { LinkButton } from "../parts/button";
import { Ready } from "../parts/loaded";
import { EmptyState, Page } from "../parts/page";
import { Status } from "../parts/status";
import { to } from "../route";

export function AssessmentList({ of }: { of: Assessment[] }) {
  if (of.length === 0) return <EmptyState icon="list" title={t("residents.noAssessments")} />;
  return (
    <ul class="rows">
      {of.map((a) => (
        <li key={a.id}>
          <a href={to("a", a.id)}>
            <strong>{dateTime(a.assessed_at)}</strong>
            <span class="quiet">{t(`face.condition.${a.condition}`)}</span>
            <Status of={a.status} />
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Practice() {
  const loaded = useLoaded(() => assessments.list(null), "practice");
  return (
    <Page
      title={t("shell.practice")}
      lead={t("residents.practiceLead")}
      actions={
        <LinkButton kind="main" icon="camera" href={to("capture")}>
          {t("residents.practise")}
        </LinkButton>
      }
    >
      <h2 class="section-title">{t("residents.practiceAssessments")}</h2>
      <Ready of={loaded}>{(list) => <AssessmentList of={list} />}</Ready>
    </Page>
  );
}
