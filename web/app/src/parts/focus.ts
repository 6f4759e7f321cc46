import { useEffect, useRef } from "preact/hooks";

/**
 * Lets a keyboard or a screen reader go on in the screen when what had the focus is gone with a change of it: the browser
 * would begin again at the top of the page. Whatever took the focus by itself keeps it.
 */
export function useFocusHeld(stage: unknown) {
  const before = useRef(stage);
  useEffect(() => {
    if (before.current === stage) return;
    before.current = stage;
    const now = document.activeElement;
    if (now && now !== document.body && now.checkVisibility()) return;
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [stage]);
}
