import { useSignal } from "@preact/signals";

import { type Measure, reliefs, type ReliefView } from "../../api/reliefs";
import { t } from "../../i18n";
import { dateTime } from "../../i18n/format";
import { useLoaded } from "../../load";
import { useNow } from "../../now";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Dialog } from "../../parts/dialog";
import { Ready } from "../../parts/loaded";
import { Badge } from "../../parts/page";
import { Trouble } from "../../parts/trouble";
import { current, followWords, reliefWords, verdict } from "../../relief";
import { useSending } from "../../send";
import { startOf } from "../../trend";
import type { Loaded } from "./page";

const few = 4;

/** What was done against pain lately, and what the score did afterwards. */
export function Reliefs({ of, onChange }: { of: Loaded; onChange: () => void }) {
  const more = useSignal(false);
  useNow(); // the times until looking again go on
  const recent = of.given.filter((r) => Date.parse(r.given_at) >= startOf("quarter", of.now)).sort((a, b) => Date.parse(b.given_at) - Date.parse(a.given_at));
  const shown = more.value ? recent : recent.slice(0, few);
  const loaded = useLoaded(async () => {
    const [measures, list] = await Promise.all([reliefs.measures(of.resident.site_id), Promise.all(shown.map((r) => reliefs.get(of.resident.id, r.id)))]);
    return { measures, list };
  }, shown.map((r) => `${r.id} ${r.version}`).join());
  if (recent.length === 0) {
    return (
      <Card title={t("resident.reliefs")}>
        <p class="quiet">{t("resident.reliefsNone")}</p>
      </Card>
    );
  }
  return (
    <Card title={t("resident.reliefs")}>
      <Ready of={loaded} rows={2}>
        {({ measures, list }) => (
          <ul class="bare-list lines">
            {list.map((r) => (
              <ReliefLine key={r.id} of={r} measures={measures} onChange={onChange} />
            ))}
          </ul>
        )}
      </Ready>
      {recent.length > few && (
        <Button kind="quiet" expanded={more.value} onClick={() => (more.value = !more.value)}>
          {t(more.value ? "resident.less" : "resident.more")}
        </Button>
      )}
    </Card>
  );
}

/** One relief with its follow-ups: what was measured again, and the one that is still to be made. */
export function ReliefLine({ of: r, measures, onChange }: { of: ReliefView; measures: readonly Measure[]; onChange?: () => void }) {
  const asking = useSignal(false);
  const next = current(r.follow_ups);
  const made = r.follow_ups.filter((f) => f.change);
  return (
    <li class={r.entered_in_error ? "void" : undefined}>
      <div class="row">
        <span>
          <strong>{reliefWords(r, measures)}</strong>{" "}
          <span class="quiet">
            {dateTime(r.given_at)} {t("resident.reliefBy", { name: r.given_by })}
          </span>
        </span>
        {r.entered_in_error ? (
          <Badge icon="close" tone="quiet">
            {t("resident.reliefWrong")}
          </Badge>
        ) : (
          onChange && (
            <span class="no-print">
              <Button kind="quiet" icon="close" bare onClick={() => (asking.value = true)}>
                {t("resident.markReliefWrong")}
              </Button>
            </span>
          )
        )}
      </div>
      {r.remarks && <p class="written">{r.remarks}</p>}
      {made.map((f) => (
        <p key={f.key}>
          <strong>{followWords(f)}</strong> {f.change && verdict(f.change)}
        </p>
      ))}
      {!r.entered_in_error && (!next || !made.includes(next)) && <p>{next ? followWords(next) : t("resident.followNone")}</p>}
      {asking.value && onChange && <Wrong of={r} onClose={(done) => ((asking.value = false), done && onChange())} />}
    </li>
  );
}

function Wrong({ of, onClose }: { of: ReliefView; onClose: (done: boolean) => void }) {
  const { wrong, busy, send } = useSending();
  const mark = async () => {
    if (await send(() => reliefs.enteredInError(of.resident_id, of), t("resident.reliefWrongDone"))) onClose(true);
  };
  return (
    <Dialog title={t("resident.markReliefWrong")} onClose={() => onClose(false)}>
      <p>{t("resident.reliefWrongLead")}</p>
      <Trouble said={wrong.value} />
      <div class="buttons">
        <Button kind="careful" busy={busy.value} onClick={() => void mark()}>
          {t("resident.markReliefWrong")}
        </Button>
        <Button onClick={() => onClose(false)}>{t("shell.cancel")}</Button>
      </div>
    </Dialog>
  );
}
