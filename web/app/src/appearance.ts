import { effect, signal } from "@preact/signals";

export const appearances = ["system", "light", "dark"] as const;
export type Appearance = (typeof appearances)[number];

const kept = "wince.appearance";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function read(): Appearance {
  const said = localStorage.getItem(kept);
  return appearances.find((a) => a === said) ?? "system";
}

/** Light, dark, or as the tablet is set. */
export const appearance = signal<Appearance>(read());
const systemDark = signal(dark.matches);

/** Keeps the page in the chosen appearance. Charts draw anew when `shownDark` changes. */
export const shownDark = signal(false);

export function startAppearance() {
  dark.addEventListener("change", () => (systemDark.value = dark.matches));
  effect(() => {
    const isDark = appearance.value === "dark" || (appearance.value === "system" && systemDark.value);
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    shownDark.value = isDark;
  });
}

export function chooseAppearance(a: Appearance) {
  appearance.value = a;
  if (a === "system") localStorage.removeItem(kept);
  else localStorage.setItem(kept, a);
}
