// Pages that look the same whenever they are drawn: it is always the same morning, whatever the server's clock says, in a
// font that every machine of the tests has.

/** The moment that all pictures show. */
export const moment = new Date("2026-03-04T09:30:00Z");

const stamp = /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"/g;
const step = 5 * 60_000; // what was made some seconds earlier or later is of the same time

/** Moves the server's times to the moment. What is due now is due then. */
export async function still(page) {
  const context = page.context();
  const now = Date.now();
  await page.clock.setFixedTime(moment);
  await context.route("**/api/v1/**", async (route) => {
    const moved = (_, at) => JSON.stringify(new Date(moment.getTime() + Math.round((Date.parse(at) - now) / step) * step));
    try {
      const answer = await route.fetch();
      if (!(answer.headers()["content-type"] ?? "").includes("json")) return await route.fulfill({ response: answer });
      return await route.fulfill({ response: answer, body: (await answer.text()).replace(stamp, moved) });
    } catch { // the page was closed meanwhile; one that is still there gets no answer, and shows it
      return route.abort().catch(() => undefined);
    }
  });
}

/** The same letters everywhere, no caret, nothing that moves. */
export async function pinned(page) {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('*, ::before, ::after { font-family: "DejaVu Sans" !important; caret-color: transparent !important; animation: none !important; transition: none !important; }');
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    document.activeElement?.blur();
  });
  await page.evaluate(() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))));
}
