// Makes the icons in public/icons from the two SVG files there are.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { openBrowser } from "./stage.mjs";

const dir = resolve(import.meta.dirname, "../public");
const browser = await openBrowser();
try {
  for (const [from, to, size] of [
    ["favicon.svg", "192.png", 192],
    ["favicon.svg", "512.png", 512],
    ["icons/maskable.svg", "maskable-512.png", 512],
    ["icons/maskable.svg", "apple-180.png", 180],
  ]) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    const svg = readFileSync(join(dir, from)).toString("base64");
    await page.setContent(`<style>body{margin:0}img{display:block}</style><img width=${size} height=${size} src="data:image/svg+xml;base64,${svg}">`);
    await page.locator("img").evaluate((i) => i.decode());
    await page.screenshot({ path: join(dir, "icons", to), omitBackground: true });
    await page.close();
  }
} finally {
  await browser.close();
}
