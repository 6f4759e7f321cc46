// What a tap on a notice does, apart from the worker itself so that it can be tested.

/** What the worker says to a page that is to show the round. */
const toRound = "round";

/**
 * Brings the app to the front, or opens it. The page goes to the round by itself, and does not while an assessment is under
 * way in it: nothing that was entered is lost for a tap.
 */
export async function openRound(clients: Clients): Promise<void> {
  const pages = await clients.matchAll({ type: "window" });
  const page = pages.find((p) => p.focused) ?? pages.find((p) => p.visibilityState === "visible") ?? pages[0];
  if (!page) {
    await clients.openWindow("/#/");
    return;
  }
  page.postMessage(toRound);
  await page.focus();
}
