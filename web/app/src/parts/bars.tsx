import { t } from "../i18n";
import { number } from "../i18n/format";
import { mostOf, unitName, unitOrder } from "../words";

/** One bar for each action unit, with its name in plain words and its number. */
export function Bars({ units }: { units: Record<string, number> | null }) {
  return (
    <ul class="bars">
      {unitOrder.map((unit) => {
        const most = mostOf(unit);
        const value = units?.[unit];
        return (
          <li key={unit}>
            <span class="bar-name">
              {unitName(unit)} <small>{unit}</small>
            </span>
            <span class="bar" role="meter" aria-label={unitName(unit)} aria-valuemin={0} aria-valuemax={most} aria-valuenow={value ?? 0} aria-valuetext={value === undefined ? t("face.noScore") : number(value)}>
              <span style={{ width: `${(100 * Math.min(value ?? 0, most)) / most}%` }} />
            </span>
            <span class="bar-value">{value === undefined ? "–" : number(value)}</span>
          </li>
        );
      })}
    </ul>
  );
}
