// The only module that knows uPlot; it is loaded when the first plot is drawn.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { locale } from "../i18n";

export interface Line {
  label: string;
  values: readonly (number | null)[]; // null leaves a gap, never a zero
  /** Lines differ in their dashes and points, for those who do not tell the colours apart. */
  look?: "solid" | "dashed" | "dotted";
  points?: boolean;
  marker?: "circle" | "diamond"; // the points' shape
  /** Draws on over gaps: for single results, where a gap only means that another line had its turn. */
  connect?: boolean;
  fill?: boolean;
  color?: string; // name of a custom property
}

export interface Mark {
  x: number;
  label: string;
}

/** A part of the y axis with a name, such as a band of a scale: drawn behind all else, and quietly. */
export interface Zone {
  from: number;
  to: number;
  label: string;
}

export interface Drawing {
  x: readonly number[]; // seconds, or seconds since 1970 where `dates`
  lines: readonly Line[];
  dates?: boolean;
  xRange?: [number, number];
  yRange?: [number, number];
  ySplits?: number[];
  threshold?: number; // a dashed line across
  marks?: readonly Mark[]; // upright lines, such as relief given
  marksLabel?: string; // what the marks are, for the legend
  zones?: readonly Zone[];
  xLabel?: (x: number) => string;
  yLabel?: (y: number) => string;
}

export interface Plot {
  draw: (d: Drawing) => void;
  close: () => void;
}

/** Fills every other zone a little, and writes each zone's name at its lower edge. */
function drawZones(u: uPlot, zones: readonly Zone[], color: (name: string) => string) {
  const { left, top, width, height } = u.bbox;
  const dpr = devicePixelRatio;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  u.ctx.font = `${12 * dpr}px system-ui, sans-serif`;
  u.ctx.textAlign = "left";
  u.ctx.textBaseline = "alphabetic";
  zones.forEach((z, i) => {
    const upper = u.valToPos(z.to, "y", true);
    const lower = u.valToPos(z.from, "y", true);
    u.ctx.fillStyle = color("--accent-wash");
    if (i % 2 === 1) u.ctx.fillRect(left, upper, width, lower - upper);
    u.ctx.fillStyle = color("--quiet");
    if (lower - upper >= 16 * dpr) u.ctx.fillText(z.label, left + 6 * dpr, lower - 5 * dpr);
  });
  u.ctx.restore();
}

/** Points as diamonds, beside uPlot's own circles. */
const diamonds: uPlot.Series.Points.PathBuilder = (u, series, from, to, only) => {
  const fill = new Path2D();
  const r = 6 * devicePixelRatio;
  const values = u.data[series] ?? [];
  for (const i of only ?? Array.from({ length: to - from + 1 }, (_, k) => from + k)) {
    const v = values[i];
    if (v === null || v === undefined) continue;
    const x = u.valToPos(u.data[0][i] ?? 0, "x", true);
    const y = u.valToPos(v, "y", true);
    fill.moveTo(x, y - r);
    fill.lineTo(x + r, y);
    fill.lineTo(x, y + r);
    fill.lineTo(x - r, y);
    fill.closePath();
  }
  return { fill, stroke: fill, clip: null, flags: 3 };
};

const dashes = { solid: undefined, dashed: [8, 5], dotted: [2, 4] };

/** Draws into an element until it is closed, and again whenever the element's size changes. */
export function plot(el: HTMLElement, first: Drawing): Plot {
  let now = first;
  const style = getComputedStyle(el);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: color("--quiet"), grid: { stroke: color("--rule"), width: 1 }, ticks: { show: false }, font: "13px system-ui, sans-serif" };
  const upright = (u: uPlot) => {
    if (now.zones) drawZones(u, now.zones, color);
    u.ctx.save();
    u.ctx.strokeStyle = color("--quiet");
    u.ctx.lineWidth = devicePixelRatio;
    u.ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    u.ctx.beginPath();
    if (now.threshold !== undefined) {
      const y = u.valToPos(now.threshold, "y", true);
      u.ctx.moveTo(u.bbox.left, y);
      u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
    }
    for (const m of now.marks ?? []) {
      const x = u.valToPos(m.x, "x", true);
      if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
      u.ctx.moveTo(x, u.bbox.top);
      u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
    }
    u.ctx.stroke();
    u.ctx.setLineDash([]);
    u.ctx.fillStyle = color("--ink");
    u.ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    for (const m of now.marks ?? []) {
      const x = u.valToPos(m.x, "x", true);
      if (x >= u.bbox.left && x <= u.bbox.left + u.bbox.width) u.ctx.fillText(m.label, x + 4 * devicePixelRatio, u.bbox.top + 12 * devicePixelRatio);
    }
    u.ctx.restore();
  };
  const options: uPlot.Options = {
    width: el.clientWidth,
    height: el.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 16, 0, 0],
    scales: {
      x: { time: !!first.dates, ...(first.xRange ? { range: () => now.xRange ?? [0, 1] } : {}) },
      y: first.yRange ? { range: () => now.yRange ?? [0, 1] } : {},
    },
    axes: [
      { ...axis, ...(first.xLabel ? { values: (_: uPlot, at: number[]) => at.map((x) => now.xLabel?.(x) ?? "") } : {}), space: 60 },
      { ...axis, size: first.yLabel ? 52 : 36, ...(first.ySplits ? { splits: () => now.ySplits ?? [] } : {}), values: (_: uPlot, at: number[]) => at.map((y) => now.yLabel?.(y) ?? new Intl.NumberFormat(locale()).format(y)) },
    ],
    series: [
      {},
      ...first.lines.map((l) => {
        const stroke = color(l.color ?? "--accent");
        const dash = dashes[l.look ?? "solid"];
        return {
          label: l.label,
          stroke,
          width: 2.5,
          spanGaps: !!l.connect,
          points: { show: !!l.points, size: 9, fill: l.look && l.look !== "solid" ? color("--card") : stroke, stroke, width: 2, ...(l.marker === "diamond" ? { paths: diamonds } : {}) },
          ...(dash ? { dash } : {}),
          ...(l.fill ? { fill: color("--accent-wash") } : {}),
        };
      }),
    ],
    hooks: { drawAxes: [upright] },
  };
  const data = (d: Drawing) => [[...d.x], ...d.lines.map((l) => [...l.values])] as uPlot.AlignedData;
  const u = new uPlot(options, data(first), el);
  const resized = new ResizeObserver(() => u.setSize({ width: el.clientWidth, height: el.clientHeight }));
  resized.observe(el);
  return {
    draw: (d) => {
      now = d;
      u.setData(data(d));
    },
    close: () => {
      resized.disconnect();
      u.destroy();
    },
  };
}
