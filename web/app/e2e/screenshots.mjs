// Makes the pictures of the page: docs/img/capture.png for the README, and with ALL=DIR every screen in both sizes and in the
// dark, to be looked at.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

import { addResident, answer, calmPAINAD, camera, openBrowser, openPage, setUp, startCamera, startServer } from "./stage.mjs";

const docs = resolve(import.meta.dirname, "../../../docs/img");
const all = process.env.ALL;
const views = [
  ["wide", { viewport: { width: 1280, height: 800 } }],
  ["tall", { viewport: { width: 768, height: 1024 } }],
  ["dark", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" }],
];
mkdirSync(all ?? docs, { recursive: true });

const film = camera();
const browser = await openBrowser(film);
try {
  for (const [view, options] of all ? views : views.slice(0, 1)) {
    const server = await startServer();
    try {
      await walk(await openPage(browser, server, options), server, view);
    } finally {
      await server.stop();
    }
  }
} finally {
  await browser.close();
  film.remove();
}

async function walk(page, server, view) {
  const shot = async (screen) => {
    if (all) await page.screenshot({ path: join(all, `${view}-${screen}.png`), fullPage: true });
  };
  await page.goto(server.link);
  await page.getByLabel("Your name").waitFor();
  await shot("1-setup");
  await setUp(page, server);
  await shot("2-empty");
  await page.getByRole("link", { name: "Residents" }).first().click();
  await page.getByRole("button", { name: "Add a resident" }).click();
  await shot("3-add");
  await page.getByRole("button", { name: "Cancel" }).click();
  await addResident(page, "Bo Ash", "2", "No, refused");
  await shot("4-no-consent");
  await addResident(page, "Dora Elm", "7");
  await shot("5-resident");
  await page.getByRole("link", { name: "Assess with the camera" }).click();
  await shot("6-choose");
  await startCamera(page, "During or just after movement");
  await page.getByRole("status").filter({ hasText: "The face can be judged" }).waitFor({ timeout: 30_000 });
  await shot("7-live");
  await page.getByRole("button", { name: /Start the 10 second/ }).click();
  // Well into a stretch of pain, wherever in the clip the camera was at first: two seconds of scores are drawn by then.
  const inPain = () => window.received.slice(-60).filter((e) => e.score > 4).length > 55;
  await page.waitForFunction(inPain, null, { timeout: 30_000, polling: 30 });
  await page.waitForTimeout(200);
  await shot("8-observing");
  if (!all) await page.screenshot({ path: join(docs, "capture.png") });
  await page.getByRole("heading", { name: "What was observed" }).waitFor({ timeout: 60_000 });
  await answer(page, calmPAINAD);
  await page.getByLabel("Remarks").fill("While being turned in bed. Held her left hip.");
  await shot("9-result");
  await page.getByRole("button", { name: /Confirm as/ }).click();
  await page.getByText("Confirmed by").waitFor();
  await shot("10-confirmed");
  await page.getByRole("link", { name: "Back to Dora Elm" }).click();
  await page.getByText("Final").waitFor();
  await shot("11-list");
  await page.getByRole("link", { name: "Practice", exact: true }).click();
  await page.getByText("None yet").waitFor();
  await shot("12-practice");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await shot("13-sign-in");
  if (page.problems.length) throw new Error(page.problems.join("\n"));
}
