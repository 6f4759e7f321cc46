import { useEffect, useRef } from "preact/hooks";

import { shownDark } from "../appearance";
import { locale, t } from "../i18n";
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
}

/** A plot, a legend where there are several lines, and the same numbers as a table for those who cannot see it. */
export function Chart({ label, drawing, x, y, xHead, tall = false }: ChartProps) {
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
      {drawing.lines.length > 1 && (
        <ul class="legend" aria-hidden="true">
          {drawing.lines.map((l) => (
            <li key={l.label}>
              <svg viewBox="0 0 36 12" width="36" height="12">
                <path d="M0 6h36" style={{ stroke: `var(${l.color ?? "--accent"})` }} class={l.look ?? "solid"} />
              </svg>
              {l.label}
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>{t("parts.asTable")}</summary>
        <Table caption={label} hideCaption head={[xHead, ...drawing.lines.map((l) => l.label)]} rows={rows} />
      </details>
    </figure>
  );
}
