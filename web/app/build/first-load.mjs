// The script that a tablet loads before the first screen is there, from the built files alone: the page's entry with all that
// it imports, the largest language and the largest of the first screens.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export const budget = 150 * 1024;

const statics = /(?:^|[;}\s])import\s*(?:[\w$*{},\s]+?from\s*)?["']\.\/([^"']+\.js)["']/g;

/** A file with all that it imports at once, without what it loads later. */
function closure(assets, name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, next] of readFileSync(join(assets, name), "utf8").matchAll(statics)) closure(assets, next, found);
  return found;
}

/** Returns the files of a first load with their compressed sizes, and their sum. */
export function firstLoad(dist) {
  const assets = join(dist, "assets");
  if (!existsSync(join(dist, "index.html"))) throw new Error(`there is no page in ${dist}: run npm run build`);
  const html = readFileSync(join(dist, "index.html"), "utf8");
  const entries = [...html.matchAll(/assets\/([^"']+\.js)/g)].map((m) => m[1]);
  if (entries.length === 0) throw new Error("the page loads no script");
  const size = (name) => gzipSync(readFileSync(join(assets, name)), { level: 9 }).length;
  const files = new Set(entries.flatMap((e) => [...closure(assets, e)]));
  const all = readdirSync(assets).filter((f) => f.endsWith(".js"));
  // Which of these comes first depends on the tablet: count the worst.
  for (const kind of [/^(en|de|fr|es|nl)-/, /^(signin|round|setup)-/]) {
    const worst = all
      .filter((f) => kind.test(f))
      .map((f) => [...closure(assets, f)].filter((x) => !files.has(x)))
      .sort((a, b) => sum(b) - sum(a))[0];
    worst?.forEach((f) => files.add(f));
  }
  function sum(names) {
    return names.reduce((s, n) => s + size(n), 0);
  }
  const list = [...files].map((name) => ({ name, bytes: size(name) })).sort((a, b) => b.bytes - a.bytes);
  return { files: list, bytes: sum([...files]) };
}
