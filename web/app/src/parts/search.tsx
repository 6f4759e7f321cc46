import { useId } from "preact/hooks";

import { Icon } from "./icon";

/** Narrows a list while one types. */
export function Search({ label, value, onInput }: { label: string; value: string; onInput: (s: string) => void }) {
  const id = useId();
  return (
    <div class="search" role="search">
      <label class="unseen" for={id}>
        {label}
      </label>
      <Icon name="search" size={22} />
      <input id={id} type="search" placeholder={label} value={value} autocomplete="off" enterkeyhint="search" onInput={(e) => onInput(e.currentTarget.value)} />
    </div>
  );
}
