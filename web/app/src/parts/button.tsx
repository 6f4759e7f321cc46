import type { ComponentChildren } from "preact";

import { Icon, type IconName } from "./icon";

interface Look {
  kind?: "main" | "plain" | "quiet" | "careful";
  icon?: IconName | undefined;
  /** Only the sign is drawn; the words are there for screen readers. */
  bare?: boolean;
  wide?: boolean;
  large?: boolean;
  children: ComponentChildren;
}

function look({ kind = "plain", bare = false, wide = false, large = false }: Look) {
  return ["button", kind, bare && "bare", wide && "wide", large && "large"].filter(Boolean).join(" ");
}

function Inside({ icon, bare = false, children }: Look) {
  return (
    <>
      {icon && <Icon name={icon} />}
      <span class={bare ? "unseen" : "words"}>{children}</span>
    </>
  );
}

type ButtonProps = Look & {
  type?: "button" | "submit";
  /** Something is under way: the button waits, and keeps the focus. */
  busy?: boolean;
  disabled?: boolean;
  onClick?: (e: MouseEvent) => void;
  pressed?: boolean | undefined;
  expanded?: boolean | undefined;
  controls?: string | undefined;
  describedBy?: string | undefined;
};

export function Button(p: ButtonProps) {
  const { type = p.onClick ? "button" : "submit", busy = false, disabled = false } = p;
  const click = (e: MouseEvent) => {
    if (busy) e.preventDefault();
    else p.onClick?.(e);
  };
  return (
    <button
      type={type}
      class={look(p)}
      disabled={disabled}
      aria-disabled={busy || undefined}
      aria-pressed={p.pressed}
      aria-expanded={p.expanded}
      aria-controls={p.controls}
      aria-describedby={p.describedBy}
      onClick={click}
    >
      <Inside {...p} />
    </button>
  );
}

export function LinkButton(p: Look & { href: string }) {
  return (
    <a class={look(p)} href={p.href}>
      <Inside {...p} />
    </a>
  );
}
