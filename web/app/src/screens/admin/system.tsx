import type { ComponentChildren } from "preact";

import { system, type SystemState } from "../../api/system";
import { t } from "../../i18n";
import { date, dateTime, number, percent, relative } from "../../i18n/format";
import { useLoaded } from "../../load";
import { Card } from "../../parts/card";
import { Ready } from "../../parts/loaded";
import { Badge } from "../../parts/page";
import { Table } from "../../parts/table";
import { concerns, size } from "../../system";
import { AdminPage } from "./page";

/** How the server stands: what wants looking after first, then all there is to know. */
export function System() {
  const state = useLoaded(system.state, "system", 10_000);
  return (
    <AdminPage title={t("admin.system")} lead={t("admin.systemLead")}>
      <Ready of={state}>{(s) => <State of={s} at={state.at.value} />}</Ready>
    </AdminPage>
  );
}

function Facts({ of }: { of: [string, ComponentChildren][] }) {
  return (
    <dl class="pairs">
      {of.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

function State({ of, at }: { of: SystemState; at: number }) {
  const wrong = concerns(of, at);
  const { streams, storage, certificate } = of;
  const verified = storage?.last_verification;
  return (
    <>
      <Card title={t("admin.concerns")}>
        {wrong.length === 0 ? (
          <Badge icon="checkCircle" tone="good">
            {t("admin.allWell")}
          </Badge>
        ) : (
          <ul class="bare-list lines">
            {wrong.map((w) => (
              <li key={w}>
                <Badge icon="alert" tone="care">
                  {w}
                </Badge>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card title={t("admin.video")}>
        <label class="field">
          <span>{t("admin.inUse", { count: streams.in_use, limit: streams.limit })}</span>
          <meter min={0} max={Math.max(streams.limit, 1)} value={streams.in_use} />
        </label>
        <Facts
          of={[
            [t("admin.pace"), t("admin.perSecond", { rate: number(streams.rate, 0) })],
            [t("admin.bears"), streams.total_rate > 0 ? t("admin.perSecond", { rate: number(streams.total_rate, 0) }) : t("admin.unlimited")],
            [t("admin.measuredNow"), streams.rates ? t("admin.perSecond", { rate: number(streams.rates.analysed, 0) }) : t("admin.notYet")],
            [t("admin.leftOut"), streams.rates ? t("admin.perSecond", { rate: number(streams.rates.dropped, 1) }) : t("admin.notYet")],
          ]}
        />
      </Card>
      {storage && (
        <Card title={t("admin.storage")}>
          <Facts
            of={[
              [t("admin.database"), `${storage.kind === "sqlite" ? "SQLite" : "PostgreSQL"} · ${size(storage.bytes)}`],
              [
                t("admin.diskFree"),
                storage.free_bytes === null
                  ? t("admin.unknown")
                  : storage.disk_bytes
                    ? `${size(storage.free_bytes)} (${percent(storage.free_bytes / storage.disk_bytes)})`
                    : size(storage.free_bytes),
              ],
              [t("admin.backup"), storage.last_backup ? dateTime(storage.last_backup.at) : t("admin.never")],
              [t("admin.trail"), verified ? t("admin.trailAt", { at: dateTime(verified.at), rows: number(verified.last_seq, 0) }) : t("admin.never")],
            ]}
          />
        </Card>
      )}
      <Card title={t("admin.server")}>
        <Facts
          of={[
            [t("admin.version"), <code>{of.version}</code>],
            [t("admin.running"), relative(at - of.uptime_s * 1000, at)],
            [t("admin.certificate"), certificate.expires_at ? t("admin.certificateUntil", { at: date(certificate.expires_at) }) : t("admin.unknown")],
            [t("admin.clock"), dateTime(of.clock.now)],
            [t("admin.rules"), <code>{of.rules}</code>],
          ]}
        />
        <Table caption={t("admin.models")} head={[t("admin.model"), t("admin.modelVersion")]} rows={Object.entries(of.models).map(([name, v]) => [name, <code>{v}</code>])} />
      </Card>
    </>
  );
}
