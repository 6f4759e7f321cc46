// The keyboard alone, from the round to a result: nothing is clicked, and no control is looked for but by pressing Tab.
import { afterAll, beforeAll, expect, it } from "vitest";

import { settled } from "./checks.mjs";
import { furnish, name, openBrowser, openPage, setUp, startServer } from "./stage.mjs";

let server, browser, page;

beforeAll(async () => {
  server = await startServer();
  browser = await openBrowser();
  page = await openPage(browser, server);
  await setUp(page, server);
  await furnish(page);
  await page.reload();
  await page.getByRole("heading", { name: "Round" }).waitFor();
  await settled(page);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** What has the focus: its kind, its name and whether somebody who looks can tell. */
const focus = () =>
  page.evaluate(async () => {
    const e = document.activeElement;
    await Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined)));
    const label = e.labels?.[0];
    const drawn = (x) => {
      const s = getComputedStyle(x);
      return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
    };
    const at = (label ?? e).getBoundingClientRect();
    const text = (e.getAttribute("aria-label") ?? label?.textContent ?? e.textContent ?? "").replace(/\s+/g, " ").trim();
    return {
      tag: e.tagName.toLowerCase(),
      name: text.slice(0, 120),
      of: e.name ?? "",
      marked: e.matches(":focus-visible") && (drawn(e) || (!!label && drawn(label))),
      onScreen: at.bottom > 0 && at.top < window.innerHeight,
    };
  });

const told = (f) => `${f.tag} "${f.name}"`;

/** Presses a key and expects that the focus can be seen afterwards. */
async function press(key) {
  await page.keyboard.press(key);
  const f = await focus();
  if (f.tag !== "body") expect(f, `after ${key}, at ${told(f)}`).toMatchObject({ marked: true, onScreen: true });
  return f;
}

/** Presses Tab until something has the focus; what never gets it cannot be reached with a keyboard. */
async function tabTo(wanted, key = "Tab") {
  const passed = [];
  for (let i = 0; i < 80; i++) {
    const f = await press(key);
    if (wanted(f)) return f;
    passed.push(told(f));
  }
  throw new Error(`${key} does not reach it: ${passed.join(", ")}`);
}

const control = (tag, words) => (f) => f.tag === tag && f.name.includes(words);

/** The screen is another one: the keyboard goes on from its content, not from the top of the page. */
async function arrives(address, said) {
  await page.waitForFunction((a) => location.hash.startsWith(a), address);
  await page.getByText(said).first().waitFor();
  await settled(page);
  await page.waitForFunction(() => document.activeElement?.id === "main");
}

it("makes an assessment from the round to the result without a pointer", { timeout: 120_000 }, async () => {
  // Bo Ash has refused the camera: the round begins with watching.
  const start = await tabTo(control("a", "Bo Ash"));
  expect(start.name).toBe("Bo Ash");
  const begin = await tabTo(control("a", ": Bo Ash"));
  expect(begin.name).toMatch(/^Start/);
  await page.keyboard.press("Enter");
  await arrives("#/observe/", "Assessment without the camera");

  // Confirming at once says what is missing, and puts the focus there.
  await tabTo(control("button", `Confirm as ${name}`));
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  expect(await focus()).toMatchObject({ tag: "input", of: "condition", marked: true, onScreen: true });
  await press("Space");
  expect(await page.getByLabel("At rest").isChecked()).toBe(true);
  // The arrows change an answer within its group, and there and back is no trap.
  await press("ArrowRight");
  expect(await page.getByLabel("During or just after movement").isChecked()).toBe(true);
  await press("ArrowLeft");
  expect(await page.getByLabel("At rest").isChecked()).toBe(true);
  const back = await press("Shift+Tab");
  expect(back.of).not.toBe("condition");
  await tabTo((f) => f.of === "condition");

  const items = await page.locator("fieldset.item").evaluateAll((all) => all.map((e) => e.id));
  expect(items.length).toBeGreaterThan(3);
  for (const [i, item] of items.entries()) {
    await tabTo((f) => f.of === item);
    await press("Space");
    if (i % 2 === 1) await press("ArrowDown");
  }
  expect(await page.locator("fieldset.item input:checked").evaluateAll((all) => all.map((e) => [e.name, e.value]))).toEqual(items.map((item, i) => [item, String(i % 2)]));

  // Where it hurts is opened, chosen and closed with the same keys.
  await tabTo((f) => f.tag === "summary" && f.name.startsWith("Where"));
  await press("Enter");
  await press("Tab");
  const region = await press("Space");
  expect(await page.locator(".where .pill[aria-pressed=true]").count()).toBe(1);
  expect(region.tag).toBe("button");
  await tabTo((f) => f.tag === "textarea");
  await page.keyboard.type("while she slept");
  // Tab leaves a field of several lines, forward and back.
  expect((await press("Tab")).tag).not.toBe("textarea");
  expect((await press("Shift+Tab")).tag).toBe("textarea");

  // A draft first: its screen is another, and its confirmation changes the screen under the focus.
  await tabTo(control("button", "Save for later"));
  await page.keyboard.press("Enter");
  await arrives("#/a/", "Bo Ash");
  await tabTo(control("button", `Confirm as ${name}`));
  await page.keyboard.press("Enter");
  await page.getByText(`Confirmed by ${name}`).waitFor();
  await page.waitForFunction(() => document.activeElement?.id === "main");
  const id = new URL(page.url()).hash.split("/").pop();
  const kept = await (await page.request.get(`${server.url}/api/v1/assessments/${id}`)).json();
  expect(kept).toMatchObject({ status: "final", condition: "rest", remarks: "while she slept", method: "observer" });

  // A correction opens and is left again; the focus stays in the screen.
  await tabTo((f) => f.tag === "button" && f.name === "Amend");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "main");
  await tabTo(control("button", "Cancel"));
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "main");

  // A dialog takes the focus, lets it go at Escape and gives it back to what opened it.
  const opener = await tabTo((f) => f.tag === "button" && f.name === "Entered in error");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  expect(await page.evaluate(() => !!document.activeElement.closest("dialog"))).toBe(true);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(told(await focus())).toBe(told(opener));

  // Home again by Shift+Tab, all the way to the menu.
  await tabTo(control("a", "Round"), "Shift+Tab");
  await page.keyboard.press("Enter");
  await arrives("#/", "Round");
  expect(page.problems).toEqual([]);
});

it("is trapped nowhere: Tab goes round each of these screens and comes back", { timeout: 60_000 }, async () => {
  const { residents } = await (await page.request.get(`${server.url}/api/v1/residents`)).json();
  const dora = residents.find((r) => r.name === "Dora Elm");
  for (const address of ["", `observe/${dora.id}`, `capture/${dora.id}`]) {
    await page.evaluate((a) => (location.hash = `#/${a}`), address);
    await settled(page);
    const stops = [];
    const out = () => stops.some((s, i) => i > 5 && (s === 'a "Skip to the content"' || s.startsWith("body")));
    while (stops.length < 150 && !out()) stops.push(told(await press("Tab")));
    expect(out(), `${address}: ${stops.join(", ")}`).toBe(true);
  }
});
