import { type MessageFormatElement, TYPE } from "@formatjs/icu-messageformat-parser";

import type { Catalogue } from "./catalogue";

const accents: Record<string, string> = { a: "á", e: "é", i: "í", o: "ó", u: "ú", A: "Á", E: "É", I: "Í", O: "Ó", U: "Ú" };

// Right-to-left override and its end, as in the pseudo-locale ar-XB of browsers: English that runs the other way.
function turned(text: string): string {
  return text.replace(/[^\s]+/g, (word) => `\u202e${word.replace(/[aeiouAEIOU]/g, (c) => accents[c] ?? c)}\u202c`);
}

function turnedParts(parts: MessageFormatElement[]): MessageFormatElement[] {
  return parts.map((p) => {
    if (p.type === TYPE.literal) return { ...p, value: turned(p.value) };
    if (p.type === TYPE.plural || p.type === TYPE.select) {
      const options = Object.fromEntries(Object.entries(p.options).map(([name, o]) => [name, { ...o, value: turnedParts(o.value) }]));
      return { ...p, options };
    }
    return p;
  });
}

/** A made-up language that runs from right to left, made from English: it shows what was left out of the catalogues. */
export function pseudo(english: Catalogue): Catalogue {
  return Object.fromEntries(Object.entries(english).map(([key, m]) => [key, typeof m === "string" ? turned(m) : turnedParts(m)]));
}
