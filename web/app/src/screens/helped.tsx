import { reliefs } from "../api/reliefs";
import { t } from "../i18n";
import { clock } from "../i18n/format";
import { useLoaded } from "../load";
import type { Assessment } from "../model";
import { Icon } from "../parts/icon";
import { followWords, reliefWords, verdict } from "../relief";

const reach = 2 * 86_400_000; // the longest time for which relief is followed up
const most = 4;

/** Whether relief helped, below the assessment that looked again: before, after, and what the difference is worth. */
export function Helped({ of: a }: { of: Assessment }) {
  const resident = a.resident_id ?? "";
  const loaded = useLoaded(async () => {
    if (!resident || !a.scale || a.total === null) return null;
    const given = await reliefs.list(resident, new Date(Date.parse(a.assessed_at) - reach).toISOString());
    const before = given
      .filter((r) => !r.entered_in_error && r.scale === a.scale?.id && r.given_at < a.assessed_at)
      .sort((x, y) => Date.parse(y.given_at) - Date.parse(x.given_at));
    for (const r of before.slice(0, most)) {
      const whole = await reliefs.get(resident, r.id);
      const follow = whole.follow_ups.find((f) => f.assessment_id === a.id);
      if (follow?.change) return { relief: r, follow, change: follow.change, measures: await reliefs.measures(a.site_id) };
    }
    return null;
  }, `${a.id} ${a.version}`);
  const found = loaded.value.value;
  if (!found) return null; // there is nothing to say, or not now: the resident's page says it too
  return (
    <section class="card helped">
      <h2>
        <Icon name="relief" /> {t("relief.resultTitle")}
      </h2>
      <p class="quiet">{t("relief.resultLead", { what: reliefWords(found.relief, found.measures), at: clock(found.relief.given_at) })}</p>
      <p>
        <strong>{followWords(found.follow)}</strong> {verdict(found.change)}
      </p>
    </section>
  );
}
