// What is begun, and what is entered without the network, is not lost: forms over a reload, relief in the queue, drafts.
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";

import { administrator, furnish, hire, secondClient } from "./home.mjs";
import { show } from "./checks.mjs";
import { axeInBoth, openBrowser, openPage, password, startServer } from "./stage.mjs";

let server, admin, home, browser, page;

beforeAll(async () => {
  server = await startServer();
  admin = await administrator(server);
  home = await furnish(server, admin);
  await hire(server, admin, "Ina Carer", "carer");
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await admin?.close();
  expect(await server?.stop()).toBe(0);
});

beforeEach(async () => {
  page = await openPage(browser, server, { viewport: { width: 768, height: 1024 } });
  await page.context().addInitScript(() => {
    window.rows = (store) =>
      new Promise((done, fail) => {
        const asked = indexedDB.open("wince", 1);
        asked.onerror = () => fail(asked.error);
        asked.onsuccess = () => {
          const all = asked.result.transaction(store).objectStore(store).getAll();
          all.onsuccess = () => (asked.result.close(), done(all.result));
        };
      });
  });
  await page.reload();
  await signIn();
  await until(async () => {
    const rows = await window.rows("answers");
    return ["due", "residents", "scales", "regions", "measures", "me"].every((n) => rows.some((r) => r.path.startsWith(n)));
  });
});
afterEach(async () => {
  expect(page.problems.filter((p) => !p.includes("ERR_INTERNET_DISCONNECTED"))).toEqual([]);
  await page.context().close();
});

async function signIn() {
  await page.getByLabel("Name").fill("Ina Carer");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator(".rail").waitFor();
}

const until = (ask, timeout = 20_000) => expect.poll(() => page.evaluate(ask), { timeout, interval: 100 }).toBe(true);
const option = (item, at) => page.locator("fieldset.item").nth(item).locator("label").nth(at);
const open = (address) => page.evaluate((a) => (window.location.hash = a), `#/${address}`);
const reliefs = async (id) => (await admin.get(`/residents/${id}/reliefs`)).reliefs;

it("keeps a form that was begun over a reload, sealed, until it is saved or its maker signs out", { timeout: 60_000 }, async () => {
  const { bo, greta } = home.people;
  await open(`observe/${bo.id}?condition=rest&scale=painad`);
  await option(0, 2).click();
  await option(1, 1).click();
  await page.getByLabel("Remarks").fill("holds the left hip");
  await open(`relief/${greta.id}`);
  await page.getByLabel("Cold").check();
  await page.getByLabel("30 min ago").check();
  // A notice that somebody taps does not take a half-filled form away.
  await page.evaluate(() => window.navigator.serviceWorker.dispatchEvent(new window.MessageEvent("message", { data: "round" })));
  expect(await page.evaluate(() => location.hash)).toContain("relief/");
  await until(async () => (await window.rows("answers")).filter((r) => r.path.startsWith("draft ")).length === 2);
  const kept = await page.evaluate(async () => (await window.rows("answers")).map((r) => new TextDecoder().decode(r.data)).join() + JSON.stringify({ ...window.sessionStorage, ...window.localStorage }));
  expect(kept).not.toMatch(/left hip|Bo Ash|cold/);

  await page.reload();
  await page.getByText(/You began this at .* still here/).waitFor();
  expect(await page.getByLabel("Cold").isChecked()).toBe(true);
  expect(await page.getByLabel("30 min ago").isChecked()).toBe(true);
  await open("");
  await page.getByRole("link", { name: "2 entries are begun and not saved" }).click();
  await page.getByRole("listitem").filter({ hasText: "Assessment, Bo Ash" }).getByRole("link", { name: "Go on" }).click();
  await page.getByText(/You began this at/).waitFor();
  expect(await option(0, 2).getByRole("radio").isChecked()).toBe(true);
  expect(await page.getByLabel("At rest").isChecked()).toBe(true);
  expect(await page.getByLabel("Remarks").inputValue()).toBe("holds the left hip");
  expect(await axeInBoth(page)).toEqual([]);
  for (let i = 0; i < 5; i++) await option(i, 1).click();
  await page.getByRole("button", { name: /Confirm as/ }).click();
  await page.getByText("Confirmed by Ina Carer").waitFor();

  // What is saved is begun no more; the other form says what becomes of it at sign-out.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("1 entry is begun and not saved. It is gone for good").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await until(async () => (await window.rows("answers")).length === 0);
  await signIn();
  await show(page, `relief/${greta.id}`);
  expect(await page.getByLabel("Cold").isChecked()).toBe(false);
  expect(await page.getByText(/begun/).count()).toBe(0);
});

it("records relief without the network, sends it once, and asks where another one has its id", { timeout: 60_000 }, async () => {
  const { bo, greta } = home.people;
  const before = (await reliefs(greta.id)).length;
  await page.context().setOffline(true);
  for (const [who, measure] of [[bo, "Cold"], [greta, "Warmth"]]) {
    await open(`relief/${who.id}`);
    await page.getByText("What you save is kept on this tablet").or(page.getByLabel(measure)).first().waitFor();
    await page.getByLabel(measure).check();
    await page.getByLabel("15 min ago").check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: `Kept on this tablet: ${measure}` }).waitFor();
  }
  expect(await axeInBoth(page)).toEqual([]);
  await page.getByRole("link", { name: "2 entries wait to be sent" }).click();
  await page.getByText("Relief, Bo Ash").waitFor();
  const rows = await page.evaluate(async () => (await window.rows("queue")).map((r) => r.id));
  // Another client has recorded something else with the second id meanwhile.
  const other = await secondClient(server);
  await other.post(`/residents/${greta.id}/reliefs`, { id: rows[1], measures: ["cold"], remarks: "another one" });
  await other.close();
  await page.context().setOffline(false);
  await page.getByRole("link", { name: "1 entry needs your decision" }).waitFor({ timeout: 40_000 });
  await page.locator("li.decision").filter({ hasText: "Relief, Greta Oak" }).getByRole("button", { name: "Keep mine as a new one" }).click();
  await page.getByText("Everything was sent.").first().waitFor({ timeout: 40_000 });

  const [his] = await reliefs(bo.id);
  expect(his).toMatchObject({ id: rows[0], measures: ["cold"], recorded_by: { name: "Ina Carer" } });
  expect(Date.parse(his.recorded_at) - Date.parse(his.given_at)).toBeGreaterThan(14 * 60_000);
  const hers = await reliefs(greta.id);
  expect(hers).toHaveLength(before + 2);
  expect(hers.filter((r) => r.measures.includes("warmth")).map((r) => r.id === rows[1])).toEqual([false]);
});

it("goes on with what was saved for later before it could be sent, and gives relief for it", { timeout: 60_000 }, async () => {
  const { henk } = home.people;
  await page.context().setOffline(true);
  await open(`observe/${henk.id}?condition=rest&scale=painad`);
  await option(0, 2).click();
  await page.getByRole("button", { name: "Save for later" }).click();
  await page.getByRole("link", { name: "1 entry waits to be sent" }).click();
  await page.getByRole("link", { name: "Go on" }).click();
  await page.getByText("Kept on this tablet.").first().waitFor();
  expect(await option(0, 2).getByRole("radio").isChecked()).toBe(true);
  for (let i = 1; i < 5; i++) await option(i, 1).click();
  await page.getByRole("button", { name: /Confirm as/ }).click();
  await page.getByRole("link", { name: /entries wait to be sent/ }).waitFor();
  await open(`relief/${henk.id}`);
  await page.getByLabel("Cold").check();
  expect(await page.getByLabel("Because of which assessment?").inputValue()).not.toBe("");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Kept on this tablet: Cold" }).waitFor();
  await page.context().setOffline(false);
  await until(async () => (await window.rows("queue")).length === 0, 40_000);
  const { assessments } = await admin.get(`/assessments?resident_id=${henk.id}`);
  expect(assessments).toHaveLength(1);
  expect(assessments[0]).toMatchObject({ status: "final", total: 6, confirmed_by: { name: "Ina Carer" } });
  expect(await reliefs(henk.id)).toMatchObject([{ assessment_id: assessments[0].id, scale: "painad" }]);
});
