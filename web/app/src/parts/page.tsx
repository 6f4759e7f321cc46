import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

import { t } from "../i18n";
import { Icon, type IconName } from "./icon";

interface PageProps {
  title: string;
  /** A quiet line below the title. */
  lead?: ComponentChildren;
  back?: { href: string; to: string };
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A screen: its title, the way back, what can be done, and the rest. */
export function Page({ title, lead, back, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · ${t("shell.product")}`;
  }, [title]);
  return (
    <>
      <header class="heading">
        {back && (
          <a class="button quiet bare back" href={back.href}>
            <Icon name="back" />
            <span class="unseen">{t("shell.back", { to: back.to })}</span>
          </a>
        )}
        <div class="title">
          <h1>{title}</h1>
          {lead && <p class="quiet">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

/** Nothing is there: why, and what to do about it. */
export function EmptyState({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} size={48} />
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** What stands where something is being loaded. */
export function Skeleton({ rows = 4 }: { rows?: number }) {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">{t("shell.loading")}</span>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} aria-hidden="true" />
      ))}
    </div>
  );
}

export type Tone = "plain" | "accent" | "good" | "care" | "quiet";

/** A state in a word with a sign of its own shape; the colour only helps. */
export function Badge({ icon, tone = "plain", children }: { icon: IconName; tone?: Tone; children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      <Icon name={icon} size={18} />
      <span>{children}</span>
    </span>
  );
}
