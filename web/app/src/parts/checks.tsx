interface ChecksProps<T extends string> {
  legend: string;
  options: readonly { value: T; label: string }[];
  values: readonly T[];
  onChange: (values: T[]) => void;
  hideLegend?: boolean;
}

/** Several of a few, as large tiles with a mark in those that are chosen. */
export function Checks<T extends string>({ legend, options, values, onChange, hideLegend = false }: ChecksProps<T>) {
  const turn = (v: T) => onChange(values.includes(v) ? values.filter((x) => x !== v) : [...values, v]);
  return (
    <fieldset class="choice tiles checks">
      <legend class={hideLegend ? "unseen" : undefined}>{legend}</legend>
      <div>
        {options.map((o) => (
          <label key={o.value}>
            <input type="checkbox" checked={values.includes(o.value)} onChange={() => turn(o.value)} />
            <span>{o.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
