import { describe, expect, it } from "vitest";

import { cacheName, clean, fileFor, fill, type Build } from "./files";

/** Cache Storage as far as it is used here. */
class Caches {
  readonly all = new Map<string, Map<string, Response>>();
  keys = () => Promise.resolve([...this.all.keys()]);
  delete = (name: string) => Promise.resolve(this.all.delete(name));
  match = (path: string) => Promise.resolve([...this.all.values()].map((c) => c.get(path)).find((r) => r));
  open = (name: string) => {
    const files = this.all.get(name) ?? new Map<string, Response>();
    this.all.set(name, files);
    return Promise.resolve({
      match: (path: string) => Promise.resolve(files.get(path)),
      put: (path: string, r: Response) => Promise.resolve(void files.set(path, r)),
    });
  };
}

const storage = (c: Caches) => c as unknown as CacheStorage;
// Node's Request wants whole addresses.
class Asked extends Request {
  constructor(path: string, init: RequestInit) {
    super(new URL(path, "https://wince.test"), init);
  }
}
Object.assign(globalThis, { Request: Asked });

const first: Build = { version: "1", files: { "/": "sha256-a", "/assets/app-1.js": "sha256-b", "/assets/same-1.js": "sha256-c" } };
const second: Build = { version: "2", files: { "/": "sha256-d", "/assets/app-2.js": "sha256-e", "/assets/same-1.js": "sha256-c" } };

function server(except = "") {
  const asked: string[] = [];
  const fetch = (r: Request) => {
    const { pathname } = new URL(r.url);
    asked.push(`${pathname} ${r.integrity}`);
    return Promise.resolve(new Response(pathname, { status: pathname === except ? 404 : 200 }));
  };
  return { asked, fetch };
}

describe("the page's files", () => {
  it("are fetched with their hashes, and only those that an older build lacks", async () => {
    const caches = new Caches();
    await fill(first, storage(caches), server().fetch);
    const { asked, fetch } = server();
    await fill(second, storage(caches), fetch);
    expect(asked.sort()).toEqual(["/ sha256-d", "/assets/app-2.js sha256-e"]);
    expect([...(caches.all.get(cacheName(second))?.keys() ?? [])].sort()).toEqual(["/", "/assets/app-2.js", "/assets/same-1.js"]);
  });

  it("are kept all or not at all", async () => {
    const caches = new Caches();
    await fill(first, storage(caches), server().fetch);
    await expect(fill(second, storage(caches), server("/assets/app-2.js").fetch)).rejects.toThrow("404");
    expect([...caches.all.keys()]).toEqual([cacheName(first)]);
  });

  it("of older builds are removed, and nobody else's", async () => {
    const caches = new Caches();
    await fill(first, storage(caches), server().fetch);
    await fill(second, storage(caches), server().fetch);
    await caches.open("somebody's");
    expect(await clean(second, storage(caches))).toBe(true);
    expect(await clean(second, storage(caches))).toBe(false);
    expect([...caches.all.keys()]).toEqual([cacheName(second), "somebody's"]);
  });
});

it.each([
  ["GET", "navigate", "/", "/"],
  ["GET", "navigate", "/?from=home", "/"],
  ["GET", "navigate", "/#/r/1", "/"],
  ["GET", "no-cors", "/assets/app-1.js", "/assets/app-1.js"],
  ["GET", "navigate", "/api/v1/login/provider", null],
  ["GET", "cors", "/api/v1/due", null],
  ["POST", "cors", "/api/v1/assessments", null],
  ["GET", "cors", "/fhir/Patient", null],
  ["GET", "cors", "/healthz", null],
  ["GET", "cors", "/", null],
  ["GET", "no-cors", "/assets/app-0.js", null],
  ["GET", "no-cors", "https://elsewhere.test/assets/app-1.js", null],
])("%s %s %s is answered with %s", (method, mode, url, path) =>
  expect(fileFor(first, { method, mode, url: new URL(url, "https://wince.test").href }, "https://wince.test")).toBe(path),
);
