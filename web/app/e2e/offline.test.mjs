import https from "node:https";

import { afterEach, expect, it } from "vitest";

import { administrator, furnish, secondClient } from "./home.mjs";
import { name, openBrowser, openPage, password, startServer } from "./stage.mjs";

const opened = [];

/** A furnished home, and a tablet on which Kim is signed in and the page is kept. */
async function stage({ change } = {}) {
  const server = await startServer();
  opened.push(() => server.stop());
  const before = change && (await between(server, change));
  if (before) opened.push(() => before.close());
  const admin = await administrator(server);
  opened.push(() => admin.close());
  const home = await furnish(server, admin);
  const browser = await openBrowser();
  opened.push(() => browser.close());
  const page = await openPage(browser, before ?? server);
  await readable(page);
  await page.reload();
  await signIn(page);
  await prepared(page);
  return { server, admin, home, browser, page };
}

afterEach(async () => {
  while (opened.length) await opened.pop()();
});

/** A server before the server that changes what it answers: the browser lets no test do that with a worker's script. */
async function between(server, change) {
  const keys = server.certificate();
  const gate = https.createServer(keys, (q, a) => {
    const headers = { ...q.headers, host: new URL(server.url).host, "accept-encoding": "identity" };
    if (headers.origin) headers.origin = server.url;
    delete headers["if-none-match"];
    const on = https.request(`${server.url}${q.url}`, { method: q.method, headers, rejectUnauthorized: false }, (r) => {
      const parts = [];
      r.on("data", (b) => parts.push(b));
      r.on("end", () => {
        const body = Buffer.concat(parts);
        const text = String(r.headers["content-type"]).includes("javascript") ? Buffer.from(change(q.url, body.toString())) : body;
        const out = { ...r.headers, "content-length": text.length };
        delete out["transfer-encoding"];
        a.writeHead(r.statusCode, out).end(text);
      });
    });
    on.on("error", () => a.destroy());
    q.pipe(on);
  });
  await new Promise((done) => gate.listen(0, "127.0.0.1", done));
  return {
    url: `https://127.0.0.1:${gate.address().port}`,
    close: () => new Promise((done) => {
      gate.close(done);
      gate.closeAllConnections();
    }),
  };
}

async function signIn(page, who = name) {
  await page.getByLabel("Name").fill(who);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("link", { name: /Round/ }).first().waitFor();
}

/** Waits until something that is asked of the page is so. (page.waitForFunction takes a promise for a yes.) */
const until = (page, ask, timeout = 20_000) => expect.poll(() => page.evaluate(ask), { timeout, interval: 150 }).toBe(true);

/** Waits until the page and the records that work without the network needs are on the tablet. */
async function prepared(page) {
  await until(page, () => window.navigator.serviceWorker.controller !== null);
  await until(page, async () => {
    const rows = await window.rows("answers");
    return ["due", "residents", "scales", "regions", "me"].every((n) => rows.some((r) => r.path.startsWith(n)));
  });
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

it("says that the camera needs the server before it asks for the camera", { timeout: 90_000 }, async () => {
  const { server, home, page } = await stage();
  await page.evaluate(() => {
    const { mediaDevices } = window.navigator;
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    window.asked = 0;
    mediaDevices.getUserMedia = (wanted) => (window.asked++, open(wanted));
  });
  await server.kill();
  // As from the round: with all chosen, the camera would open by itself.
  await page.evaluate((id) => (window.location.hash = `#/capture/${id}?due=x&condition=movement&scale=abbey`), home.people.dora.id);
  await page.getByRole("status").filter({ hasText: "The camera needs the server" }).waitFor();
  expect(await page.getByRole("button", { name: "Start the camera" }).count()).toBe(0);
  await page.getByRole("button", { name: "Try again" }).click(); // it still does not answer
  await page.getByRole("status").filter({ hasText: "The camera needs the server" }).waitFor();
  expect(await page.evaluate(() => window.asked)).toBe(0);

  // The server answers again: the camera may be started.
  await server.again();
  await page.getByRole("button", { name: "Start the camera" }).waitFor({ timeout: 30_000 });
  expect(await page.getByText("The camera needs the server").count()).toBe(0);

  await server.kill();
  await page.evaluate((id) => (window.location.hash = `#/r/${id}`), home.people.dora.id);
  await page.evaluate((id) => (window.location.hash = `#/capture/${id}?condition=movement&scale=abbey`), home.people.dora.id);
  await page.getByRole("status").filter({ hasText: "The camera needs the server" }).waitFor();
  await page.getByRole("link", { name: "Assess without the camera" }).click();
  await page.getByText("Assessment without the camera").first().waitFor();
  expect(await page.getByLabel("During or just after movement").isChecked()).toBe(true);
  expect(await page.getByLabel("Remarks").inputValue()).toContain("the server was not reached");
  expect(await page.evaluate(() => window.asked)).toBe(0);
});

it("destroys the records at sign-out, also without the server, and then shows nobody's", { timeout: 60_000 }, async () => {
  const { server, page } = await stage();
  expect((await page.evaluate(() => window.rows("answers"))).length).toBeGreaterThan(2);
  await server.kill();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await until(page, async () => (await window.rows("answers")).length + (await window.rows("signin")).length === 0);
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
  await until(page, async () => (await window.rows("answers")).length + (await window.rows("signin")).length === 0);
});

/** Assesses a resident by watching, with the same option for each item of PAINAD, and confirms: two entries more that wait. */
async function watch(page, resident, option) {
  const before = await page.evaluate(async () => (await window.rows("queue")).length);
  await fillIn(page, resident, option);
  await page.getByText("Kept on this tablet").first().waitFor();
  await expect.poll(() => page.evaluate(async () => (await window.rows("queue")).length), { timeout: 20_000 }).toBe(before + 2);
}

async function fillIn(page, resident, option) {
  await page.evaluate((a) => (window.location.hash = a), `#/observe/${resident}?condition=rest&scale=painad&due=${Math.random()}`);
  const items = page.locator("fieldset.item");
  await items.first().waitFor();
  for (let i = 0; i < (await items.count()); i++) await items.nth(i).locator("label").nth(option).click();
  await page.getByRole("button", { name: /^Confirm as/ }).click();
}

const records = (page) => page.evaluate(async () => [...new Set((await window.rows("queue")).map((r) => r.record))]);

/** The assessments that the server has of a resident, by id. */
async function onServer(by, resident) {
  const { assessments } = await by.get(`/assessments?resident_id=${resident}&limit=200`);
  return Object.fromEntries(assessments.map((a) => [a.id, a]));
}

it("keeps three assessments without the server, over a reload, and sends each once with its own id", { timeout: 120_000 }, async () => {
  const { server, admin, home, page } = await stage();
  const { bo, greta, henk } = home.people;
  await page.evaluate(() => (window.location.hash = `#/observe/x`)); // the screen's part of the program is there, kept or not
  await until(page, () => window.performance.getEntriesByType("resource").some((r) => /\/observe-[^/]*\.js$/.test(r.name)));
  await server.kill();
  await watch(page, bo.id, 1);
  await watch(page, greta.id, 2);
  await page.reload();
  await page.getByText(/Offline since/).first().waitFor();
  await page.getByRole("link", { name: "4 entries wait to be sent" }).waitFor();
  await watch(page, henk.id, 0);
  const ids = await records(page);
  expect(ids).toHaveLength(3);
  // What waits cannot be read on the disk, and nobody's score of earlier is shown.
  const kept = await page.evaluate(async () => (await window.rows("queue")).map((r) => new TextDecoder().decode(r.data)).join());
  expect(kept).not.toMatch(/painad|Bo Ash/);
  await page.getByRole("link", { name: "6 entries wait to be sent" }).click();
  await page.getByText("Assessment, Greta Oak").first().waitFor();
  expect(await page.getByText("PAINAD: 10").count()).toBeGreaterThan(0);

  await server.again();
  await page.getByText("Everything was sent.").first().waitFor({ timeout: 40_000 });
  for (const [who, total] of [[bo, 5], [greta, 10], [henk, 0]]) {
    const there = Object.values(await onServer(admin, who.id)).filter((a) => a.status === "final");
    expect(there).toHaveLength(1);
    expect(ids).toContain(there[0].id);
    expect(there[0]).toMatchObject({ total, method: "observer", confirmed_by: { name } });
  }
  expect(await page.evaluate(() => window.rows("queue"))).toEqual([]);
});

it("does an entry once whose answer was lost", { timeout: 90_000 }, async () => {
  const { admin, home, page } = await stage();
  // The server gets both requests; the tablet never hears of the first.
  let lost = 0;
  await page.route("**/api/v1/assessments", async (route) => {
    if (route.request().method() !== "POST" || lost++) return route.continue();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await fillIn(page, home.people.bo.id, 1);
  await expect.poll(() => lost, { timeout: 40_000 }).toBeGreaterThan(1);
  await expect.poll(async () => Object.values(await onServer(admin, home.people.bo.id)).map((a) => a.status), { timeout: 40_000 }).toEqual(["final"]);
  await until(page, async () => (await window.rows("queue")).length === 0, 40_000);
});

it("asks a person where the server refuses, and does what they choose", { timeout: 120_000 }, async () => {
  const { server, home, page } = await stage();
  const { bo, greta } = home.people;
  await page.context().setOffline(true);
  await watch(page, bo.id, 1);
  await watch(page, greta.id, 1);
  const ids = await records(page);
  // Another client has made other assessments with these ids meanwhile.
  const other = await secondClient(server);
  opened.push(() => other.close());
  for (const [id, who] of [[ids[0], bo], [ids[1], greta]]) await other.post("/assessments", { id, resident_id: who.id, condition: "movement", scale: "abbey", method: "observer" });
  await page.context().setOffline(false);

  await page.getByRole("link", { name: "2 entries need your decision" }).click({ timeout: 40_000 });
  await page.getByText("The server said: Another request has this id").first().waitFor();
  const of = (who) => page.locator("li.decision").filter({ hasText: who });
  await of("Bo Ash").getByRole("button", { name: "Keep mine as a new one" }).click();
  await of("Bo Ash").waitFor({ state: "detached" });
  await of("Greta Oak").getByRole("button", { name: "Discard mine" }).click();
  expect(Object.keys(await onServer(other, greta.id))).toContain(ids[1]);
  await page.getByRole("button", { name: "Keep it" }).click();
  await of("Greta Oak").getByRole("button", { name: "Discard mine" }).click();
  await page.getByRole("button", { name: "Discard it" }).click();
  await page.getByText("Everything was sent.").first().waitFor({ timeout: 40_000 });

  const mine = Object.values(await onServer(other, bo.id));
  expect(mine.map((a) => [a.id === ids[0], a.scale.id, a.status]).sort()).toEqual([[false, "painad", "final"], [true, "abbey", "draft"]]);
  const hers = await onServer(other, greta.id);
  expect(Object.values(hers).filter((a) => a.scale?.id === "painad" && a.id !== home.draft.id)).toEqual([]);
});

it("keeps what one person entered for that person, and sends it in nobody else's name", { timeout: 120_000 }, async () => {
  const { server, home, page } = await stage();
  await server.kill();
  await watch(page, home.people.bo.id, 1);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("2 entries were not sent yet").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await page.getByText("2 entries of other people wait").waitFor();
  await server.again();
  await page.reload();
  await signIn(page, "Carl Carer");
  await page.getByRole("link", { name: /2 entries of other people wait/ }).click();
  await page.getByRole("heading", { name: "Other people's" }).waitFor();
  expect(await page.getByText("Bo Ash").count()).toBe(0);
  const by = await secondClient(server);
  opened.push(() => by.close());
  expect(await onServer(by, home.people.bo.id)).toEqual({});
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await signIn(page);
  await until(page, async () => (await window.rows("queue")).length === 0, 40_000);
  const [there] = Object.values(await onServer(by, home.people.bo.id));
  expect(there).toMatchObject({ status: "final", confirmed_by: { name } });
});

it("takes a new version when somebody lets it in, and never in the middle of an assessment", { timeout: 120_000 }, async () => {
  let newer = false;
  const { home, page } = await stage({ change: (path, body) => (newer && path === "/sw.js" ? body.replace(/(version:[`"'])[0-9a-f]+/, "$1newer") : body) });
  await page.evaluate((id) => (window.location.hash = `#/observe/${id}`), home.people.bo.id);
  await page.locator("fieldset.item").first().waitFor();
  newer = true;
  await page.evaluate(async () => void (await (await window.navigator.serviceWorker.getRegistration()).update()));
  await until(page, async () => (await window.navigator.serviceWorker.getRegistration()).waiting !== null);
  expect(await page.getByText("A new version of Wince is ready.").count()).toBe(0);
  // Not even when something asks for it behind the page's back.
  const said = await page.evaluate(async () => {
    const { waiting } = await window.navigator.serviceWorker.getRegistration();
    const channel = new window.MessageChannel();
    return new Promise((done) => {
      channel.port1.onmessage = (m) => done(m.data);
      waiting.postMessage("activate", [channel.port2]);
    });
  });
  expect(said).toBe("busy");
  expect(await page.evaluate(() => window.caches.keys())).toHaveLength(2);

  await page.evaluate(() => (window.location.hash = "#/"));
  await page.getByText("A new version of Wince is ready.").waitFor();
  const loaded = page.waitForEvent("load");
  await page.getByRole("button", { name: "Use it now" }).click();
  await loaded;
  await page.getByRole("heading", { name: "Round" }).first().waitFor();
  await expect.poll(() => page.evaluate(() => window.caches.keys()), { timeout: 20_000 }).toEqual(["wince-page-newer"]);
});
