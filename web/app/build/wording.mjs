// Writes the built-in scales' words into the English catalogue, for the other languages to say in their own: run it after a
// change to pain/scales. A test holds the catalogue to the definitions.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");
const scales = join(root, "pain/scales");

// The definitions keep to a small part of YAML (one "- id:" or "- {id: …}" for each thing), which these few lines read; what
// they cannot read would be missing in the catalogue, and the server's tests read the same files with a whole parser.
const quoted = String.raw`"[^"]*"|'[^']*'`;

// A value on a line of its own ends with the line, one between braces with a comma.
function field(text, name) {
  const line = new RegExp(String.raw`^ *${name}: (${quoted}|[^\n#]+)`, "m").exec(text);
  const found = (line ?? new RegExp(String.raw`[{ ]${name}: (${quoted}|[^,}\n]+)`).exec(text))?.[1]?.trim();
  return found?.replace(/^(["'])(.*)\1$/s, "$2");
}

function section(text, name) {
  return new RegExp(String.raw`^${name}:\n((?:[ #].*\n|\n)*)`, "m").exec(text)?.[1] ?? "";
}

const entries = (text) => text.split(/^ {2}- /m).slice(1);

/** The words of one definition, by their keys in the catalogue. */
export function wordsOf(yaml) {
  const id = field(yaml, "id");
  const words = { [`${id}.version`]: field(yaml, "version"), [`${id}.title`]: field(yaml, "title") };
  for (const item of entries(section(yaml, "items"))) {
    const [head = "", options = ""] = item.split(/^ {4}options:/m);
    const key = `${id}.item.${field(head, "id")}`;
    words[key] = field(head, "label");
    words[`${key}.ask`] = field(head, "ask");
    // Options that items share (a YAML anchor) are the scale's; a bare number needs no words.
    const shared = options.trimStart().startsWith("&");
    for (const o of options.split("- {").slice(1)) {
      const label = field(`{${o}`, "label");
      if (!/^\d+$/.test(label)) words[`${shared ? id : key}.option.${field(`{${o}`, "value")}`] = label;
    }
  }
  for (const band of entries(section(yaml, "bands"))) words[`${id}.band.${field(band, "id")}`] = field(band, "label");
  for (const type of entries(section(yaml, "types"))) words[`${id}.type.${field(type, "id")}`] = field(type, "label");
  for (const cutoff of entries(section(yaml, "cutoffs"))) words[`${id}.cutoff.${field(cutoff, "from")}`] = field(cutoff, "meaning");
  return words;
}

/** The words of every built-in scale. */
export function wording() {
  const files = readdirSync(scales).filter((f) => f.endsWith(".yaml")).sort();
  return Object.assign({}, ...files.map((f) => wordsOf(readFileSync(join(scales, f), "utf8"))));
}

/** The codes of the server's problems. */
export function problemCodes() {
  const text = ["care/error.go", "web/problem.go", "stream/errors.go"].map((f) => readFileSync(join(root, f), "utf8")).join("\n");
  return [...text.matchAll(/^\t\w+\s+(?:care\.)?Code\s+= "(\w+)"/gm)].map((m) => m[1]);
}

/** What pain/rules.yaml says of evidence: how each unit looks, and the sentences on what else explains or hides it. */
export function evidenceRules() {
  const text = readFileSync(join(root, "pain/rules.yaml"), "utf8");
  const looks = Object.fromEntries([...text.matchAll(/^ {2}(AU\d+): (.+)$/gm)].map((m) => [m[1], m[2]]));
  return { looks, say: [...text.matchAll(/(?:say|measured): "([^"]+)"/g)].map((m) => m[1]) };
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(resolve(import.meta.dirname, "../src/i18n/en/wording.json"), `${JSON.stringify(wording(), null, 2)}\n`);
}
