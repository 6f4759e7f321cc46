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

  // So it is while an observation runs, whose progress is there to be asked for.
  await page.getByRole("button", { name: /Start the 10 second/ }).click();
  await page.getByRole("progressbar").waitFor();
  await listen();
  await frames(40);
  const running = await heard();
  expect(running.spoken.length).toBeLessThanOrEqual(Math.max(2, running.ms / 1000));

  // A face that cannot be judged any more is said, and once; and so is that it can be again.
  await listen();
  const show = (on) => page.evaluate((on) => (document.querySelector("video").srcObject.getVideoTracks()[0].enabled = on), on);
  await show(false);
  const unseen = page.getByRole("status").filter({ hasText: /No face in the picture|cannot be judged/ });
  await unseen.waitFor({ timeout: 20_000 });
  await show(true);
  await judged.waitFor({ timeout: 20_000 });
  const { spoken, states } = await heard();
  console.log(`${states.length} frames; said ${JSON.stringify(spoken)}`);
  expect(spoken.some((said) => /No face in the picture|cannot be judged/.test(said))).toBe(true);
  expect(spoken.at(-1)).toContain("The face can be judged");
  expect(spoken.filter((said, i) => said === spoken[i - 1])).toEqual([]); // nothing twice in a row
  expect(page.problems).toEqual([]);
});
