import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** A part of a page: its title, what can be done in it, and the rest. */
export function Card({ title, actions, children, class: more = "" }: { title: string; actions?: ComponentChildren; children: ComponentChildren; class?: string }) {
  const id = useId();
  return (
    <section class={`card part ${more}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {actions && <div class="part-actions no-print">{actions}</div>}
      </header>
      {children}
    </section>
  );
}
