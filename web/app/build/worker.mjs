// Builds src/worker/sw.ts into dist/sw.js once the page is built: with the address and the hash of each of its files.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";

import { build } from "vite";

const root = resolve(import.meta.dirname, "..");

/** The page's files with their hashes as Subresource Integrity writes them; what the page does not need to start is left out. */
export function filesOf(dist) {
  const files = {};
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const address = `/${relative(dist, path).split(sep).join("/")}`;
    // Not the worker itself, and no icons and manifest: the browser asks for those when it installs the app.
    if (/^\/(sw\.js|\..*|icons\/.*|manifest\.webmanifest|.*\.(map|br|gz))$/.test(address)) continue;
    files[address === "/index.html" ? "/" : address] = `sha256-${createHash("sha256").update(readFileSync(path)).digest("base64")}`;
  }
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function worker() {
  let dist = join(root, "dist");
  return {
    name: "wince-worker",
    apply: "build",
    configResolved(config) {
      dist = resolve(config.root, config.build.outDir);
    },
    closeBundle: {
      order: "post",
      sequential: true,
      async handler(error) {
        if (error) return;
        const files = filesOf(dist);
        const version = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
        await build({
          configFile: false,
          root,
          logLevel: "warn",
          publicDir: false,
          define: { BUILD: JSON.stringify({ version, files }) },
          build: {
            outDir: dist,
            emptyOutDir: false,
            target: "es2022",
            rollupOptions: { input: join(root, "src/worker/sw.ts"), output: { format: "iife", entryFileNames: "sw.js" } },
          },
        });
      },
    },
  };
}
