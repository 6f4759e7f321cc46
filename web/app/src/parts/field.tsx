import { useId } from "preact/hooks";

interface Common {
  label: string;
  name: string;
  hint?: string;
  required?: boolean;
  maxLength?: number;
  wrong?: boolean;
}

interface FieldProps extends Common {
  type?: "text" | "password" | "date" | "time" | "datetime-local" | "number" | "search";
  autocomplete?: string;
  inputMode?: "text" | "numeric" | "search";
  value?: string;
  min?: string | number;
  max?: string | number;
  onInput?: (value: string) => void;
}

/** A labelled line of text. */
export function Field({ label, name, hint, type = "text", autocomplete = "off", required = false, maxLength = 120, wrong = false, value, onInput, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        {...({ type } as { type: "text" })}
        autocomplete={autocomplete}
        required={required}
        maxLength={maxLength}
        aria-invalid={wrong}
        aria-describedby={hint ? `${id}-hint` : undefined}
        value={value}
        onInput={onInput && ((e) => onInput(e.currentTarget.value))}
        {...rest}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** A labelled field for several lines. */
export function TextArea({ label, name, hint, required = false, maxLength = 2000, wrong = false, value, onInput, rows = 4 }: Common & { value?: string; onInput?: (value: string) => void; rows?: number }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <textarea id={id} name={name} rows={rows} required={required} maxLength={maxLength} aria-invalid={wrong} aria-describedby={hint ? `${id}-hint` : undefined} value={value} onInput={onInput && ((e) => onInput(e.currentTarget.value))} />
    </div>
  );
}

/** A labelled list to choose one from. */
export function Select({ label, name, hint, options, value, onChange }: Common & { options: readonly { value: string; label: string }[]; value: string; onChange?: (value: string) => void }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} name={name} value={value} aria-describedby={hint ? `${id}-hint` : undefined} onChange={onChange && ((e) => onChange(e.currentTarget.value))}>
        {options.map((o) => (
          <option key={o.value} value={o.value} selected={o.value === value}>
            {o.label}
          </option>
        ))}
      </select>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Reads the texts of a submitted form. */
export function values(e: Event): Record<string, string> {
  e.preventDefault();
  const out: Record<string, string> = {};
  new FormData(e.currentTarget as HTMLFormElement).forEach((v, k) => {
    if (typeof v === "string") out[k] = v;
  });
  return out;
}
