// Turns the catalogues of src/i18n into modules: ICU messages are parsed here, so that the page needs no parser, and what a
// language lacks is filled in from English. It also writes the type of every message's arguments.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { parse, TYPE } from "@formatjs/icu-messageformat-parser";

const root = resolve(import.meta.dirname, "../src/i18n");

/** The languages that have a folder of their own; English comes first, and a test holds the others to it. */
export const languages = ["en", "de", "fr", "es", "nl"];

// What the server says in English: the built-in scales' words, the camera's reasons and the sentences of problems.
const serverSays = /^(wording|evidence|problem)\./;

/** Reads a language's catalogues: {"round.title": "…"}, the file's name before the dot. */
export function read(language) {
  const all = {};
  const dir = join(root, language);
  for (const file of readdirSync(dir).sort()) {
    if (!file.endsWith(".json")) continue;
    const feature = file.slice(0, -".json".length);
    const messages = JSON.parse(readFileSync(join(dir, file), "utf8"));
    for (const [key, message] of Object.entries(messages)) all[`${feature}.${key}`] = message;
  }
  return all;
}

function parsed(key, message) {
  try {
    return parse(message, { captureLocation: false, ignoreTag: true, shouldParseSkeletons: true });
  } catch (e) {
    throw new Error(`message ${key}: ${e.message} in ${JSON.stringify(message)}`, { cause: e });
  }
}

/** A message as the page gets it: plain text where there is nothing to fill in, else its parts. */
export function compile(key, message) {
  const parts = parsed(key, message);
  if (parts.every((p) => p.type === TYPE.literal)) return parts.map((p) => p.value).join("");
  return parts;
}

/** The arguments that a message takes, with their types in TypeScript. */
export function argumentsOf(key, message) {
  const found = {};
  const walk = (parts) => {
    for (const p of parts) {
      if (p.type === TYPE.argument) found[p.value] ??= "string | number";
      else if (p.type === TYPE.number || p.type === TYPE.plural) found[p.value] = "number";
      else if (p.type === TYPE.select) found[p.value] = "string";
      else if (p.type === TYPE.date || p.type === TYPE.time) found[p.value] = "Date | number";
      if (p.options) Object.values(p.options).forEach((o) => walk(o.value));
    }
  };
  walk(parsed(key, message));
  return found;
}

/** Writes the type of every message, which tsc then holds each use to. */
export function writeTypes() {
  const lines = Object.entries(read("en")).map(([key, message]) => {
    const takes = Object.entries(argumentsOf(key, message)).map(([name, type]) => `${name}: ${type}`);
    return `  ${JSON.stringify(key)}: ${takes.length ? `{ ${takes.join("; ")} }` : "null"};`;
  });
  const text = `// Made from src/i18n/en by build/messages.mjs.\nexport interface Messages {\n${lines.join("\n")}\n}\n`;
  const file = join(root, "messages.gen.ts");
  let old = "";
  try {
    old = readFileSync(file, "utf8");
  } catch {
    // the first time
  }
  if (old !== text) writeFileSync(file, text);
}

/** The Vite plugin: "virtual:messages/de" is German, with English where it lags. */
export function messages() {
  const prefix = "virtual:messages/";
  return {
    name: "messages",
    enforce: "pre",
    buildStart: writeTypes,
    configureServer(server) {
      server.watcher.add(root);
      server.watcher.on("change", (file) => {
        if (!file.startsWith(root) || !file.endsWith(".json")) return;
        writeTypes();
        server.moduleGraph.invalidateAll();
        server.ws.send({ type: "full-reload" });
      });
    },
    resolveId(id, importer) {
      if (id.startsWith(prefix)) return "\0" + id;
      // Everything is parsed already: the parser stays out of the page.
      if (id === "@formatjs/icu-messageformat-parser" && importer !== import.meta.filename) return this.resolve("@formatjs/icu-messageformat-parser/no-parser.js");
    },
    load(id) {
      if (!id.startsWith("\0" + prefix)) return;
      const language = id.slice(prefix.length + 1);
      const all = { ...read("en"), ...read(language) };
      // The server speaks English itself: of these the English page needs no copy.
      const needed = Object.entries(all).filter(([key]) => language !== "en" || !serverSays.test(key));
      const made = Object.fromEntries(needed.map(([key, message]) => [key, compile(key, message)]));
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(made))});`;
    },
  };
}

if (process.argv[1] === import.meta.filename) writeTypes();
