import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { covered } from "./checks.mjs";
import { network } from "./network.mjs";
import { addResident, answer, axeInBoth, calmPAINAD, camera, name, openBrowser, openPage, resize, setUp, startCamera, startServer } from "./stage.mjs";

const clip = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../../testdata/clips/pain.json"), "utf8"));
let dir, server, film, browser, page;

beforeAll(async () => {
  film = camera();
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const relay = `127.0.0.1:${free.address().port}`;
  free.close();
  dir = mkdtempSync(join(tmpdir(), "wince-relay-"));
  writeFileSync(join(dir, "wince.yaml"), `turn:\n  listen: "${relay}"\n  url: "turns:${relay}?transport=tcp"\n`);
  server = await startServer("--config", join(dir, "wince.yaml"));
  browser = await openBrowser(film);
  page = await openPage(browser, server);
}, 300_000);

afterAll(async () => {
  await browser?.close();
  film?.remove();
  expect(await server?.stop()).toBe(0);
  if (dir) rmSync(dir, { recursive: true, force: true });
});

/** What the menu or an edge hides of the controls, on a phone, an upright tablet, one that lies, and a desk. */
async function hidden(page) {
  const found = [];
  for (const [width, height] of [[390, 844], [768, 1024], [1024, 768], [1280, 800]]) {
    await resize(page, width, height);
    found.push(...(await covered(page, ".progress .ring", ".progress p", ".controls .button")));
  }
  return found;
}

const quantile = (x, q) => [...x].sort((a, b) => a - b)[Math.floor(x.length * q)];

/**
 * Puts the clip's parts beside the scores. Where in the clip the camera was when the first picture came cannot be known, so
 * the place is taken at which the parts differ most; how near to zero and how far above it they lie is for the test to say.
 */
function parts(frames) {
  const length = (clip.video.frames / clip.video.fps) * 1000;
  let best = { pain: -Infinity, neutral: 0 };
  for (let shift = 0; shift < length; shift += 50) {
    const of = { pain: [], neutral: [] };
    for (const f of frames) {
      const t = (f.t_ms + shift) % length;
      const part = clip.segments.find((s) => t >= s.from_ms && t < s.to_ms);
      if (part && of[part.label]) of[part.label].push(f.score);
    }
    if (of.pain.length < 20 || of.neutral.length < 20) continue;
    const found = { pain: quantile(of.pain, 0.5), neutral: quantile(of.neutral, 0.5), worst: quantile(of.neutral, 0.95) };
    if (found.pain - found.neutral > best.pain - best.neutral) best = found;
  }
  return best;
}

it("goes from the set-up link to a confirmed assessment that the API returns", { timeout: 120_000 }, async () => {
  await setUp(page, server);
  await addResident(page, "Dora Elm", "7");
  await page.getByRole("link", { name: "Assess with the camera" }).click();
  await page.waitForFunction(() => document.activeElement.tagName === "MAIN"); // a keyboard goes on from the new screen

  await page.getByRole("button", { name: "Start the camera" }).click();
  await page.getByText("Choose first whether").waitFor(); // the condition cannot be left out
  await startCamera(page, "During or just after movement");
  // A keyboard or a screen reader goes on from what can be done next.
  await page.waitForFunction(() => document.activeElement.textContent.startsWith("Start the 10 second") && !document.activeElement.disabled, null, { timeout: 30_000 });
  await page.getByRole("status").filter({ hasText: "The face can be judged" }).waitFor({ timeout: 30_000 });
  await page.keyboard.press("Enter");
  await page.getByRole("progressbar").waitFor();
  await page.waitForFunction(() => document.activeElement.classList.contains("progress"));
  expect(await hidden(page)).toEqual([]);
  await page.getByRole("heading", { name: "What was observed" }).waitFor({ timeout: 60_000 });

  const received = await page.evaluate(() => window.received);
  const scored = received.filter((e) => e.type === "frame" && e.state === "scored");
  expect(scored.length).toBeGreaterThan(150);
  const { pain, neutral, worst } = parts(scored);
  console.log(`${scored.length} scored frames; median score in the pain part ${pain}, in neutral ${neutral} (95 %: ${worst})`);
  expect(pain).toBeGreaterThan(1);
  expect(neutral).toBeLessThan(0.5);
  expect(worst).toBeLessThan(1); // as when the browser changes the picture's size and sends a coarse keyframe
  expect(received.some((e) => e.type === "observation" && e.state === "assessed")).toBe(true);

  // What the camera saw is drawn over time, and its proposal stands at the answer it is for; nothing is answered yet.
  await page.getByRole("heading", { name: "Score over the capture" }).waitFor();
  await page.getByRole("img", { name: /Drawing of a face on which/ }).waitFor();
  await page.locator("#item-face").getByText("Camera proposes this").waitFor();
  expect(await page.locator("input[type=radio]:checked").count()).toBe(0);
  for (const [width, height] of [[1024, 768], [768, 1024], [390, 844]]) {
    await resize(page, width, height);
    expect(await page.locator(".face-of .table").evaluate((e) => e.scrollWidth - e.clientWidth)).toBe(0); // nothing is cut off
  }
  await resize(page, 1280, 800);
  expect(await axeInBoth(page)).toEqual([]);
  await page.getByRole("button", { name: `Confirm as ${name}` }).click();
  await page.getByRole("alert").filter({ hasText: "Answer what is still open" }).waitFor();
  await answer(page, calmPAINAD);
  await page.getByLabel("Remarks").fill("while being turned");
  await page.getByRole("button", { name: `Confirm as ${name}` }).click();
  await page.getByText(`Confirmed by ${name}`).waitFor();
  const id = new URL(page.url()).hash.split("/").pop();
  const kept = await (await page.request.get(`${server.url}/api/v1/assessments/${id}`)).json();
  expect(kept).toMatchObject({ status: "final", condition: "movement", practice: false, remarks: "while being turned", confirmed_by: { name } });
  expect(kept).toMatchObject({ answers: calmPAINAD, total: 1, scale: { id: "painad" } });
  expect(kept.observation.score_p95).toBeGreaterThan(1);
  expect(Object.keys(kept.observation.models).length).toBeGreaterThan(2);

  await page.getByRole("link", { name: "Back to Dora Elm" }).click();
  await page.getByText("Final").waitFor();
  expect(page.problems).toEqual([]);
});

it("says after a reload what became of an observation, and keeps one that was done", { timeout: 90_000 }, async () => {
  // Three seconds are as good as ten here.
  await page.route("**/sessions/*/capture", (route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), seconds: 3 }) }));
  const { residents } = await (await page.request.get(`${server.url}/api/v1/residents`)).json();
  const address = `${server.url}/#/capture/${residents[0].id}`;
  await page.goto(address);
  await startCamera(page, "During or just after movement");
  await page.getByRole("button", { name: /Start the 10 second/ }).click({ timeout: 30_000 });
  await page.getByRole("progressbar").waitFor();
  await page.reload();
  await page.getByRole("status").filter({ hasText: "in the middle of the observation" }).waitFor();
  expect(await page.getByLabel("During or just after movement").isChecked()).toBe(true);
  const running = async () => (await (await page.request.get(`${server.url}/api/v1/sessions?mine=true`)).json()).sessions;
  expect(await running()).toEqual([]);

  // This one is done, but the page goes before the server could keep it.
  await page.route("**/api/v1/assessments", (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
  await page.getByRole("button", { name: "Start the camera" }).click();
  await page.getByRole("button", { name: /Start the 10 second/ }).click({ timeout: 30_000 });
  await page.getByRole("alert").filter({ hasText: "The server does not answer" }).waitFor({ timeout: 30_000 });
  await page.unroute("**/api/v1/assessments");
  await page.goto("about:blank"); // all of it is gone, with the address
  await page.goto(server.url);
  await page.getByRole("link", { name: "An observation with the camera is not saved yet" }).click();
  await page.getByRole("heading", { name: "The observation was finished" }).waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  await page.getByRole("button", { name: "Go on with it" }).click();
  await page.getByRole("heading", { name: "What was observed" }).waitFor();
  expect(await running()).toEqual([]);
  const id = new URL(page.url()).hash.split("/").pop();
  expect(await (await page.request.get(`${server.url}/api/v1/assessments/${id}`)).json()).toMatchObject({ status: "preliminary", condition: "movement", resident_id: residents[0].id });
  expect(await page.evaluate(() => window.sessionStorage.getItem("wince.capture"))).toBe(null);
  await page.unroute("**/sessions/*/capture");
});

it("keeps practice apart", { timeout: 60_000 }, async () => {
  await page.getByRole("link", { name: "Practice", exact: true }).click();
  await page.getByText("None yet.").waitFor();
  await page.getByRole("link", { name: "Practise with the camera" }).click();
  await startCamera(page);
  await page.getByRole("button", { name: /Start the 10 second/ }).click({ timeout: 30_000 });
  await page.getByRole("heading", { name: "What was observed" }).waitFor({ timeout: 60_000 });
  await page.getByRole("link", { name: "Back to Practice" }).click();
  await page.getByText("Preliminary").waitFor();
  const care = await (await page.request.get(`${server.url}/api/v1/assessments`)).json();
  expect(care.assessments.map((a) => a.practice)).toEqual([false, false]);
});

it("goes on with the same capture when the network comes back", { timeout: 120_000 }, async () => {
  const net = await network(page);
  const sessions = [];
  const from = await page.evaluate(() => window.received.length);
  page.on("request", (r) => r.method() === "POST" && r.url().endsWith("/api/v1/sessions") && sessions.push(r));
  // Three seconds are as good as ten here.
  await page.route("**/sessions/*/capture", (route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), seconds: 3 }) }));
  await page.goto(`${server.url}/#/capture`);
  await startCamera(page);
  await page.getByRole("button", { name: /Start the 10 second/ }).click({ timeout: 30_000 });
  await page.waitForFunction((from) => window.received.slice(from).some((e) => e.type === "frame" && e.capture.assessed_ms > 1000), from, { timeout: 30_000 });

  await net.set(false);
  const held = page.getByRole("status").filter({ hasText: "holding your place" });
  await held.waitFor();
  await page.getByText(/Held for \d+ more seconds/).waitFor();
  expect(await page.getByRole("progressbar").getAttribute("aria-valuetext")).toMatch(/^[12]\.\d of 10 s$/); // what was seen stays
  expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
  const before = await page.evaluate(() => [window.received.length, performance.now()]);
  expect(await axeInBoth(page)).toEqual([]);
  await page.waitForFunction((at) => performance.now() - at > 1200, before[1]); // a gap is of more than a second
  expect(await page.evaluate(() => window.received.length)).toBe(before[0]);

  await net.set(true);
  await page.getByRole("heading", { name: "What was observed" }).waitFor({ timeout: 30_000 });
  await page.getByText(/No pictures came for \d+\s+s in the middle/).first().waitFor();
  expect(sessions).toHaveLength(1);
  expect(net.asked).toEqual(["POST 201", "PATCH 200"]);
  const kept = await (await page.request.get(`${server.url}/api/v1/assessments/${new URL(page.url()).hash.split("/").pop()}`)).json();
  expect(kept.session_id).toBe((await (await sessions[0].response()).json()).id);
  expect(kept.observation.gaps).toHaveLength(1);
  expect(kept.observation.gaps[0].ms).toBeGreaterThan(1000);
  expect(kept.observation.assessed_ms).toBeGreaterThanOrEqual(3000);
  expect(kept.observation.assessed_ms).toBeLessThan(3500);
  await page.unrouteAll();
  net.close();
});

it("reaches the server through its relay where there is no other way", { timeout: 60_000 }, async () => {
  // As in a network that lets nothing else through.
  await page.context().addInitScript(() => {
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
      constructor(c) {
        super({ ...c, iceTransportPolicy: "relay" });
        window.connection = this;
      }
    };
  });
  await page.goto(`${server.url}/#/capture`);
  await page.reload();
  await startCamera(page);
  await page.getByRole("status").filter({ hasText: "The face can be judged" }).waitFor({ timeout: 30_000 });
  const used = await page.evaluate(async () => {
    const all = [...(await window.connection.getStats()).values()];
    const pair = all.find((s) => s.type === "candidate-pair" && s.nominated && s.state === "succeeded");
    const own = all.find((s) => s.id === pair?.localCandidateId);
    return own && { type: own.candidateType, by: own.relayProtocol };
  });
  expect(used).toEqual({ type: "relay", by: "tls" });
  await page.getByRole("button", { name: "Stop the camera" }).click();
});

it("hides nothing of the controls behind the menu, in German either", { timeout: 60_000 }, async () => {
  const german = await openPage(browser, server, { locale: "de-DE", storageState: await page.context().storageState() });
  await german.goto(`${server.url}/#/capture`);
  await german.getByLabel("In Ruhe").check();
  await german.getByRole("button", { name: "Kamera starten" }).click();
  await german.getByRole("button", { name: /10 Sekunden/ }).click({ timeout: 30_000 });
  await german.getByRole("progressbar").waitFor();
  // Not either below the longest hint there is.
  const words = JSON.parse(readFileSync(resolve(import.meta.dirname, "../src/i18n/de/face.json"), "utf8"));
  const longest = Object.keys(words).filter((k) => k.startsWith("advice.")).map((k) => words[k]).reduce((a, b) => (b.length > a.length ? b : a));
  await german.locator(".hint-box strong").evaluate((e, said) => (e.firstChild.data = said), `${words["state.not_assessable"]} ${longest}`);
  expect(await hidden(german)).toEqual([]);
  await german.context().close();
});
