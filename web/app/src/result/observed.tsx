import { useMemo } from "preact/hooks";

import { t } from "../i18n";
import { date, number, percent, seconds } from "../i18n/format";
import type { Observation, Trace } from "../model";
import { Chart } from "../parts/chart";
import { Table } from "../parts/table";
import { Note } from "../parts/trouble";
import { capital, interrupted, mostOf, summarise, unitName, unitOrder } from "../words";
import { FaceDiagram } from "./face";
import { seen } from "./level";
import { type Kind, parted, stretches } from "./rows";

/** What the camera saw: over time, in the face, in words and numbers. It says nothing about pain by itself. */
export function Observed({ of: o }: { of: Observation }) {
  const away = interrupted(o);
  return (
    <section class="card observed">
      <h2>{t("result.title")}</h2>
      {o.provisional && <Note>{t("face.provisionalLong")}</Note>}
      {away && <Note>{away}</Note>}
      {o.trace && (o.state === "assessed" ? <Course trace={o.trace} /> : <Strip trace={o.trace} />)}
      {o.state === "assessed" && <FaceOf o={o} />}
      {o.trace && o.state === "assessed" && <UnitBars trace={o.trace} o={o} />}
      <Words of={o} />
    </section>
  );
}

function Course({ trace }: { trace: Trace }) {
  const drawing = useMemo(() => {
    const rows = parted(trace);
    const last = ((trace.t_ms[trace.t_ms.length - 1] ?? 0) + trace.step_ms) / 1000;
    return {
      x: rows.map((r) => r.t),
      lines: [{ label: t("result.score"), values: rows.map((r) => r.score), fill: true }],
      xRange: [0, Math.max(1, last)] as [number, number],
      yRange: [0, 16] as [number, number],
      ySplits: [0, 4, 8, 12, 16],
      xLabel: (s: number) => seconds(1000 * s, 0),
    };
  }, [trace]);
  return (
    <>
      <h3>{t("result.over")}</h3>
      <Chart label={t("result.overTable")} drawing={drawing} x={(s) => seconds(1000 * s)} y={(v) => number(v)} xHead={t("result.time")}>
        <Strip trace={trace} />
      </Chart>
    </>
  );
}

/** A strip of time below the plot: what counted is full, what was discounted hatched, what could not be judged empty. */
function Strip({ trace }: { trace: Trace }) {
  const parts = stretches(trace);
  const end = (trace.t_ms[trace.t_ms.length - 1] ?? 0) + trace.step_ms;
  const kinds = (["counted", "discounted", "refused"] as Kind[]).filter((k) => parts.some((p) => p.kind === k));
  return (
    <div class="strip">
      <svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">
        <defs>
          <pattern id="strip-hatch" width="12" height="20" patternUnits="userSpaceOnUse">
            <path d="M0 20 12 0" class="hatch" />
          </pattern>
        </defs>
        {parts.map((p) => (
          <rect key={p.from} class={p.kind} x={(1000 * p.from) / end} width={(1000 * (p.to - p.from)) / end} y="1" height="18" />
        ))}
      </svg>
      <ul aria-label={t("result.strip")}>
        {kinds.map((k) => (
          <li key={k}>
            <svg viewBox="0 0 28 20" width="28" height="20" aria-hidden="true">
              <rect class={k} x="1" y="1" width="26" height="18" />
            </svg>
            {capital(t(`result.strip.${k}`))}: {percent(parts.filter((p) => p.kind === k).reduce((n, p) => n + p.to - p.from, 0) / Math.max(1, parts.reduce((n, p) => n + p.to - p.from, 0)))}
          </li>
        ))}
      </ul>
    </div>
  );
}

function FaceOf({ o }: { o: Observation }) {
  const units = seen(o);
  return (
    <>
      <h3>{t("result.faceTitle")}</h3>
      <div class="face-of">
        <FaceDiagram of={o} />
        {units.length > 0 ? (
          <Table
            caption={t("result.faceTitle")}
            hideCaption
            head={[t("result.unit"), t("result.strength")]}
            rows={units.map((u) => [unitName(u.unit), t("result.levelSaid", { level: t("result.level", { level: String(u.level) }), share: percent(u.share) })])}
          />
        ) : (
          <p class="quiet">{t("result.seenNone")}</p>
        )}
      </div>
    </>
  );
}

/** Each unit that was seen as a row of bars over time; the table above holds the numbers. */
function UnitBars({ trace, o }: { trace: Trace; o: Observation }) {
  const units = unitOrder.filter((u) => trace.au[u] && seen(o).some((s) => s.unit === u));
  if (units.length === 0) return null;
  return (
    <details class="unit-bars">
      <summary>{t("result.showBars")}</summary>
      <ul>
        {units.map((u) => {
          const values = trace.au[u] ?? [];
          return (
            <li key={u}>
              <span>
                {unitName(u)} <small class="quiet">{u}</small>
              </span>
              <svg viewBox={`0 0 ${Math.max(1, values.length) * 4} 24`} preserveAspectRatio="none" role="img" aria-label={`${unitName(u)}: ${t("result.unitPeak")} ${number(o.au[u]?.peak ?? 0)}`}>
                {values.map((v, i) => (v === null ? null : <rect key={i} x={4 * i} width="3.4" y={24 - (24 * Math.min(v, mostOf(u))) / mostOf(u)} height={(24 * Math.min(v, mostOf(u))) / mostOf(u)} />))}
              </svg>
            </li>
          );
        })}
      </ul>
    </details>
  );
}

function Words({ of: o }: { of: Observation }) {
  return (
    <>
      <details open={o.state !== "assessed"}>
        <summary>{t("result.inWords")}</summary>
        <dl class="facts">
          {summarise(o).map((l) => (
            <div key={l.id}>
              <dt>{l.term}</dt>
              <dd>
                {l.said}
                {l.id === "against" && o.baseline_taken_at && ` ${capital(t("result.againstOwn", { when: date(o.baseline_taken_at) }))}.`}
                {l.items && l.items.length > 0 && (
                  <ul>
                    {l.items.map((i) => (
                      <li key={i}>{i}</li>
                    ))}
                  </ul>
                )}
              </dd>
            </div>
          ))}
        </dl>
      </details>
      <details>
        <summary>{t("result.details")}</summary>
        <ul class="small">
          <li>{o.rules}</li>
          {Object.entries(o.models).map(([name, version]) => (
            <li key={name}>
              {name}: {version}
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
