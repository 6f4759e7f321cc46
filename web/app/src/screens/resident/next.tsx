import type { Schedule } from "../../api/schedules";
import { t } from "../../i18n";
import { clock, relative } from "../../i18n/format";
import type { Due, Scale } from "../../model";
import type { IconName } from "../../parts/icon";
import { Badge, type Tone } from "../../parts/page";
import { repeatWords } from "../../repeat";

export const dueLooks: Record<Due["state"], [IconName, Tone]> = {
  upcoming: ["clock", "plain"],
  due: ["bell", "accent"],
  overdue: ["alert", "care"],
  missed: ["close", "care"],
  done: ["checkCircle", "good"],
  excused: ["pausedCircle", "quiet"],
};

/** Why something is due, in words. */
export function why(d: Due, schedules: readonly Schedule[]): string {
  if (d.relief_id) return t("resident.afterRelief");
  const s = schedules.find((s) => s.id === d.schedule_id);
  return s ? repeatWords(s.repeat) : d.why;
}

/** What is to be done next for this person. */
export function NextDue({ due, schedules, scales }: { due: readonly Due[]; schedules: readonly Schedule[]; scales: readonly Scale[] }) {
  const open = due.filter((d) => d.state === "due" || d.state === "overdue" || d.state === "upcoming").slice(0, 3);
  return (
    <section class="card next" aria-label={t("resident.next")}>
      <h2>{t("resident.next")}</h2>
      {open.length === 0 ? (
        <p class="quiet">{t("resident.nextNone")}</p>
      ) : (
        <ul class="bare-list">
          {open.map((d) => {
            const [icon, tone] = dueLooks[d.state];
            const scale = scales.find((s) => s.id === d.scale)?.name ?? (d.scale || t("resident.anyScale"));
            return (
              <li key={d.key}>
                <Badge icon={icon} tone={tone}>
                  {t("resident.dueState", { state: d.state })}
                </Badge>{" "}
                <strong>{t("resident.dueAt", { when: relative(d.due_at), at: clock(d.due_at) })}</strong>
                <p class="quiet">
                  {scale}
                  {d.condition && ` · ${t(`face.condition.${d.condition}`)}`} · {why(d, schedules)}
                </p>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
