import { t } from "../i18n";
import { number } from "../i18n/format";
import { mostOf, unitName } from "../words";

/** Those of the pain score first, then the others. */
const order = ["AU4", "AU6", "AU7", "AU9", "AU10", "AU43", "AU1", "AU2", "AU12", "AU20", "AU25", "AU26"];

/** One bar for each action unit, with its name in plain words and its number. */
export function Bars({ units }: { units: Record<string, number> | null }) {
  return (
    <ul class="bars">
      {order.map((unit) => {
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
