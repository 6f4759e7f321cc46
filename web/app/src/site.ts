import { signal } from "@preact/signals";

import { source } from "./api/source";
import type { Site } from "./model";

const kept = "wince.site";

/** The sites of whoever is signed in. */
export const sites = signal<Site[]>([]);
/** The one that is looked at, by its id; null for the only one. */
export const site = signal<string | null>(null);

export async function loadSites() {
  const list = await source.value.sites();
  const last = localStorage.getItem(kept);
  sites.value = list;
  site.value = list.length < 2 ? null : (list.find((s) => s.id === last) ?? list[0])?.id ?? null;
}

export function chooseSite(id: string) {
  site.value = id;
  localStorage.setItem(kept, id);
}
