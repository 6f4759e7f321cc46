import { afterEach, expect, it } from "vitest";

import { addResident, answer, axeInBoth, call, calmPAINAD, furnish, openBrowser, openPage, password, setUpQuickly, startCamera, startServer } from "./stage.mjs";

const opened = [];

async function stage(options) {
  const server = await startServer();
  opened.push(() => server.stop());
  const browser = await openBrowser(options);
  opened.push(() => browser.close());
  const page = await openPage(browser, server);
  await setUpQuickly(page, server);
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
  await page.getByText("Live numbers").click();
  await page.getByText("no score").first().waitFor();
});

it("says that the camera was unplugged", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.getByRole("status").filter({ hasText: "No face" }).waitFor({ timeout: 30_000 });
  await page.evaluate(() => document.querySelector("video").srcObject.getVideoTracks()[0].dispatchEvent(new Event("ended")));
  await page.getByRole("alert").filter({ hasText: "it was unplugged" }).waitFor();
  await page.getByRole("link", { name: "Assess without the camera" }).waitFor();
  await page.getByRole("button", { name: "Try again" }).click(); // the camera is there again
  await page.getByRole("status").filter({ hasText: "No face" }).waitFor({ timeout: 30_000 });
});

it("gives the camera back to whoever does not wait for it", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  await page.evaluate(() => {
    const open = window.navigator.mediaDevices.getUserMedia.bind(window.navigator.mediaDevices);
    window.navigator.mediaDevices.getUserMedia = async (wanted) => {
      await new Promise((go) => (window.openCamera = go));
      return (window.camera = await open(wanted));
    };
  });
  const given = () => page.waitForFunction(() => window.camera?.getTracks().every((t) => t.readyState === "ended"), null, { timeout: 5000 });

  // The screen is left while the camera opens.
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.waitForFunction(() => window.openCamera);
  await page.getByRole("link", { name: "Residents" }).first().click();
  await page.getByRole("heading", { name: "Residents" }).waitFor();
  await page.evaluate(() => window.openCamera());
  await given();

  // It is stopped while the session opens.
  let answer;
  const asked = new Promise((done) => {
    void page.route("**/api/v1/sessions", async (route) => {
      done();
      await new Promise((go) => (answer = go));
      await route.continue();
    });
  });
  await page.evaluate(() => (window.camera = window.openCamera = undefined));
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.waitForFunction(() => window.openCamera);
  await page.evaluate(() => window.openCamera());
  await asked;
  await page.getByRole("button", { name: "Stop the camera" }).click();
  const ended = page.waitForRequest((r) => r.method() === "DELETE" && r.url().includes("/api/v1/sessions/"));
  answer();
  await ended;
  await given();
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
  await page.getByRole("link", { name: "Practice", exact: true }).click();
  await page.getByText("You were signed out").waitFor();
});

it("shows no old score as one of now", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.getByRole("status").filter({ hasText: "No face" }).waitFor({ timeout: 30_000 });
  // Without pictures there are no results.
  await page.evaluate(() => document.querySelector("video").srcObject.getVideoTracks()[0].stop());
  await page.getByRole("status").filter({ hasText: "Not assessed yet" }).waitFor({ timeout: 10_000 });
});

it("opens the first screen for a mangled link", { timeout: 60_000 }, async () => {
  const { page, server } = await stage();
  await page.goto(`${server.url}/#/%`);
  await page.reload();
  await page.getByRole("heading", { name: "Round" }).waitFor();
  expect(page.problems).toEqual([]);
});

it("says that the server is gone", { timeout: 60_000 }, async () => {
  const { page, server } = await stage();
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.getByRole("status").filter({ hasText: "No face" }).waitFor({ timeout: 30_000 });
  await server.stop();
  await page.getByRole("alert").filter({ hasText: /connection to the server was lost|session has ended on the server/ }).waitFor({ timeout: 10_000 });
  await page.getByRole("link", { name: "Residents" }).first().click();
  await page.getByText(/Offline since .* What you see is as it was at/).waitFor();
});

/** Lets the tablet's camera fail in the way that the browser says. */
const cameraFails = (page, name) =>
  page.evaluate((name) => {
    window.navigator.mediaDevices.getUserMedia = () => Promise.reject(new window.DOMException("", name));
  }, name);

it.each([
  ["another app has the camera", "NotReadableError", "Another app has the camera"],
  ["there is no camera", "NotFoundError", "No camera was found"],
])("says that %s, and leads on without it", { timeout: 60_000 }, async (_, error, title) => {
  const { page } = await stage();
  const ids = await furnish(page);
  await page.goto(page.url().replace(/#.*/, `#/capture/${ids["Dora Elm"]}?scale=abbey`));
  await page.getByRole("button", { name: "Start the camera" }).waitFor();
  await cameraFails(page, error);
  await startCamera(page, "During or just after movement");
  await page.getByRole("alert").filter({ hasText: title }).waitFor();
  expect(await page.evaluate(() => document.activeElement.textContent)).toBe(title); // a screen reader goes on from there
  expect(await axeInBoth(page)).toEqual([]);
  // Nothing that was chosen is lost, and why there was no camera is written down.
  await page.getByRole("link", { name: "Assess without the camera" }).click();
  await page.getByText("Assessment without the camera").waitFor();
  expect(await page.getByLabel("During or just after movement").isChecked()).toBe(true);
  expect(await page.getByLabel("Scale").inputValue()).toBe("abbey");
  expect(await page.getByLabel("Remarks").inputValue()).toContain("Camera not possible");
});

it("says that the page was not opened securely", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await page.getByRole("button", { name: "Start the camera" }).waitFor();
  await page.evaluate(() => Object.defineProperty(window.navigator, "mediaDevices", { value: undefined }));
  await startCamera(page);
  await page.getByRole("alert").filter({ hasText: "begins with https" }).waitFor();
});

it("waits for a place where all are taken", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  let full = true;
  const body = `{"code":"at_capacity","detail":"All places are taken: try again in a moment."}`;
  await page.route("**/api/v1/sessions", async (route) => {
    if (full) await route.fulfill({ status: 503, headers: { "Retry-After": "2", "Content-Type": "application/problem+json" }, body });
    else await route.continue();
  });
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  await page.getByRole("alert").filter({ hasText: "All places are taken" }).filter({ hasText: "Trying again by itself" }).waitFor();
  full = false;
  await page.getByRole("status").filter({ hasText: "No face" }).waitFor({ timeout: 30_000 });
});

it("switches the camera off when consent is withdrawn in the middle", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  const ids = await furnish(page);
  const who = ids["Dora Elm"];
  await page.goto(page.url().replace(/#.*/, `#/capture/${who}`));
  await startCamera(page);
  await page.getByRole("status").filter({ hasText: "No face" }).waitFor({ timeout: 30_000 });
  await page.evaluate(() => (window.track = document.querySelector("video").srcObject.getVideoTracks()[0]));
  await call(page, "POST", `/residents/${who}/consents`, { purpose: "camera", decision: "refused", given_by: "Her daughter", capacity: "relative", legal_basis: "consent" });
  await page.getByRole("alert").filter({ hasText: "no consent to the camera" }).waitFor({ timeout: 30_000 });
  expect(await page.evaluate(() => window.track.readyState)).toBe("ended");
});

it("goes on with the same camera when the server comes back in the middle of a capture", { timeout: 120_000 }, async () => {
  const { page, server } = await stage();
  await page.goto(page.url().replace(/#.*/, "#/capture"));
  await startCamera(page);
  const judged = page.getByRole("status").filter({ hasText: "No face" });
  await judged.waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: /Start the 10/ }).click();
  await page.getByRole("progressbar").waitFor();
  await server.kill();
  // Whether the network or the server went cannot be known yet.
  await page.getByRole("status").filter({ hasText: "holding your place" }).waitFor({ timeout: 30_000 });
  await server.again();
  // It knows nothing of the session that was: another one is opened by itself.
  await page.getByRole("status").filter({ hasText: "start the observation again" }).waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: /Start the 10/ }).waitFor();
  await judged.waitFor({ timeout: 40_000 });
});

it("keeps what was entered when the sign-in ends, and goes on with it", { timeout: 60_000 }, async () => {
  const { page } = await stage();
  const ids = await furnish(page);
  await page.goto(page.url().replace(/#.*/, `#/observe/${ids["Bo Ash"]}?scale=painad&condition=rest`));
  await answer(page, calmPAINAD);
  await page.getByLabel("Remarks").fill("holds the left hip");
  await page.context().clearCookies();
  await page.getByRole("button", { name: /Confirm as/ }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in to go on" });
  await dialog.waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  await dialog.getByLabel("Password").fill(password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await page.getByText(/Confirmed by/).waitFor();
  await page.getByText("holds the left hip").waitFor();
});

it("lets an invited nurse choose a password, and whoever lost theirs", { timeout: 60_000 }, async () => {
  const { server, browser, page } = await stage();
  const token = await page.evaluate(async () => {
    const body = JSON.stringify({ name: "Nora Invited", role: "nurse", sites: ["00000000-0000-7000-8000-000000000001"] });
    const made = await fetch("/api/v1/users", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return (await made.json()).invitation.token;
  });
  const other = await openPage(browser, server);
  await other.goto(`${server.url}/#/invited/${token}`);
  await other.getByLabel("Password").fill("a password of my own");
  await other.getByRole("button", { name: "Take this password" }).click();
  await other.getByText("Nora Invited").waitFor();
  await other.goto(`${server.url}/#/invited/${token}`);
  await other.getByLabel("Password").fill("another one of mine");
  await other.getByRole("button", { name: "Take this password" }).click();
  await other.getByRole("alert").filter({ hasText: "not valid any more" }).waitFor();
});
