import type { ComponentChildren } from "preact";

interface TableProps {
  caption: string;
  hideCaption?: boolean;
  /** Off where the table is not shown: nothing that cannot be seen takes the focus. */
  focusable?: boolean;
  head: readonly string[];
  /** The first cell of a row names it. */
  rows: readonly (readonly ComponentChildren[])[];
}

/** A table that scrolls by itself where it is too wide, also by keyboard. */
export function Table({ caption, hideCaption = false, focusable = true, head, rows }: TableProps) {
  return (
    <div {...(focusable ? { class: "table", role: "region" as const, "aria-label": caption, tabIndex: 0 } : {})}>
      <table>
        <caption class={hideCaption ? "unseen" : undefined}>{caption}</caption>
        <thead>
          <tr>
            {head.map((h) => (
              <th key={h} scope="col">
                {h}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((r, i) => (
            <tr key={i}>{r.map((c, j) => (j === 0 ? <th scope="row">{c}</th> : <td>{c}</td>))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
