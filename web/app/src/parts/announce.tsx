import { signal } from "@preact/signals";

const said = signal("");
const shown = signal<{ text: string; id: number } | null>(null);
let count = 0;
let hide = 0;

/** Lets a screen reader say something when it has finished what it is saying. For changes that matter, not for every frame. */
export function announce(text: string) {
  said.value = said.peek() === text ? `${text}\u00a0` : text; // the same words again are a change too
}

/** Shows a short sentence for a while, and says it: what was done, never what went wrong. */
export function toast(text: string) {
  announce(text);
  shown.value = { text, id: ++count };
  clearTimeout(hide);
  hide = window.setTimeout(() => (shown.value = null), 6000);
}

/** The one live region of the page; it must be there before anything is said. */
export function Announcer() {
  return (
    <>
      <p class="unseen" role="status" aria-live="polite">
        {said.value}
      </p>
      {shown.value && (
        <p class="toast" key={shown.value.id} aria-hidden="true">
          {shown.value.text}
        </p>
      )}
    </>
  );
}
