// Key screens against pictures that somebody has looked at (e2e/pictures). `make visual-update` takes them anew; what differs is
// written to build/visual, to be looked at.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { afterAll, beforeAll, expect, it } from "vitest";

import { show } from "./checks.mjs";
import { administrator, furnish } from "./home.mjs";
import { name, openBrowser, openPage, password, startServer } from "./stage.mjs";
import { pinned, still } from "./still.mjs";

const pictures = resolve(import.meta.dirname, "pictures");
const differ = resolve(import.meta.dirname, "../../../build/visual");
// Two machines with the same fonts draw edges a little differently; a button that moved is a hundred times that.
const share = 0.004;

const views = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  upright: { viewport: { width: 768, height: 1024 }, colorScheme: "light" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light" },
};

let server, admin, home, browser;

beforeAll(async () => {
  rmSync(differ, { recursive: true, force: true });
  server = await startServer();
  admin = await administrator(server);
  home = await furnish(server, admin);
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await admin?.close();
  await server?.stop();
});

const screens = [
  ["sign-in", ["light", "dark", "phone"], null],
  ["round", ["light", "dark", "upright", "phone"], () => ""],
  ["resident", ["light", "dark", "upright"], () => `r/${home.people.dora.id}`],
  ["observe", ["upright", "dark"], () => `observe/${home.people.bo.id}?condition=rest&scale=painad`],
  ["assessment", ["light", "upright"], () => `a/${home.made.at(-1).id}`],
  ["camera", ["light", "phone"], () => `capture/${home.people.dora.id}`],
];
const cases = screens.flatMap(([screen, of, address]) => of.map((view) => [screen, view, address]));

it.each(cases)("%s looks as it did, %s", { timeout: 60_000 }, async (screen, view, address) => {
  const page = await openPage(browser, server, { ...views[view], reducedMotion: "reduce", timezoneId: "Europe/Berlin" });
  await still(page);
  if (address) {
    const r = await page.request.post(`${server.url}/api/v1/login`, { data: { name, password } });
    expect(r.ok()).toBe(true);
  }
  await page.reload();
  await show(page, address ? address() : "");
  await pinned(page);
  compare(`${screen}-${view}`, PNG.sync.read(await page.screenshot()));
  await page.context().close();
});

function compare(title, now) {
  const file = join(pictures, `${title}.png`);
  if (process.env.UPDATE) {
    mkdirSync(pictures, { recursive: true });
    writeFileSync(file, PNG.sync.write(now, { colorType: 2, deflateLevel: 9, deflateStrategy: 0, filterType: 0 }));
    return;
  }
  expect(existsSync(file), `there is no picture ${title} to compare with: run make visual-update and look at it`).toBe(true);
  const before = PNG.sync.read(readFileSync(file));
  expect([now.width, now.height], `${title} has another size`).toEqual([before.width, before.height]);
  const difference = new PNG({ width: now.width, height: now.height });
  const count = pixelmatch(before.data, now.data, difference.data, now.width, now.height, { threshold: 0.2 });
  const most = share * now.width * now.height;
  if (count > most) {
    mkdirSync(differ, { recursive: true });
    writeFileSync(join(differ, `${title}.png`), PNG.sync.write(now));
    writeFileSync(join(differ, `${title}-difference.png`), PNG.sync.write(difference));
  }
  expect(count, `${title} looks different: see build/visual/${title}-difference.png; if that is meant, run make visual-update`).toBeLessThanOrEqual(most);
}
