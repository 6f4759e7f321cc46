import { afterEach, expect, it } from "vitest";

import { administrator, furnish } from "./home.mjs";
import { name, openBrowser, openPage, password, startServer } from "./stage.mjs";

const opened = [];

/** A furnished home, and a tablet on which Kim is signed in and the page is kept. */
async function stage() {
  const server = await startServer();
  opened.push(() => server.stop());
  const admin = await administrator(server);
  opened.push(() => admin.close());
  const home = await furnish(server, admin);
  const browser = await openBrowser();
  opened.push(() => browser.close());
  const page = await openPage(browser, server);
  await readable(page);
  await page.reload();
  await signIn(page);
  await prepared(page);
  return { server, admin, home, browser, page };
}

afterEach(async () => {
  while (opened.length) await opened.pop()();
});

async function signIn(page, who = name) {
  await page.getByLabel("Name").fill(who);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("link", { name: /Round/ }).first().waitFor();
}

/** Waits until the page and the records that work without the network needs are on the tablet. */
async function prepared(page) {
  await page.waitForFunction(() => window.navigator.serviceWorker.ready.then(() => true));
  await page.waitForFunction(async () => {
    const rows = await window.rows("answers");
    return ["due", "residents", "scales", "me"].every((n) => rows.some((r) => r.path.startsWith(n)));
  }, null, { timeout: 15_000 });
}

/** Lets a page's scripts read the tablet's database. */
async function readable(page) {
  await page.context().addInitScript(() => {
    window.rows = (store) =>
      new Promise((done, fail) => {
        const asked = indexedDB.open("wince", 1);
        asked.onerror = () => fail(asked.error);
        asked.onsuccess = () => {
          const all = asked.result.transaction(store).objectStore(store).getAll();
          all.onsuccess = () => {
            asked.result.close();
            done(all.result);
          };
        };
      });
  });
}

it("can be installed", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  const cdp = await page.context().newCDPSession(page);
  await page.waitForFunction(() => window.navigator.serviceWorker.ready.then((r) => r.active?.state === "activated"));
  const manifest = await cdp.send("Page.getAppManifest");
  expect(manifest.errors).toEqual([]);
  const { installabilityErrors } = await cdp.send("Page.getInstallabilityErrors");
  // A context of a test is a private window, in which nothing can be installed.
  expect(installabilityErrors.map((e) => e.errorId).filter((e) => e !== "in-incognito")).toEqual([]);
});

it("opens without the server, shows the round as it was and says so", { timeout: 60_000 }, async () => {
  const { server, page } = await stage();
  await server.kill();
  await page.reload();
  await page.getByText(/Offline since .* What you see is as it was at/).waitFor();
  await page.getByText("Dora Elm").first().waitFor();
  // Not even the address of an answer is in a cache, and nothing that somebody wrote or is called.
  const caches = await page.evaluate(async () => {
    const found = [];
    for (const name of await window.caches.keys()) {
      const cache = await window.caches.open(name);
      for (const request of await cache.keys()) found.push(`${new URL(request.url).pathname} ${(await (await cache.match(request)).text()).slice(0, 200_000)}`);
    }
    return found;
  });
  expect(caches.length).toBeGreaterThan(10);
  expect(caches.filter((c) => /^\/(api|fhir)/.test(c) || c.includes("Dora"))).toEqual([]);
  const kept = await page.evaluate(async () => JSON.stringify([...(await window.rows("answers")), ...(await window.rows("signin"))].map((r) => ({ ...r, data: r.data && new TextDecoder().decode(r.data) }))) + JSON.stringify(window.localStorage));
  expect(kept).not.toMatch(/Dora|Elm|Kim/);

  await server.again();
  await page.locator(".stale").waitFor({ state: "detached", timeout: 30_000 });
});

it("destroys the records at sign-out, also without the server, and then shows nobody's", { timeout: 60_000 }, async () => {
  const { server, page } = await stage();
  expect((await page.evaluate(() => window.rows("answers"))).length).toBeGreaterThan(2);
  await server.kill();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await page.waitForFunction(async () => (await window.rows("answers")).length + (await window.rows("signin")).length === 0);
  await page.reload();
  await page.getByText("The server does not answer").waitFor();
  expect(await page.getByText("Dora").count()).toBe(0);
  // The cookie is still there. It opens nothing: the sign-out reaches the server first.
  await server.again();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  const me = await page.request.get(`${server.url}/api/v1/me`);
  expect(me.status()).toBe(401);
});

it("destroys the records when the server says that the sign-in is over", { timeout: 60_000 }, async () => {
  const { admin, page } = await stage();
  // The same person changes the password elsewhere, which ends all other sign-ins.
  await admin.put("/me/password", { password, new_password: "other words put together" });
  await page.getByRole("link", { name: "Residents" }).first().click();
  await page.getByText(/Sign in to go on|You were signed out/).first().waitFor();
  await page.waitForFunction(async () => (await window.rows("answers")).length + (await window.rows("signin")).length === 0);
});
