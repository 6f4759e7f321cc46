interface PillsProps {
  label: string;
  options: readonly { value: string; label: string }[];
  value: string;
  onChange: (value: string) => void;
}

/** A row of buttons to narrow a list with, one of which is pressed. */
export function Pills({ label, options, value, onChange }: PillsProps) {
  return (
    <div class="pills" role="group" aria-label={label}>
      {options.map((o) => (
        <button key={o.value} type="button" class="pill" aria-pressed={o.value === value} onClick={() => onChange(o.value)}>
          {o.label}
        </button>
      ))}
    </div>
  );
}
