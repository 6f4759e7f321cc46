// What every screen is checked for beside axe: targets large enough for a finger in a glove, no scrolling sideways, a focus
// that can be seen and goes the way the eye does.

/** Controls smaller than 48 by 48 CSS pixels. Links within a sentence are exempt, as WCAG 2.5.8 exempts them. */
export function smallTargets(page) {
  return page.evaluate(() => {
    const least = 47.5; // halves of a pixel are rounding
    const found = [];
    for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=button], [role=tab], [role=radio], [role=checkbox]")) {
      // What is drawn of a control may be its label.
      const label = e.labels?.length ? [...e.labels].find((l) => l.contains(e)) : null;
      const boxes = [e, label].filter(Boolean).map((x) => x.getBoundingClientRect());
      const style = getComputedStyle(e);
      if (e.closest("[inert], [hidden], dialog:not([open])") || style.visibility === "hidden" || boxes.every((b) => b.width === 0 || b.height === 0)) continue;
      const within = e.tagName === "A" && style.display === "inline" && e.closest("p, li, td, dd") && e.closest("p, li, td, dd").textContent.trim() !== e.textContent.trim();
      if (within || e.matches(".skip")) continue;
      if (!boxes.some((b) => b.width >= least && b.height >= least))
        found.push(`${e.outerHTML.slice(0, 120)} is ${boxes.map((b) => `${Math.round(b.width)} x ${Math.round(b.height)}`).join(" and ")}`);
    }
    return found;
  });
}

/** By how many pixels the page scrolls sideways, and what sticks out. */
export function sideways(page) {
  return page.evaluate(() => {
    const root = document.scrollingElement;
    const over = root.scrollWidth - root.clientWidth;
    if (over <= 0) return [];
    const right = (e) => (document.dir === "rtl" ? -e.getBoundingClientRect().left : e.getBoundingClientRect().right - root.clientWidth);
    const out = [...document.body.querySelectorAll("*")].filter((e) => right(e) > 1 && !e.closest("svg"));
    return [`the page scrolls ${over} px sideways: ${out.slice(-3).map((e) => e.outerHTML.slice(0, 100)).join(" | ")}`];
  });
}

/** Words that stick out of what they stand in, as a label does that is too long for its button. */
export function stickOut(page) {
  return page.evaluate(() => {
    const found = [];
    for (const e of document.querySelectorAll("main *, .rail *, header *")) {
      if (!e.textContent.trim() || e.closest("svg, table, .unseen, .only-print, option, .pills")) continue;
      const s = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      const around = e.parentElement.getBoundingClientRect();
      const meant = /absolute|fixed/.test(s.position) || parseFloat(s.marginInlineStart) < 0 || parseFloat(s.marginInlineEnd) < 0;
      if (meant || box.width < 2 || box.height < 2 || around.width < 2) continue;
      const by = Math.max(box.right - around.right, around.left - box.left);
      if (by > 1.5) found.push(`"${e.textContent.trim().slice(0, 40)}" sticks out by ${Math.round(by)} px`);
    }
    return found;
  });
}

/** What is not wholly in view without scrolling, or lies behind something else at a corner; what is not there at all is wrong, too. */
export function covered(page, ...wanted) {
  return page.evaluate((wanted) => {
    const found = [];
    for (const selector of wanted) {
      const all = [...document.querySelectorAll(selector)];
      if (all.length === 0) found.push(`there is no ${selector}`);
      for (const e of all) {
        const b = e.getBoundingClientRect();
        const said = `${selector} "${e.textContent.trim().slice(0, 30)}" of ${window.innerWidth} x ${window.innerHeight}`;
        if (b.top < 0 || b.left < 0 || b.bottom > window.innerHeight || b.right > window.innerWidth) found.push(`${said} is not wholly in view: ${Math.round(b.top)} to ${Math.round(b.bottom)}`);
        const edge = 5; // within a round corner
        const corners = [[b.left + edge, b.top + edge], [b.right - edge, b.top + edge], [b.left + edge, b.bottom - edge], [b.right - edge, b.bottom - edge]];
        for (const [x, y] of corners) {
          const top = document.elementFromPoint(x, y);
          if (!e.contains(top)) found.push(`${said} is covered at ${Math.round(x)}, ${Math.round(y)} by ${top?.outerHTML.slice(0, 60)}`);
        }
      }
    }
    return found;
  }, wanted);
}

/** Presses Tab through the whole page and returns what was focused, in order, with what is wrong with it. */
export async function tabThrough(page, most = 120) {
  const stops = [];
  const wrong = [];
  await page.evaluate(() => {
    // Tab goes on from where the focus was last: begin before the first element.
    const start = document.createElement("span");
    start.tabIndex = -1;
    start.id = "start-of-tabs";
    document.body.prepend(start);
    start.focus();
    window.stops = [];
  });
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(async () => {
      document.getElementById("start-of-tabs")?.remove();
      await Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined)));
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      if (window.stops.includes(e)) return "again";
      window.stops.push(e);
      const b = e.getBoundingClientRect();
      const s = getComputedStyle(e);
      const around = e.labels?.[0] ? getComputedStyle(e.labels[0]) : s;
      const drawn = (x) => (x.outlineStyle !== "none" && parseFloat(x.outlineWidth) >= 2) || x.boxShadow !== "none";
      const name = (e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent ?? e.textContent ?? "").trim().slice(0, 60);
      const at = e.labels?.[0] ?? e;
      const box = at.getBoundingClientRect();
      // WCAG 2.4.11: not entirely hidden by something else.
      const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5]].map(([x, y]) => [box.left + box.width * x, box.top + box.height * y]);
      const seen = points.some(([x, y]) => {
        const top = document.elementFromPoint(x, y);
        return top && (at.contains(top) || top.contains(at));
      });
      const inOrder = window.stops.length < 2 || !!(window.stops.at(-2).compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
      return { tag: e.tagName.toLowerCase(), name, shown: drawn(s) || drawn(around), seen, inOrder, empty: b.width === 0, tabIndex: e.tabIndex };
    });
    if (stop === null || stop === "again") break;
    stops.push(`${stop.tag} ${stop.name}`);
    if (!stop.shown) wrong.push(`${stop.tag} "${stop.name}" shows no focus`);
    if (!stop.seen) wrong.push(`${stop.tag} "${stop.name}" has the focus and is covered`);
    if (!stop.inOrder) wrong.push(`${stop.tag} "${stop.name}" comes out of order`);
    if (stop.tabIndex > 0) wrong.push(`${stop.tag} "${stop.name}" has a tabindex of its own`);
  }
  return { stops, wrong };
}

/** Opens a screen of the app and waits until it is there. */
export async function show(page, address) {
  await page.evaluate(async (a) => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    if (location.hash === a || (a === "#/" && location.hash === "")) return;
    const changed = new Promise((done) => window.addEventListener("hashchange", done, { once: true }));
    location.hash = a;
    await changed;
    await frame(); // the page draws the new screen, or begins to fetch it
    await frame();
  }, `#/${address}`);
  await settled(page);
}

export async function settled(page) {
  const drawn = page.waitForFunction(
    () =>
      document.querySelector("h1, main h2") &&
      !document.querySelector(".skeleton") &&
      document.fonts.status === "loaded" &&
      performance.now() - (performance.getEntriesByType("resource").at(-1)?.responseEnd ?? 0) > 250,
    null,
    { timeout: 15_000 },
  );
  await drawn.catch(async (e) => {
    const seen = await page.evaluate(() => ({
      address: location.href,
      heading: document.querySelector("h1, main h2")?.textContent,
      waiting: document.querySelectorAll(".skeleton").length,
      fonts: document.fonts.status,
      last: performance.getEntriesByType("resource").at(-1)?.name,
      page: document.body.innerText.slice(0, 300),
    }));
    throw new Error(`${e.message} ${JSON.stringify(seen)}`);
  });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}
