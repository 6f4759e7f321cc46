import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { account, expired, me } from "./api/account";
import { codeOf } from "./api/request";
import { left } from "./capture/left";
import { t } from "./i18n";
import { resume, settle } from "./offline/desk";
import { Begun, Unsent, Update, Waits } from "./offline/status";
import { inUse } from "./offline/update";
import { Announcer } from "./parts/announce";
import { Button, LinkButton } from "./parts/button";
import { EmptyState, Page, Skeleton } from "./parts/page";
import { Trouble } from "./parts/trouble";
import { route } from "./route";
import { assessing, find, type Params, type Screen, screens } from "./screens";
import { Reminders } from "./screens/reminders";
import { SignIn, SignInAgain } from "./screens/signin";
import { Bar, Connection, Rail } from "./shell";
import { loadSites } from "./site";

const known = new Map<string, Screen>(); // screens that were loaded already

/** Loads a screen's part of the program and shows it. */
function Lazy({ at, load, params }: { at: string; load: () => Promise<Screen>; params: Params }) {
  const loaded = useSignal<Screen | null>(known.get(at) ?? null);
  const wrong = useSignal(false);
  const fetch = () => {
    const here = known.get(at); // fetchSoon may have got it since this was first drawn
    if (here) {
      loaded.value = here;
      return;
    }
    wrong.value = false;
    load().then(
      (s) => {
        known.set(at, s);
        loaded.value = s;
      },
      () => (wrong.value = true),
    );
  };
  useEffect(fetch, [at]);
  const Found = loaded.value;
  if (Found) return <Found params={params} />;
  if (!wrong.value) return <Skeleton />;
  return (
    <Trouble said={t("shell.part")}>
      <Button icon="again" onClick={fetch}>
        {t("shell.again")}
      </Button>
    </Trouble>
  );
}

/** Fetches what will be wanted next while there is nothing else to do, one after the other. */
async function fetchSoon() {
  for (const s of screens) {
    if (!s.soon || known.has(s.at) || (s.may && !s.may())) continue;
    await new Promise((go) => ("requestIdleCallback" in window ? window.requestIdleCallback(go, { timeout: 5000 }) : setTimeout(go, 500)));
    try {
      known.set(s.at, await s.load());
    } catch {
      return; // without the network there is no sense in more
    }
  }
}

function NotFound() {
  return (
    <Page title={t("shell.notFound")}>
      <EmptyState icon="search" title={t("shell.notFoundSaid")}>
        <LinkButton href="#/" kind="main">
          {t("shell.toRound")}
        </LinkButton>
      </EmptyState>
    </Page>
  );
}

function Content() {
  const { path } = route.value;
  const found = find(path);
  if (found?.row.open && (!me.value || path[0] === "invited")) return <Lazy at={found.row.at} key={path.join("/")} load={found.row.load} params={found.params} />;
  if (!me.value) return <SignIn />;
  if (found?.row.may && !found.row.may()) return <NotFound />;
  // An address that somebody mistyped, or that is done with, opens the first screen.
  const { row, params } = !found || found.row.open ? { row: screens[0], params: {} } : found;
  return <Lazy at={row.at} key={`${me.value.id} ${path.join("/")}`} load={row.load} params={params} />;
}

export function App() {
  const wrong = useSignal("");
  const ask = () => {
    wrong.value = "";
    const whoAmI = async () => {
      try {
        await settle();
        await account.whoAmI();
      } catch (e) {
        if (codeOf(e) !== "server_gone") me.value = null;
        else if (!(await resume())) wrong.value = t("errors.serverGone");
      }
    };
    void whoAmI();
  };
  useEffect(ask, []);
  const inside = !!me.value;
  const who = me.value?.id;
  useEffect(() => {
    if (!who) return;
    void loadSites().catch(() => undefined);
    const later = window.setTimeout(() => {
      void left();
      void fetchSoon();
    }, 2000); // the first screen comes first
    return () => clearTimeout(later);
  }, [who]);
  // A keyboard or a screen reader goes on from the new screen, not from the page's top; the first screen takes no focus.
  const main = useRef<HTMLElement>(null);
  const place = route.value.path.join("/");
  const seen = useRef(place);
  useEffect(() => {
    if (seen.current !== place) main.current?.focus({ preventScroll: true });
    seen.current = place;
  }, [place]);
  const busy = inside && assessing(route.value.path);
  useEffect(() => inUse(busy), [busy]);
  return (
    <div class={inside ? "app inside" : "app outside"}>
      <a
        class="skip"
        href="#main"
        onClick={(e) => {
          e.preventDefault(); // the hash is the address
          main.current?.focus();
        }}
      >
        {t("shell.skip")}
      </a>
      {inside && <Bar />}
      {inside && <Rail />}
      <div class="page">
        <Connection />
        <Unsent />
        <Update assessing={busy} />
        {inside && !busy && <Begun />}
        {inside && <Reminders quiet={busy} />}
        {inside && <Waits />}
        <main ref={main} id="main" tabIndex={-1}>
          <Trouble said={wrong.value}>
            <Button icon="again" onClick={ask}>
              {t("shell.again")}
            </Button>
          </Trouble>
          {me.value === undefined ? !wrong.value && <Skeleton /> : <Content />}
        </main>
        <footer>{t("shell.notADevice")}</footer>
      </div>
      {expired.value && <SignInAgain />}
      <Announcer />
    </div>
  );
}
