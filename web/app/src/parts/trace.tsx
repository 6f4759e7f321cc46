import { useEffect, useRef } from "preact/hooks";

import { shownDark } from "../appearance";
import { t } from "../i18n";
import { seconds } from "../i18n/format";
import type { History } from "../live/history";
import type { Drawing, Plot } from "./plot";

/** The score over the last seconds, while it is measured. */
export function Trace({ history, threshold }: { history: History; threshold: number }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let wanted = true;
    let made: Plot | null = null;
    let timer = 0;
    const drawing = (): Drawing => {
      const [x, values] = history.data();
      return { x, lines: [{ label: t("capture.score"), values, fill: true }], xRange: [-20, 0], yRange: [0, 16], ySplits: [0, 4, 8, 12, 16], threshold, xLabel: (s) => seconds(1000 * s, 0) };
    };
    void import("./plot").then(({ plot }) => {
      if (!wanted || !host.current) return;
      const p = (made = plot(host.current, drawing()));
      timer = window.setInterval(() => p.draw(drawing()), 100);
    });
    return () => {
      wanted = false;
      clearInterval(timer);
      made?.close();
    };
  }, [history, threshold, shownDark.value]);
  return <div class="trace" ref={host} role="img" aria-label={t("capture.trace")} />;
}
