import { signal } from "@preact/signals";

export interface Route {
  path: string[];
  query: URLSearchParams;
}

/** The address after the #/: its parts and what follows the question mark. It never reaches the server, nor its log. */
export const route = signal(read());

function read(): Route {
  const [before = "", after = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = before.split("/").filter((p, i) => p !== "" || i === 0);
  let path = parts;
  try {
    path = parts.map(decodeURIComponent);
  } catch {
    // a stray % in an address that somebody typed
  }
  return { path, query: new URLSearchParams(after) };
}

window.addEventListener("hashchange", () => {
  route.value = read();
  window.scrollTo(0, 0);
});

/** An address within the app: to("r", id) is "#/r/…". What is undefined in the query is left out. */
export function to(...parts: (string | Record<string, string | undefined>)[]): string {
  const last = parts[parts.length - 1];
  const query = new URLSearchParams();
  if (typeof last === "object") for (const [k, v] of Object.entries(last)) if (v !== undefined && v !== "") query.set(k, v);
  const path = parts.filter((p) => typeof p === "string").map((p) => encodeURIComponent(p)).join("/");
  return `#/${path}${query.size > 0 ? `?${query.toString()}` : ""}`;
}

export function go(address: string) {
  location.hash = address;
}

/** Goes on to another screen without one to come back to. */
export function replace(address: string) {
  history.replaceState(null, "", address);
  window.dispatchEvent(new Event("hashchange"));
}
