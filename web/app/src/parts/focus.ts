import { useEffect, useRef } from "preact/hooks";

/**
 * Lets a keyboard or a screen reader go on in the screen when what had the focus is gone with a change of it: the browser
 * would begin again at the top of the page. Whatever took the focus by itself keeps it. `at` are the places to go on from, the
 * best first; without one that is there it is the screen as a whole.
 */
export function useFocusHeld(stage: unknown, at: string[] = []) {
  const before = useRef(stage);
  const put = useRef<HTMLElement | null>(null); // where the focus was put last: it goes on from there too
  useEffect(() => {
    if (before.current === stage) return;
    before.current = stage;
    const now = document.activeElement;
    const main = document.getElementById("main");
    if (now && now !== document.body && now !== main && now !== put.current && now.checkVisibility()) return;
    const to = at.map((a) => document.querySelector<HTMLElement>(a)).find((e) => e?.checkVisibility()) ?? main;
    put.current = to;
    to?.focus({ preventScroll: true });
  }, [stage]);
}
