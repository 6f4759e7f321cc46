import { afterAll, beforeAll, expect, it } from "vitest";

import { axeInBoth, furnish, openBrowser, openPage, resize, setUp, startServer } from "./stage.mjs";

let server, browser, page;

beforeAll(async () => {
  server = await startServer();
  browser = await openBrowser();
  page = await openPage(browser, server, { viewport: { width: 768, height: 1024 } });
  await setUp(page, server);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const section = (name) => page.locator("section").filter({ has: page.getByRole("heading", { name }) });

it("says what to do while nothing is planned", { timeout: 60_000 }, async () => {
  await page.getByText("Nothing is planned yet").waitFor();
  expect(await axeInBoth(page)).toEqual([]);
});

it("shows who is due, overdue, later and done, and relief that is to be looked at again", { timeout: 60_000 }, async () => {
  await furnish(page);
  await page.getByRole("button", { name: "Refresh" }).click();
  await section("After relief").getByRole("link", { name: "Ed Linden", exact: true }).waitFor();
  await section("Overdue").getByText("55 min late").waitFor();
  await section("Due now").getByRole("link", { name: "Bo Ash", exact: true }).waitFor();
  await section("Coming up").getByText("Abbey").waitFor();
  await page.getByText("Done (1 assessment)").click();
  await section("Done").getByRole("link", { name: "Dora Elm", exact: true }).waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  expect(page.problems).toEqual([]);
});

it("starts with what is due: its scale and condition, and by watching where there is no consent", { timeout: 60_000 }, async () => {
  const address = async (name) => new URL(await section(name).getByRole("link", { name: /Start/ }).getAttribute("href"), server.url).hash;
  expect(await address("Overdue")).toMatch(/^#\/capture\/.*scale=painad&condition=movement$/);
  expect(await address("Due now")).toMatch(/^#\/observe\//);
});

it("is narrowed by wing and by what is typed", { timeout: 60_000 }, async () => {
  await page.getByRole("button", { name: "North" }).click();
  expect(await section("After relief").count()).toBe(0);
  await section("Overdue").getByText("Ada Birch", { exact: true }).waitFor();
  await page.getByRole("button", { name: "All wings" }).click();
  await page.getByLabel("Search by name or room").fill("nobody here");
  await page.getByText("Nobody in this round matches").waitFor();
  await page.getByLabel("Search by name or room").fill("");
});

it("moves on with the clock, without asking the server", { timeout: 60_000 }, async () => {
  const other = await openPage(browser, server, { routed: true, storageState: await page.context().storageState() });
  await other.clock.install({ time: Date.now() });
  await other.goto(server.url);
  await other.getByText("55 min late").or(other.getByText("56 min late")).waitFor();
  await other.route("**/api/v1/due*", (r) => r.abort());
  await other.clock.fastForward("30:00");
  await other.getByText("1 h 25 min late").or(other.getByText("1 h 26 min late")).waitFor();
  // What was due is overdue now, and the page says that it is not fresh.
  await other.locator("section").filter({ has: other.getByRole("heading", { name: "Overdue" }) }).getByText("Bo Ash", { exact: true }).waitFor();
  await other.context().close();
});

it("fits an upright tablet, a lying one and a phone without scrolling aside", { timeout: 60_000 }, async () => {
  for (const [width, height] of [[768, 1024], [1280, 800], [1024, 768], [390, 844], [320, 640]]) {
    await resize(page, width, height);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), `at ${width}`).toBeLessThanOrEqual(width);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("main a.button, main button, nav a, header a, header button")].flatMap((e) => {
        const { width, height } = e.getBoundingClientRect();
        return width > 0 && (width < 48 || height < 48) ? [`${e.outerHTML.slice(0, 80)} ${width} x ${height}`] : [];
      }),
    );
    expect(small, `targets at ${width}`).toEqual([]);
  }
});
