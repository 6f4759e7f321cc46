import { afterAll, beforeAll, expect, it } from "vitest";

import { administrator } from "./home.mjs";
import { axeInBoth, camera, name, openBrowser, openPage, password, startServer } from "./stage.mjs";

let server, admin, dora;
const opened = [];

beforeAll(async () => {
  server = await startServer();
  admin = await administrator(server);
  dora = await admin.post("/residents", { name: "Dora Elm", room: "7", consent: "given" });
}, 300_000);

afterAll(async () => {
  while (opened.length) await opened.pop()();
  await admin?.close();
  expect(await server?.stop()).toBe(0);
});

/** A tablet whose camera sees a clip, with the administrator signed in. */
async function tablet(clip) {
  const film = camera(clip);
  opened.push(() => film.remove());
  const browser = await openBrowser(film);
  opened.push(() => browser.close());
  const page = await openPage(browser, server, { viewport: { width: 768, height: 1024 } });
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

const kept = async () => (await admin.get(`/residents/${dora.id}/baselines`)).baselines;

async function take(page) {
  await page.goto(`${server.url}/#/baseline/${dora.id}/take`);
  await page.getByRole("heading", { name: "Before you start" }).waitFor();
  await page.getByRole("button", { name: "Start the camera" }).click();
  await page.getByRole("status").filter({ hasText: "The face can be judged" }).waitFor({ timeout: 60_000 });
  await page.getByRole("button", { name: "Take ten seconds at ease" }).click();
  await page.getByRole("progressbar").waitFor();
}

it("takes a face at ease, keeps it with a word on how, and measures against it", { timeout: 180_000 }, async () => {
  const page = await tablet("blink");
  await page.goto(`${server.url}/#/baseline/${dora.id}`);
  await page.getByText("None is taken yet").waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  await page.getByRole("link", { name: "Take a new one" }).click();
  await page.getByRole("heading", { name: "Before you start" }).waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  await take(page);
  await page.getByRole("heading", { name: "That was a face at ease" }).waitFor({ timeout: 60_000 });
  expect(await axeInBoth(page)).toEqual([]);
  expect(await kept()).toEqual([]); // nothing is kept before somebody says so
  await page.getByLabel("How was the person at ease?").fill("after lunch");
  await page.getByRole("button", { name: "Keep it" }).click();
  await page.getByText("In use", { exact: true }).waitFor();
  expect(await kept()).toMatchObject([{ chosen: true, outdated: false, note: "after lunch", recorded_by: { name } }]);

  await page.getByRole("button", { name: "Retire" }).click();
  await page.getByRole("dialog").getByLabel("Why is it retired?").fill("she had just cried");
  await page.getByRole("dialog").getByRole("button", { name: "Retire" }).click();
  await page.getByText("Retired", { exact: true }).waitFor();
  await page.getByText(/retired .*: she had just cried/).waitFor();
  expect((await kept())[0]).toMatchObject({ chosen: false, retired_reason: "she had just cried" });
  expect(page.problems).toEqual([]);
});

it("says what was in the way, and keeps nothing", { timeout: 180_000 }, async () => {
  const before = (await kept()).length;
  const page = await tablet("smile");
  await take(page);
  await page.getByRole("heading", { name: "That did not work yet" }).waitFor({ timeout: 60_000 });
  await page.getByText("There was a smile").waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("heading", { name: "Before you start" }).waitFor();
  expect((await kept()).length).toBe(before);
});
