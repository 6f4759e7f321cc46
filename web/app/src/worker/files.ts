// What the service worker does with the page's files, apart from the worker itself so that it can be tested.

/** The files of one build: address -> "sha256-…", and what tells this build from others. */
export interface Build {
  version: string;
  files: Record<string, string>;
}

const prefix = "wince-page-";
export const cacheName = (build: Build) => prefix + build.version;

/** The address under which a request's file is kept; null for what is none of the worker's business. */
export function fileFor(build: Build, request: { method: string; mode: string; url: string }, origin: string): string | null {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin) return null;
  // All screens are the one page at /, behind the #. Whatever else is opened, such as the way to an identity provider, is the
  // server's, and so is every answer with records in it: those never come here.
  if (url.pathname === "/") return request.mode === "navigate" ? "/" : null;
  return url.pathname in build.files ? url.pathname : null;
}

/**
 * Fetches all files of a build, each checked against its hash, or keeps nothing: half a page is worse than the one before.
 * Files that an older build has are taken from there.
 */
export async function fill(build: Build, caches: CacheStorage, fetch: (r: Request) => Promise<Response>): Promise<void> {
  const name = cacheName(build);
  const old = await caches.keys();
  const cache = await caches.open(name);
  try {
    await Promise.all(
      Object.entries(build.files).map(async ([path, integrity]) => {
        if (await cache.match(path)) return;
        const kept = path.startsWith("/assets/") ? await caches.match(path) : undefined; // the name has the content's hash
        const answer = kept ?? (await fetch(new Request(path, { integrity, cache: "no-cache", credentials: "same-origin", redirect: "error" })));
        if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
        await cache.put(path, answer);
      }),
    );
  } catch (e) {
    if (!old.includes(name)) await caches.delete(name);
    throw e;
  }
}

/** Removes the files of other builds; says whether there were any. */
export async function clean(build: Build, caches: CacheStorage): Promise<boolean> {
  const others = (await caches.keys()).filter((n) => n.startsWith(prefix) && n !== cacheName(build));
  await Promise.all(others.map((n) => caches.delete(n)));
  return others.length > 0;
}
