// Makes the pictures of docs/using.md: the round, a scale filled in by watching, and what waits without the server.
import { join, resolve } from "node:path";

import { settled, show } from "./checks.mjs";
import { administrator, furnish } from "./home.mjs";
import { name, openBrowser, openPage, password, startServer } from "./stage.mjs";
import { pinned, still } from "./still.mjs";

const docs = resolve(import.meta.dirname, "../../../docs/img");
const server = await startServer();
const browser = await openBrowser();
try {
  const admin = await administrator(server);
  const { people } = await furnish(server, admin);
  const page = await openPage(browser, server, { viewport: { width: 1024, height: 768 }, reducedMotion: "reduce", timezoneId: "Europe/Berlin" });
  await still(page);
  await page.request.post(`${server.url}/api/v1/login`, { data: { name, password } });
  await page.reload();
  const picture = async (title) => {
    await pinned(page);
    await page.screenshot({ path: join(docs, `${title}.png`) });
  };
  await show(page, "");
  await picture("round");
  const fill = async (resident, option) => {
    await show(page, `observe/${resident}?condition=rest&scale=painad`);
    const items = page.locator("fieldset.item");
    for (let i = 0; i < (await items.count()); i++) await items.nth(i).locator("label").nth(option).click();
  };
  await fill(people.bo.id, 1);
  await page.evaluate(() => document.querySelectorAll("fieldset.item")[2].scrollIntoView());
  await picture("observe");
  await page.waitForTimeout(4000); // what work without the network needs is read a moment after signing in
  await server.kill();
  for (const who of ["bo", "greta"]) {
    await fill(people[who].id, 1);
    await page.getByRole("button", { name: /^Confirm as/ }).click();
    await page.getByRole("heading", { name: "Round", level: 1 }).waitFor();
  }
  await page.evaluate(() => (window.location.hash = "#/unsent"));
  await settled(page);
  await page.locator(".toast").waitFor({ state: "detached" });
  await picture("unsent");
  await admin.close();
} finally {
  await browser.close();
  await server.stop();
}
