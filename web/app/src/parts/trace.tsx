import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import type { History } from "../live/history";
import { text } from "../strings";

/** The score over the last seconds. The only place that knows uPlot. */
export function Trace({ history, threshold }: { history: History; threshold: number }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = host.current;
    if (!el) return;
    const style = getComputedStyle(el);
    const ink = style.getPropertyValue("--quiet");
    const rule = style.getPropertyValue("--rule");
    const accent = style.getPropertyValue("--accent");
    const axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 }, font: "13px system-ui, sans-serif" };
    const plot = new uPlot(
      {
        width: el.clientWidth,
        height: el.clientHeight,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [-20, 0] }, y: { range: [0, 16] } },
        axes: [
          { ...axis, values: (_, at) => at.map((v) => `${v} s`) },
          { ...axis, size: 34, splits: [0, 4, 8, 12, 16] },
        ],
        series: [{}, { stroke: accent, width: 2, fill: style.getPropertyValue("--accent-wash"), spanGaps: false, points: { show: false } }],
        hooks: {
          drawAxes: [
            (u) => {
              const y = u.valToPos(threshold, "y", true);
              u.ctx.save();
              u.ctx.strokeStyle = ink;
              u.ctx.setLineDash([6, 6]);
              u.ctx.beginPath();
              u.ctx.moveTo(u.bbox.left, y);
              u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
              u.ctx.stroke();
              u.ctx.restore();
            },
          ],
        },
      },
      [[], []],
      el,
    );
    const timer = window.setInterval(() => plot.setData(history.data()), 100);
    const resized = new ResizeObserver(() => plot.setSize({ width: el.clientWidth, height: el.clientHeight }));
    resized.observe(el);
    return () => {
      clearInterval(timer);
      resized.disconnect();
      plot.destroy();
    };
  }, [history, threshold]);
  return <div class="trace" ref={host} role="img" aria-label={text.trace} />;
}
