import { useEffect } from "preact/hooks";

import { me } from "./api/account";
import { connection } from "./api/request";
import { t } from "./i18n";
import { clock } from "./i18n/format";
import { asOf } from "./offline/source";
import { SignOut } from "./offline/status";
import { announce } from "./parts/announce";
import { Icon } from "./parts/icon";
import { route, to } from "./route";
import { menu } from "./screens";
import { chooseSite, site, sites } from "./site";

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = (word: string | undefined) => String.fromCodePoint(word?.codePointAt(0) ?? 32);
  return words.length > 1 ? first(words[0]) + first(words[words.length - 1]) : first(words[0]);
}

/** The top of the page: what this is, which home, and who is at work. */
export function Bar() {
  const who = me.value;
  return (
    <header class="topbar">
      <a class="brand" href="#/">
        <img src="/favicon.svg" alt="" width="32" height="32" />
        <span>{t("shell.product")}</span>
      </a>
      {sites.value.length > 1 && (
        <label class="site">
          <span class="unseen">{t("shell.site")}</span>
          <Icon name="home" size={20} />
          <select value={site.value ?? ""} onChange={(e) => chooseSite(e.currentTarget.value)}>
            {sites.value.map((s) => (
              <option key={s.id} value={s.id} selected={s.id === site.value}>
                {s.name}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="bar-end">
        <a class="who" href={to("me")} aria-current={route.value.path[0] === "me" ? "page" : undefined}>
          <span class="initials" aria-hidden="true">
            {initials(who?.name ?? "")}
          </span>
          <span class="who-name">{who?.name}</span>
          <span class="unseen">{t("shell.account")}</span>
        </a>
        <SignOut />
      </div>
    </header>
  );
}

/** The main menu: at the bottom in the thumb's reach where the page is upright, at its side where it lies. */
export function Rail() {
  const [first = ""] = route.value.path;
  return (
    <nav class="rail" aria-label={t("shell.menu")}>
      <ul>
        {menu
          .filter((e) => !e.may || e.may())
          .map((e) => (
            <li key={e.at}>
              <a href={`#/${e.at}`} aria-current={e.holds.includes(first) ? "page" : undefined}>
                <Icon name={e.icon} />
                <span>{t(e.label)}</span>
              </a>
            </li>
          ))}
      </ul>
    </nav>
  );
}

/** Says that nothing here is fresh, and since when. */
export function Connection() {
  const c = connection.value;
  const said = (since: number) => (asOf.value === null ? t("offline.since", { at: clock(since) }) : t("offline.sinceAsOf", { at: clock(since), then: clock(asOf.value) }));
  useEffect(() => {
    if (c.fresh) return;
    announce(said(c.since));
    return () => announce(t("shell.staleNow"));
  }, [c.fresh]);
  if (c.fresh) return null;
  return (
    <p class="stale">
      <Icon name="offline" size={20} />
      <span>{said(c.since)}</span>
    </p>
  );
}
