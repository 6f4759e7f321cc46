import { Icon, type IconName } from "./icon";

interface ChoiceProps<T extends string> {
  legend: string;
  name: string;
  options: readonly { value: T; label: string; hint?: string; icon?: IconName }[];
  value: T | null;
  onChange: (v: T) => void;
  /** "tiles" stand side by side where there is room, "segments" always, "stack" one below the other. */
  look?: "tiles" | "segments" | "stack";
  hideLegend?: boolean;
}

/** One of a few, as large radio buttons. What is chosen has a ring and a mark, not only a colour. */
export function Choice<T extends string>({ legend, name, options, value, onChange, look = "tiles", hideLegend = false }: ChoiceProps<T>) {
  return (
    <fieldset class={`choice ${look}`}>
      <legend class={hideLegend ? "unseen" : undefined}>{legend}</legend>
      <div>
        {options.map((o) => (
          <label key={o.value}>
            <input type="radio" name={name} value={o.value} checked={value === o.value} onChange={() => onChange(o.value)} />
            {o.icon && <Icon name={o.icon} />}
            <span>
              {o.label}
              {o.hint && <small>{o.hint}</small>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
