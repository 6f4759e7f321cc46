import { afterEach, expect, it } from "vitest";

import { addResident, openBrowser, openPage, setUp, startCamera, startServer } from "./stage.mjs";

const opened = [];

async function stage(options) {
  const server = await startServer();
  opened.push(() => server.stop());
  const browser = await openBrowser(options);
  opened.push(() => browser.close());
  const page = await openPage(browser, server);
  await setUp(page, server);
  return { server, browser, page };
}

afterEach(async () => {
  while (opened.length) await opened.pop()();
});

it("says what to do when the camera is refused", { timeout: 60_000 }, async () => {
  const { page } = await stage({ refuse: true });
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.getByRole("alert").filter({ hasText: "allow it for this page" }).waitFor();
});

it("says that there is no face, and what to do", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.getByRole("status").filter({ hasText: "No face in the picture." }).waitFor({ timeout: 30_000 });
  await page.getByText("no score").first().waitFor();
});

it("says that the camera was unplugged", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.getByRole("status").filter({ hasText: "No face" }).waitFor({ timeout: 30_000 });
  await page.evaluate(() => document.querySelector("video").srcObject.getVideoTracks()[0].dispatchEvent(new Event("ended")));
  await page.getByRole("alert").filter({ hasText: "it was unplugged" }).waitFor();
  await page.getByRole("button", { name: "Start the camera" }).waitFor();
});

it("does not film without consent", { timeout: 60_000 }, async () => {
  const { page, server } = await stage();
  await addResident(page, "Bo Ash", "2", "No, refused");
  await page.getByText("the camera stays off").waitFor();
  expect(await page.getByRole("link", { name: "Assess with the camera" }).count()).toBe(0);
  const { residents } = await (await page.request.get(`${server.url}/api/v1/residents`)).json();
  const answer = await page.request.post(`${server.url}/api/v1/sessions`, { data: { resident_id: residents[0].id, condition: "rest", practice: false } });
  expect(answer.status()).toBe(403);
});

it("says that the sign-in has ended", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  await page.context().clearCookies();
  await page.getByRole("link", { name: "Practice" }).click();
  await page.getByText("You were signed out").waitFor();
});

it("says that the server is gone", { timeout: 60_000 }, async () => {
  const { page, server } = await stage();
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.getByRole("status").filter({ hasText: "No face" }).waitFor({ timeout: 30_000 });
  await server.stop();
  await page.getByRole("alert").waitFor({ timeout: 30_000 });
  await page.getByRole("link", { name: "Residents" }).first().click();
  await page.getByText("The server does not answer").waitFor();
});
