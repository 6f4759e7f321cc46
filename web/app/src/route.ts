import { signal } from "@preact/signals";

/** The address after the #/, split at slashes. It never reaches the server, nor its log. */
export const route = signal(read());

function read(): string[] {
  const parts = location.hash.replace(/^#\/?/, "").split("/");
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return parts; // a stray % in an address that somebody typed
  }
}

window.addEventListener("hashchange", () => {
  route.value = read();
  window.scrollTo(0, 0);
});

export function go(to: string) {
  location.hash = `#/${to}`;
}
