// Every screen that there is, by the patterns of src/screens.tsx: axe in light and dark, targets, zoom, the other way of
// writing, forced colours, the keyboard. A new screen is looked at without being named here.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { show, sideways, smallTargets, stickOut, tabThrough } from "./checks.mjs";
import { administrator, furnish } from "./home.mjs";
import { axeInBoth, name, openBrowser, openPage, password, startServer } from "./stage.mjs";

const source = readFileSync(resolve(import.meta.dirname, "../src/screens.tsx"), "utf8");
const patterns = [...source.matchAll(/\{ at: "([^"]*)", load:/g)].map((m) => m[1]);
// These are shown to who is not signed in, and are looked at apart.
const outside = ["setup/:token", "invited/:token"];

// One server and one browser for all screens, and for each way of looking one page that goes from screen to screen.
let server, admin, home, browser, upright, narrow, mirrored, desk;

beforeAll(async () => {
  server = await startServer();
  admin = await administrator(server);
  home = await furnish(server, admin);
  browser = await openBrowser();
  upright = await tablet({ viewport: { width: 768, height: 1024 }, reducedMotion: "reduce" });
  // 1280 pixels at 400 % are 320, and so are 640 at 200 %.
  narrow = await tablet({ viewport: { width: 320, height: 640 } });
  mirrored = await tablet({ viewport: { width: 320, height: 640 }, reducedMotion: "reduce" });
  await mirrored.evaluate(() => window.localStorage.setItem("wince.language", "ar-XB"));
  await mirrored.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await mirrored.reload();
  desk = await tablet();
});
afterAll(async () => {
  await browser?.close();
  await admin?.close();
  await server?.stop();
});

/** The addresses of a screen, with records in it. */
function addresses(pattern) {
  const [first] = pattern.split("/");
  const ids = {
    r: [home.people.dora.id, home.people.bo.id],
    capture: [home.people.dora.id],
    observe: [home.people.bo.id],
    a: [home.made.at(-1).id, home.draft.id],
    relief: [home.people.dora.id],
    baseline: [home.people.dora.id],
  }[first];
  if (!pattern.includes(":")) return [pattern];
  // Whatever else there is has a resident in its address.
  return (ids ?? [home.people.dora.id]).map((id) => pattern.replace(/:\w+/, id));
}

async function tablet(options = {}) {
  const page = await openPage(browser, server, options);
  const r = await page.request.post(`${server.url}/api/v1/login`, { data: { name, password } });
  expect(r.ok()).toBe(true);
  await page.reload();
  await show(page, "");
  return page;
}

const screens = patterns.filter((p) => !outside.includes(p));

it("finds the screens of the app", () => {
  expect(screens).toContain("");
  expect(screens).toContain("a/:id");
  expect(patterns).toEqual(expect.arrayContaining(outside));
});

describe.each(screens)("the screen at #/%s", (pattern) => {
  it("passes axe in light and dark, and has targets for fingers", { timeout: 120_000 }, async () => {
    upright.problems = [];
    for (const address of addresses(pattern)) {
      await show(upright, address);
      expect(await axeInBoth(upright), address).toEqual([]);
      expect(await smallTargets(upright), address).toEqual([]);
    }
    expect(upright.problems).toEqual([]);
  });

  it("can be read at 320 pixels, from right to left and in forced colours", { timeout: 120_000 }, async () => {
    for (const address of addresses(pattern)) {
      await show(narrow, address);
      expect(await sideways(narrow), address).toEqual([]);
    }
    const page = mirrored;
    for (const address of addresses(pattern)) {
      await show(page, address);
      expect(await page.evaluate(() => document.documentElement.dir)).toBe("rtl");
      expect(await sideways(page), `${address} from right to left`).toEqual([]);
      expect(await english(page), `${address} from right to left`).toEqual([]);
      const moving = await page.evaluate(() => document.getAnimations().filter((a) => a.playState === "running" && a.effect.getComputedTiming().duration > 1).length);
      expect(moving, `${address} moves although motion is to be reduced`).toBe(0);
    }
  });

  it("is walked through by the keyboard in the order of the eye", { timeout: 120_000 }, async () => {
    for (const address of addresses(pattern)) {
      await show(desk, address);
      const { stops, wrong } = await tabThrough(desk);
      expect(wrong, address).toEqual([]);
      expect(stops.length, address).toBeGreaterThan(4);
      expect(stops[0]).toMatch(/Skip to the content/);
    }
  });
});

it("keeps German words within their buttons on a phone", { timeout: 60_000 }, async () => {
  const page = await tablet({ viewport: { width: 390, height: 844 } });
  await page.evaluate(() => window.localStorage.setItem("wince.language", "de"));
  await page.reload();
  const { dora, bo } = home.people;
  for (const address of ["", "residents", `r/${dora.id}`, `capture/${dora.id}`, `observe/${bo.id}`, `a/${home.made.at(-1).id}`, `relief/${dora.id}`, "home", "admin", "me"]) {
    await show(page, address);
    expect(await sideways(page), address).toEqual([]);
    expect(await stickOut(page), address).toEqual([]);
  }
  await page.context().close();
});

describe("without signing in", () => {
  it.each(["", "invited/not-a-token"])("the screen at #/%s passes axe, has targets for fingers and fits 320 pixels", { timeout: 60_000 }, async (address) => {
    const page = await openPage(browser, server, { viewport: { width: 320, height: 640 } });
    await show(page, address);
    expect(await axeInBoth(page)).toEqual([]);
    expect(await smallTargets(page)).toEqual([]);
    expect(await sideways(page)).toEqual([]);
    expect((await tabThrough(page)).wrong).toEqual([]);
    await page.context().close();
  });
});

/** Words on the page that did not come from a catalogue: in the made-up language every one of those is turned round. */
function english(page) {
  return page.evaluate(() => {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const { textContent, parentElement } = walk.currentNode;
      if (parentElement.closest("script, style, svg, [hidden], option, [lang], [translate=no]")) continue;
      // The server's own words, such as a scale's or somebody's name, stay as they are: they are in elements that hold no message.
      if (textContent.includes("\u202e")) continue;
      if (/^(Sign|Assess|Round|Residents|Practice|Start|Save|Cancel|Add|Back|Open|Nobody|Nothing|There|You|The server)\b/.test(textContent.trim())) found.push(textContent.trim().slice(0, 80));
    }
    return found;
  });
}
