import { signal } from "@preact/signals";
import { IntlMessageFormat } from "intl-messageformat";

import type { Catalogue } from "./catalogue";
import type { Messages } from "./messages.gen";

export type Key = keyof Messages;

/** The messages that take nothing. */
export type PlainKey = { [K in Key]: Messages[K] extends null ? K : never }[Key];

/** What a message takes, for functions that hand a key on. */
export type ArgumentsOf<K extends Key> = Messages[K] extends null ? [] : [Messages[K]];

/** The languages that can be chosen, each in its own words. */
export const languages = { en: "English", de: "Deutsch", fr: "Français", es: "Español", nl: "Nederlands" } as const;
export type Language = keyof typeof languages | "ar-XB"; // the last is the made-up one of the tests

const loaders: Record<Language, () => Promise<Catalogue>> = {
  en: async () => (await import("virtual:messages/en")).default,
  de: async () => (await import("virtual:messages/de")).default,
  fr: async () => (await import("virtual:messages/fr")).default,
  es: async () => (await import("virtual:messages/es")).default,
  nl: async () => (await import("virtual:messages/nl")).default,
  "ar-XB": async () => (await import("./pseudo")).pseudo((await import("virtual:messages/en")).default),
};

interface Spoken {
  language: Language;
  locale: string; // for Intl: the browser's own where it is of the same language
  messages: Catalogue;
  formats: Map<string, IntlMessageFormat>;
}

const spoken = signal<Spoken>({ language: "en", locale: "en-GB", messages: {}, formats: new Map() });

const kept = "wince.language";

function isLanguage(x: string | null): x is Language {
  return x !== null && Object.hasOwn(loaders, x);
}

/** The tablet's language: what was chosen on it, else the first of the browser's that there is. */
export function preferred(chosen: string | null, wanted: readonly string[]): Language {
  if (isLanguage(chosen)) return chosen;
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0] ?? "";
    if (language !== "ar" && isLanguage(language)) return language;
  }
  return "en";
}

function localeOf(language: Language): string {
  if (language === "ar-XB") return "en-GB"; // numbers stay readable for who tests
  return navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? (language === "en" ? "en-GB" : language);
}

/** Loads a language and shows the page in it. */
export async function speak(language: Language) {
  const messages = await loaders[language]();
  spoken.value = { language, locale: localeOf(language), messages, formats: new Map() };
  const html = document.documentElement;
  html.lang = language === "ar-XB" ? "ar" : language;
  html.dir = language === "ar-XB" ? "rtl" : "ltr";
}

/** Chooses the tablet's language for now and later. */
export async function chooseLanguage(language: Language) {
  await speak(language);
  localStorage.setItem(kept, language);
}

/** Shows the page in the tablet's language; in English where that cannot be loaded. */
export async function startLanguage() {
  const language = preferred(localStorage.getItem(kept), navigator.languages);
  try {
    await speak(language);
  } catch {
    await speak("en");
  }
}

export const language = () => spoken.value.language;
/** The BCP 47 tag for Intl. */
export const locale = () => spoken.value.locale;

function format(key: string, values: Record<string, unknown> | undefined): string | undefined {
  const { messages, formats, locale } = spoken.value;
  const message = messages[key];
  if (message === undefined || typeof message === "string") return message;
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new IntlMessageFormat(message, locale)));
  return String(made.format(values as Record<string, string>));
}

/** A message in the page's language. Whatever draws with it is drawn anew when the language changes. */
export function t<K extends Key>(key: K, ...values: ArgumentsOf<K>): string {
  return format(key, values[0] ?? undefined) ?? key;
}

/** A message whose key is made of what the server sent, such as a reason's code; otherwise what it is called there. */
export function tOr(key: string, otherwise: string, values?: Record<string, string | number>): string {
  return format(key, values) ?? otherwise;
}
