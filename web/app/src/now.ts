import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** The time, for words such as "5 min late": it moves while it is looked at. */
export function useNow(every = 15_000): Signal<number> {
  const now = useSignal(Date.now());
  useEffect(() => {
    const tick = () => (now.value = Date.now());
    const timer = window.setInterval(tick, every);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [every]);
  return now;
}
