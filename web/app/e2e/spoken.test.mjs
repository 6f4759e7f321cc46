// What a screen reader hears of a capture: each change of state once, and not every frame. The fake camera shows the pain clip.
import { afterAll, beforeAll, expect, it } from "vitest";

import { camera, openBrowser, openPage, setUp, startCamera, startServer } from "./stage.mjs";

let server, film, browser, page;

beforeAll(async () => {
  film = camera();
  server = await startServer();
  browser = await openBrowser(film);
  page = await openPage(browser, server);
  await setUp(page, server);
}, 300_000);

afterAll(async () => {
  await browser?.close();
  film?.remove();
  await server?.stop();
});

/** Notes from now on what each live region of the page says: its text after each change, as a screen reader gets it. */
const listen = () =>
  page.evaluate(() => {
    window.spoken = [];
    const regions = '[role="status"], [role="alert"], [aria-live]:not([aria-live="off"])';
    const changed = (records) => {
      // One drawing may touch several texts of a region: it is heard once.
      const touched = records.map(({ target }) => (target instanceof window.Element ? target : target.parentElement)).filter((e) => e && !e.closest('[aria-live="off"]'));
      for (const region of new Set(touched.map((e) => e.closest(regions)).filter(Boolean))) window.spoken.push(region.textContent.replace(/\s+/g, " ").trim());
    };
    window.hears?.disconnect();
    window.hears = new window.MutationObserver(changed);
    window.hears.observe(document.body, { subtree: true, childList: true, characterData: true });
    window.from = { at: performance.now(), frames: window.received.filter((e) => e.type === "frame").length };
  });

/** What was said since, and how many frames came meanwhile. */
const heard = () =>
  page.evaluate(() => ({
    spoken: window.spoken,
    ms: performance.now() - window.from.at,
    states: window.received.filter((e) => e.type === "frame").slice(window.from.frames).map((e) => e.state),
  }));

/** Waits until so many more frames have come. */
const frames = (n) => page.waitForFunction((n) => window.received.filter((e) => e.type === "frame").length >= window.from.frames + n, n, { timeout: 60_000 });

it("tells a screen reader a change of state once, and nothing at every frame", { timeout: 120_000 }, async () => {
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  const judged = page.getByRole("status").filter({ hasText: "The face can be judged" });
  await judged.waitFor({ timeout: 30_000 });

  // Steady: the numbers of every frame change and nobody is told, whether they are shown or not.
  await page.getByText("Live numbers").click();
  await listen();
  await frames(80);
  const steady = await heard();
  console.log(`${steady.states.length} frames in ${Math.round(steady.ms)} ms; said ${JSON.stringify(steady.spoken)}`);
  expect(new Set(steady.states)).toContain("scored");
  expect(steady.spoken.length).toBeLessThanOrEqual(Math.max(4, steady.ms / 1000));
  expect(steady.spoken.length).toBeLessThan(steady.states.length / 10);

  // Without pictures nothing is assessed any more: that is said, and once.
  await listen();
  await page.evaluate(() => document.querySelector("video").srcObject.getVideoTracks()[0].stop());
  const none = page.getByRole("status").filter({ hasText: "Not assessed yet" });
  await none.waitFor({ timeout: 15_000 });
  const { spoken } = await heard();
  expect(spoken.filter((said) => said.includes("Not assessed yet"))).toHaveLength(1);
  expect(page.problems).toEqual([]);
});
