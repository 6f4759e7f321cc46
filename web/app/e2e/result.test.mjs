import { afterAll, beforeAll, expect, it } from "vitest";

import { answer, axeInBoth, call, calmPAINAD, camera, furnish, name, openBrowser, openPage, setUp, startCamera, startServer } from "./stage.mjs";

let server, film, browser, page, ids;

beforeAll(async () => {
  film = camera();
  server = await startServer();
  browser = await openBrowser(film);
  page = await openPage(browser, server);
  await setUp(page, server);
  ids = await furnish(page);
}, 300_000);

afterAll(async () => {
  await browser?.close();
  film?.remove();
  await server?.stop();
});

it("keeps a draft, confirms it, amends it and marks it, each time by name", { timeout: 120_000 }, async () => {
  await page.goto(`${server.url}/#/observe/${ids["Bo Ash"]}?scale=abbey`);
  await page.getByRole("button", { name: /Confirm as/ }).click();
  await page.getByRole("alert").filter({ hasText: "Choose first whether" }).waitFor();
  await page.getByLabel("At rest").check();
  await answer(page, { vocalisation: 1, face: 1 });
  await page.getByText("4 items are open").waitFor();
  await page.getByRole("button", { name: "Save for later" }).click();
  await page.getByText("Draft").waitFor();
  await answer(page, { body: 1, behaviour: 1, physiology: 0, physical: 0 });
  await page.getByLabel("Chronic", { exact: true }).check();
  await page.getByText("Where it hurts").click();
  await page.getByRole("button", { name: "Left hip" }).click();
  expect(await axeInBoth(page)).toEqual([]);
  await page.getByRole("button", { name: `Confirm as ${name}` }).click();
  await page.getByText(`Confirmed by ${name}`).waitFor();
  await page.getByText("Mild").waitFor();

  await page.getByRole("button", { name: "Amend" }).click();
  await page.getByLabel("Why is it amended?").fill("the wrong side");
  await answer(page, { face: 3 });
  await page.getByRole("button", { name: "Keep the amended assessment" }).click();
  await page.getByText("Reason given: the wrong side").waitFor();
  const id = new URL(page.url()).hash.split("/").pop();
  const kept = await call(page, "GET", `/assessments/${id}`);
  expect(kept).toMatchObject({ status: "amended", method: "observer", total: 6, pain_type: "chronic", body_sites: [{ region: "left_hip" }] });

  await page.getByRole("button", { name: "Entered in error" }).click();
  await page.getByLabel("What was wrong?").fill("another resident");
  await page.getByRole("button", { name: "Mark it" }).click();
  await page.getByText("Entered in error").first().waitFor();
  expect(page.problems).toEqual([]);
});

it("shows nothing of the camera before the carer has rated, and both afterwards", { timeout: 120_000 }, async () => {
  const { version } = await call(page, "GET", "/instrument");
  await call(page, "PATCH", "/instrument", { blind: true }, { "If-Match": `"${version}"` });
  await page.goto(`${server.url}/#/capture/${ids["Dora Elm"]}?scale=painad`);
  await startCamera(page);
  await page.getByText("Numbers come after your own rating").waitFor();
  expect(await page.getByText("Live numbers").count()).toBe(0);
  await page.getByRole("button", { name: /Start the 10/ }).click({ timeout: 30_000 });
  await page.getByRole("heading", { name: "Your own rating first" }).waitFor({ timeout: 60_000 });
  expect(await page.getByText(/Camera proposes|Score over|What was observed/).count()).toBe(0);
  expect(await page.locator("fieldset.item").count()).toBe(1); // only what the camera looks at
  await answer(page, { face: 0 });
  await page.getByRole("button", { name: /Keep my rating/ }).click();
  await page.getByText("You rated 0 before you saw the camera's view").waitFor();
  await page.getByRole("heading", { name: "What was observed" }).waitFor();
  await answer(page, calmPAINAD);
  await page.getByRole("button", { name: `Confirm as ${name}` }).click();
  await page.getByText(`Confirmed by ${name}`).waitFor();
  const id = new URL(page.url()).hash.split("/").pop();
  expect(await call(page, "GET", `/assessments/${id}`)).toMatchObject({ rated_blind: { face: 0 }, answers: calmPAINAD, status: "final" });
});

it("takes what the person says as a number", { timeout: 60_000 }, async () => {
  await page.goto(`${server.url}/#/observe/${ids["Cy Rowan"]}?scale=nrs&condition=rest`);
  await page.locator("#item-pain").getByRole("radio", { name: "4", exact: true }).check();
  await page.getByRole("button", { name: `Confirm as ${name}` }).click();
  await page.getByText("What the person said").waitFor();
  await page.getByText("Moderate").waitFor();
});
