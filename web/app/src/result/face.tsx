import { useId } from "preact/hooks";

import { t } from "../i18n";
import type { Observation } from "../model";
import { levelOf, seen } from "./level";

/** Where each unit moves the face, on a field of 200 by 240. Both sides are drawn, as the measurement is of both. */
const parts: Record<string, string> = {
  AU1: "M78 66q8-9 17-7v9q-9-2-15 4zM122 66q-8-9-17-7v9q9-2 15 4z",
  AU2: "M52 78q3-13 17-15l3 8q-11 2-14 10zM148 78q-3-13-17-15l-3 8q11 2 14 10z",
  AU4: "M62 84q16-9 32 0v7q-16-8-32 0zM138 84q-16-9-32 0v7q16-8 32 0zM97 76h6v14h-6z",
  AU5: "M60 96q14-8 28 0l-2-5q-12-6-24 0zM112 96q14-8 28 0l-2-5q-12-6-24 0z",
  AU6: "M46 122q10-12 34-4-2 18-18 20-13 0-16-16zM154 122q-10-12-34-4 2 18 18 20 13 0 16-16z",
  AU7: "M58 106q15 10 32 0v5q-16 10-32 0zM110 106q15 10 32 0v5q-16 10-32 0z",
  AU9: "M91 104q9-5 18 0v16q-9-5-18 0z",
  AU10: "M80 148q20-10 40 0v9q-20-8-40 0z",
  AU12: "M58 158q8-12 16-10l4 10q-8 0-12 8zM142 158q-8-12-16-10l-4 10q8 0 12 8z",
  AU15: "M62 176q2-10 14-10l2 8q-8 0-9 8zM138 176q-2-10-14-10l-2 8q8 0 9 8z",
  AU17: "M88 202q12-10 24 0v8q-12-7-24 0z",
  AU20: "M50 168h18v8H50zM132 168h18v8h-18z",
  AU25: "M80 162q20-6 40 0v4q-20-4-40 0z",
  AU26: "M78 184q22 14 44 0l-5 10q-17 10-34 0z",
  AU43: "M60 98q14-9 28 0v7q-14 8-28 0zM112 98q14-9 28 0v7q-14 8-28 0z",
};

/**
 * A small face whose parts are filled the more, the more strongly they were seen. The fill has a pattern of its own at each
 * level, for those who do not tell shades apart; the list beside it says the same in words.
 */
export function FaceDiagram({ of }: { of: Observation }) {
  const id = useId();
  const units = seen(of);
  return (
    <svg class="face-diagram" viewBox="0 0 200 240" role="img" aria-label={t("result.faceLabel", { count: units.length })}>
      <defs>
        <pattern id={`${id}-1`} width="6" height="6" patternUnits="userSpaceOnUse">
          <circle cx="3" cy="3" r="1.4" class="ink" />
        </pattern>
        <pattern id={`${id}-2`} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="2.6" height="5" class="ink" />
        </pattern>
      </defs>
      <path class="skin" d="M100 14c44 0 66 32 66 82 0 58-28 128-66 128S34 154 34 96c0-50 22-82 66-82z" />
      <g class="line">
        <path d="M60 84q15-10 32-2M108 82q17-8 32 2" />
        <path d="M60 101q14-10 28 0-14 9-28 0zM112 101q14-10 28 0-14 9-28 0z" />
        <path d="M98 104q-2 18-8 28 4 6 10 6t10-6" />
        <path d="M78 164q22-8 44 0-22 12-44 0z" />
      </g>
      {Object.entries(parts).map(([unit, d]) => {
        const level = levelOf(of, unit);
        if (level === 0) return null;
        return (
          <g key={unit} class={`part level-${level}`}>
            <path d={d} class="wash" />
            <path d={d} fill={level === 3 ? "currentColor" : `url(#${id}-${level})`} class="mark" />
          </g>
        );
      })}
    </svg>
  );
}
