import { signal } from "@preact/signals";

/** The address after the #/, split at slashes. It never reaches the server, nor its log. */
export const route = signal(read());

function read(): string[] {
  return location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
}

window.addEventListener("hashchange", () => {
  route.value = read();
  window.scrollTo(0, 0);
});

export function go(to: string) {
  location.hash = `#/${to}`;
}
