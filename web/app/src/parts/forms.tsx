import type { ComponentChildren } from "preact";

/** A sentence about something that went wrong; read out at once. */
export function Trouble({ said, children }: { said: string; children?: ComponentChildren }) {
  if (!said) return null;
  return (
    <div class="trouble" role="alert">
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M12 3 22 21H2Z M12 10v5 M12 18v.5" />
      </svg>
      <div>
        <p>{said}</p>
        {children}
      </div>
    </div>
  );
}

interface FieldProps {
  label: string;
  name: string;
  type?: "text" | "password";
  hint?: string;
  autocomplete?: string;
  required?: boolean;
  maxLength?: number;
  wrong?: boolean;
}

/** A labelled line of text. */
export function Field({ label, name, type = "text", hint, autocomplete = "off", required = false, maxLength = 120, wrong = false }: FieldProps) {
  const common = { id: name, name, required, maxLength, "aria-invalid": wrong, "aria-describedby": hint ? `${name}-hint` : undefined };
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {type === "password" ? (
        <input type="password" autocomplete={autocomplete} {...common} />
      ) : (
        <input type="text" autocomplete={autocomplete} {...common} />
      )}
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  legend: string;
  name: string;
  options: readonly { value: T; label: string; hint?: string }[];
  value: T | null;
  onChange: (v: T) => void;
}

/** One of a few, as large radio buttons. */
export function Choice<T extends string>({ legend, name, options, value, onChange }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      <div>
        {options.map((o) => (
          <label key={o.value}>
            <input type="radio" name={name} value={o.value} checked={value === o.value} onChange={() => onChange(o.value)} />
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

/** Reads the texts of a submitted form. */
export function values(e: Event): Record<string, string> {
  e.preventDefault();
  const out: Record<string, string> = {};
  new FormData(e.currentTarget as HTMLFormElement).forEach((v, k) => {
    if (typeof v === "string") out[k] = v;
  });
  return out;
}
