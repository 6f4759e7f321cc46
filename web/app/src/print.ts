import { appearance, shownDark } from "./appearance";

/** Prints the page in the light: paper is white, and plots are drawn anew for it first. */
export function printPage() {
  const before = appearance.value;
  const wasDark = shownDark.value;
  if (wasDark) appearance.value = "light";
  // Plots draw in the frame after the change.
  window.setTimeout(
    () => {
      window.print();
      appearance.value = before;
    },
    wasDark ? 300 : 0,
  );
}
