import type { Assessment } from "../model";
import { text } from "../strings";

const signs = { draft: "…", preliminary: "○", final: "✓", amended: "✎", entered_in_error: "✕" };

/** How far an assessment has come: a sign and a word, not only a colour. */
export function Status({ of }: { of: Assessment["status"] }) {
  return (
    <span class={`status ${of}`}>
      <span aria-hidden="true">{signs[of]}</span> {text.statuses[of]}
    </span>
  );
}
