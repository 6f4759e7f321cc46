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

/** The whole seconds that are left until a time, in ms since 1970. */
export function useSecondsTo(until: number): number {
  const left = useSignal(0);
  useEffect(() => {
    const tick = () => (left.value = Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    tick();
    const timer = window.setInterval(tick, 250);
    return () => clearInterval(timer);
  }, [until]);
  return left.value;
}
