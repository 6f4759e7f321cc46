import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { shownDark } from "../appearance";
import { locale, t } from "../i18n";
import { Button } from "./button";
import type { Drawing, Plot } from "./plot";
import { Table } from "./table";

interface ChartProps {
  /** What the plot shows, in words: its name for screen readers and the table's caption. */
  label: string;
  drawing: Drawing;
  /** How the table beside it writes an x and a y. */
  x: (x: number) => string;
  y: (y: number) => string;
  xHead: string;
  tall?: boolean;
  /** What stands below the plot and belongs to it, such as a strip of the same time. */
  children?: ComponentChildren;
}

/**
 * A plot, a legend where there are several lines, and the same numbers as a table. The table is always there for screen
 * readers; a button shows it to everybody.
 */
export function Chart({ label, drawing, x, y, xHead, tall = false, children }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const made = useRef<Plot | null>(null);
  const looks = `${shownDark.value} ${locale()} ${drawing.lines.map((l) => l.label).join()} ${!!drawing.xRange} ${!!drawing.yRange}`;
  const newest = useRef(drawing);
  newest.current = drawing;
  useEffect(() => {
    let wanted = true;
    void import("./plot").then(({ plot }) => {
      if (wanted && host.current) made.current = plot(host.current, newest.current);
    });
    return () => {
      wanted = false;
      made.current?.close();
      made.current = null;
    };
  }, [looks]);
  useEffect(() => made.current?.draw(drawing), [drawing]);
  const shown = useSignal(false);
  const id = useId();
  const marks = (drawing.marks?.length ?? 0) > 0;
  const rows = drawing.x.map((at, i) => [
    x(at),
    ...drawing.lines.map((l) => {
      const v = l.values[i];
      return v === null || v === undefined ? "–" : y(v);
    }),
  ]);
  return (
    <figure class={tall ? "chart tall" : "chart"}>
      <div ref={host} class="plot" role="img" aria-label={label} />
      {(drawing.lines.length > 1 || marks) && (
        <ul class="legend" aria-hidden="true">
          {drawing.lines.map((l) => (
            <li key={l.label}>
              <svg viewBox="0 0 36 14" width="36" height="14" style={{ stroke: `var(${l.color ?? "--accent"})` }}>
                <path d="M0 7h36" class={l.look ?? "solid"} />
                {l.points && <path d={l.marker === "diamond" ? "M18 1l6 6-6 6-6-6z" : "M18 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z"} class={l.look && l.look !== "solid" ? "hollow" : "full"} />}
              </svg>
              {l.label}
            </li>
          ))}
          {marks && drawing.marksLabel && (
            <li>
              <span class="mark-sign">{drawing.marks?.[0]?.label}</span>
              {drawing.marksLabel}
            </li>
          )}
        </ul>
      )}
      {children}
      <Button kind="quiet" icon="list" expanded={shown.value} controls={id} onClick={() => (shown.value = !shown.value)}>
        {t("parts.asTable")}
      </Button>
      <div id={id} class={shown.value ? undefined : "unseen"}>
        <Table caption={label} hideCaption focusable={shown.value} head={[xHead, ...drawing.lines.map((l) => l.label)]} rows={rows} />
      </div>
    </figure>
  );
}
