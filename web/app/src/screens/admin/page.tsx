import type { ComponentChildren } from "preact";

import { is, method } from "../../api/account";
import { t } from "../../i18n";
import { Icon, type IconName } from "../../parts/icon";
import { Page } from "../../parts/page";
import { Note } from "../../parts/trouble";
import { to } from "../../route";

/** A page of the settings: the way back to all of them, and a word where a PIN does not open them. */
export function AdminPage({ title, lead, actions, children }: { title: string; lead?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren }) {
  return (
    <Page title={title} {...(lead ? { lead } : {})} back={{ href: to("admin"), to: t("admin.title") }} actions={method.value === "pin" ? null : actions}>
      {method.value === "pin" && (
        <Note>
          <p>{t("admin.noPIN")}</p>
        </Note>
      )}
      {children}
    </Page>
  );
}

function Entry({ at, icon, title, children }: { at: string; icon: IconName; title: string; children: ComponentChildren }) {
  return (
    <li>
      <a class="card setting" href={to("admin", at)}>
        <Icon name={icon} size={32} />
        <span>
          <strong>{title}</strong>
          <span class="quiet">{children}</span>
        </span>
        <Icon name="next" />
      </a>
    </li>
  );
}

/** All that can be set, each on a page of its own. */
export function Admin() {
  return (
    <Page title={t("admin.title")} lead={t("admin.lead")}>
      <ul class="bare-list settings">
        <Entry at="people" icon="people" title={t("admin.people")}>
          {t("admin.peopleLead")}
        </Entry>
        <Entry at="tablets" icon="tablet" title={t("admin.tablets")}>
          {t("admin.tabletsLead")}
        </Entry>
        <Entry at="scales" icon="list" title={t("admin.scales")}>
          {t("admin.scalesLead")}
        </Entry>
        <Entry at="rounds" icon="clock" title={t("admin.rounds")}>
          {t("admin.roundsLead")}
        </Entry>
        {is("admin") && (
          <>
            <Entry at="homes" icon="home" title={t("admin.homes")}>
              {t("admin.homesLead")}
            </Entry>
            <Entry at="programs" icon="key" title={t("admin.programs")}>
              {t("admin.programsLead")}
            </Entry>
            <Entry at="system" icon="server" title={t("admin.system")}>
              {t("admin.systemLead")}
            </Entry>
          </>
        )}
      </ul>
    </Page>
  );
}
