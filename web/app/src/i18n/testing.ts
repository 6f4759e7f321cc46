import { vi } from "vitest";

import { type Language, speak } from ".";

/** What the page's words need of a browser. */
export function stubBrowser(html: { lang: string; dir: string } = { lang: "", dir: "" }) {
  vi.stubGlobal("document", { documentElement: html });
  vi.stubGlobal("navigator", { languages: ["en-GB"] });
}

/** Lets a unit test read the page's words, in English if not said otherwise. */
export async function speaking(language: Language = "en") {
  stubBrowser();
  await speak(language);
}
