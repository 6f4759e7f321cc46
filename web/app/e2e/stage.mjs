// The stage of the browser tests: the real program on a free port with an empty data folder, and Debian's Chromium with a
// clip as its camera. WINCE names the program, CHROMIUM the browser, CAMERA a .y4m or .mjpeg file (else one is made).
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { chromium } from "playwright-core";

const root = resolve(import.meta.dirname, "../../..");

/** Starts the program and waits until it has said where it serves. */
export async function startServer(...flags) {
  const data = mkdtempSync(join(tmpdir(), "wince-e2e-"));
  let running = await serve(data, "127.0.0.1:0", flags);
  const { url, link } = running;
  return {
    url,
    link,
    log: () => running.log(),
    /** What it made to serve with. */
    certificate: () => ({ cert: readFileSync(join(data, "tls/cert.pem")), key: readFileSync(join(data, "tls/key.pem")) }),
    /** Ends it as a power cut would. Its records stay. */
    async kill() {
      running.child.kill("SIGKILL");
      await running.exited;
    },
    /** Starts it again where it was, with the same records. */
    async again() {
      running = await serve(data, new URL(url).host, flags);
    },
    async stop() {
      running.child.kill("SIGTERM");
      const status = await running.exited;
      rmSync(data, { recursive: true, force: true });
      return status;
    },
  };
}

async function serve(data, listen, flags) {
  const program = process.env.WINCE ?? join(root, "bin/wince");
  if (!existsSync(program)) throw new Error(`there is no ${program}: run make build, or name the program with WINCE`);
  const child = spawn(program, ["serve", "--data", data, "--listen", listen, ...flags], { stdio: ["ignore", "pipe", "pipe"], cwd: root });
  let out = "";
  let log = "";
  child.stderr.on("data", (b) => (log += b));
  const exited = new Promise((done) => child.once("exit", done));
  await new Promise((ready, fail) => {
    child.stdout.on("data", (b) => {
      out += b;
      if (out.includes("medical device")) ready();
    });
    exited.then(() => fail(new Error(`wince serve ended: ${log}`)));
    setTimeout(() => fail(new Error(`wince serve does not start: ${out}${log}`)), 20000).unref();
  });
  return { child, exited, log: () => log, url: /https:\/\/\S+:\d+/.exec(out)[0], link: /https:\/\/\S+\/#\/setup\/\S+/.exec(out)?.[0] };
}

/** Returns the fake camera's file: CAMERA, or a clip of testdata/clips turned into one. */
export function camera(clip = "pain") {
  if (process.env.CAMERA) return { file: process.env.CAMERA, remove: () => undefined };
  const dir = mkdtempSync(join(tmpdir(), "wince-camera-"));
  const file = join(dir, `${clip}.y4m`);
  execFileSync("go", ["run", "-trimpath", "./cmd/camera", join("testdata/clips", `${clip}.ivf`), file], { cwd: root, stdio: "inherit" });
  return { file, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Opens the browser. Without a camera file it has Chromium's own test picture, which shows no face. */
export function openBrowser({ file, refuse = false } = {}) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`there is no ${executablePath}: run make setup, or name the browser with CHROMIUM`);
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--ignore-certificate-errors",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--use-fake-device-for-media-stream",
      ...(refuse ? ["--deny-permission-prompts"] : ["--use-fake-ui-for-media-stream"]),
      ...(file ? [`--use-file-for-fake-video-capture=${file}`] : []),
    ],
  });
}

/** Makes the window so large, and waits until the page is laid out for it: Chromium says the new width a picture earlier. */
export async function resize(page, width, height) {
  await page.setViewportSize({ width, height });
  await page.waitForFunction((w) => window.innerWidth === w, width);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

/**
 * A tablet's page. What the server sends over the data channel is kept in window.received, problems in page.problems.
 *
 * With `routed`, Chromium asks about its requests from before it is opened, so that page.route holds whenever a test says it. Where the
 * first route comes together with the first request after the service worker has taken the page over, Chromium asks about none of that
 * page's requests any more, and the server's own answers are seen.
 */
export async function openPage(browser, server, { routed = false, ...options } = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, locale: "en-GB", ...options });
  if (routed) await context.route("**/nothing-is-here", (route) => route.continue());
  await context.addInitScript(() => {
    window.received = [];
    const make = RTCPeerConnection.prototype.createDataChannel;
    RTCPeerConnection.prototype.createDataChannel = function (...a) {
      const channel = make.apply(this, a);
      channel.addEventListener("message", (m) => window.received.push(JSON.parse(m.data)));
      return channel;
    };
  });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (e) => page.problems.push(String(e)));
  page.on("console", (m) => {
    if (m.type() === "error" && !m.text().includes("the server responded with a status of")) page.problems.push(m.text());
  });
  await page.goto(server.url);
  return page;
}

export const name = "Kim Example";
export const password = "four words put together";

/** Follows the set-up link and becomes the administrator. */
export async function setUp(page, server) {
  await page.goto(server.link);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Make me the administrator" }).click();
  await page.getByRole("heading", { name: "Round" }).waitFor();
}

/** Becomes the administrator without the screen for it, and opens the round. */
export async function setUpQuickly(page, server) {
  const answer = await page.request.post(`${server.url}/api/v1/setup`, { data: { token: server.link.split("/").at(-1), name, password } });
  if (!answer.ok()) throw new Error(await answer.text());
  await page.goto(`${server.url}/#/`);
  await page.reload();
  await page.getByRole("heading", { name: "Round" }).waitFor();
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Waits until no colour is between two others. What was just changed begins to move at the next frame only. */
async function still(page) {
  await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let quiet = 0; quiet < 3; quiet++) {
      await frame();
      const moving = document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity);
      if (moving.length > 0) quiet = -1;
      await Promise.all(moving.map((a) => a.finished.catch(() => undefined)));
    }
  });
}

/** What axe finds wrong on the page as it is now, by the rules of WCAG 2.0 to 2.2, levels A and AA. */
export async function axeFinds(page) {
  await still(page);
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  return page.evaluate(async () => {
    const values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
    const { violations } = await window.axe.run(document, { runOnly: { type: "tag", values } });
    return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.html.slice(0, 200)} (${n.failureSummary})`).join(" | ")}`);
  });
}

/** Puts the page into light and dark in turn, and gathers what axe finds in each. */
export async function axeInBoth(page) {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, colorScheme);
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    found.push(...(await axeFinds(page)).map((f) => `${colorScheme} ${f}`));
  }
  return found;
}

export async function addResident(page, who, room, consent = "Yes, consent is given") {
  await page.getByRole("link", { name: "Residents" }).first().click();
  await page.getByRole("button", { name: "Add a resident" }).click();
  await page.getByLabel("Name", { exact: true }).fill(who);
  await page.getByLabel("Room", { exact: true }).fill(room);
  await page.getByLabel(consent).check();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { name: who }).waitFor();
}

/** Asks the server what the page would, in the name of who is signed in there; throws where it refuses. */
export async function call(page, method, path, body, headers = {}) {
  const answer = await page.request.fetch(new URL(`/api/v1${path}`, page.url()).href, { method, headers, ...(body === undefined ? {} : { data: body }) });
  if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? null : answer.json();
}

const minute = 60_000;
const ago = (minutes) => new Date(Date.now() - minutes * minute).toISOString();

/**
 * A ward with all that a round can show: somebody overdue, somebody due, somebody later, somebody done, and somebody who was
 * given relief an hour ago. It answers with their ids by name.
 */
export async function furnish(page) {
  const people = [
    ["Ada Birch", "1", "North", "given"],
    ["Bo Ash", "2", "North", "refused"],
    ["Cy Rowan", "5", "South", "given"],
    ["Dora Elm", "7", "South", "given"],
    ["Ed Linden", "8", "South", "given"],
  ];
  const ids = {};
  for (const [name, room, wing, consent] of people) ids[name] = (await call(page, "POST", "/residents", { name, room, wing, consent })).id;
  const plan = (name, started, more = {}) =>
    call(page, "POST", "/schedules", { resident_id: ids[name], repeat: { every_hours: 4 }, scale: "painad", starts_at: ago(started), ...more });
  await plan("Ada Birch", 55, { condition: "movement" });
  await plan("Bo Ash", 12);
  await plan("Cy Rowan", -40, { scale: "abbey" });
  await plan("Dora Elm", 20);
  await observed(page, ids["Dora Elm"], "painad", { breathing: 0, vocalisation: 1, face: 0, body: 0, consolability: 1 }, 5);
  const before = await observed(page, ids["Ed Linden"], "abbey", { vocalisation: 2, face: 2, body: 1, behaviour: 1, physiology: 1, physical: 2 }, 70);
  await call(page, "POST", `/residents/${ids["Ed Linden"]}/reliefs`, { assessment_id: before, drug: { text: "Paracetamol", dose: "1 g" }, given_at: ago(65) });
  return ids;
}

/** Keeps a confirmed assessment of somebody who was watched so many minutes ago; answers with its id. */
export async function observed(page, resident_id, scale, answers, minutes, condition = "rest") {
  const a = await call(page, "POST", "/assessments", { resident_id, scale, condition, answers, assessed_at: ago(minutes) });
  await call(page, "POST", `/assessments/${a.id}/confirm`, {}, { "If-Match": `"${a.version}"` });
  return a.id;
}

/** Answers a scale's items: {breathing: 0} by the place of the answer. */
export async function answer(page, items) {
  for (const [item, at] of Object.entries(items)) await page.locator(`#item-${item}`).getByRole("radio").nth(at).check();
}

export const calmPAINAD = { breathing: 0, vocalisation: 0, face: 1, body: 0, consolability: 0 };

/** Starts the camera, at rest. */
export async function startCamera(page, condition = "At rest") {
  await page.getByLabel(condition).check();
  await page.getByRole("button", { name: "Start the camera" }).click();
}
