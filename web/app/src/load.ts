import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { sentence } from "./api/request";
import { asOf } from "./offline/source";

export interface Loaded<T> {
  value: Signal<T | null>;
  /** The sentence of what went wrong at the last try; what was read before stays. */
  wrong: Signal<string>;
  /** When the value was read, in ms since 1970. */
  at: Signal<number>;
  busy: Signal<boolean>;
  again: () => void;
}

/**
 * Loads something for a screen: the value, or the sentence of what went wrong, and a way to try again. With `every` it is
 * read anew after so many ms, and when the page is looked at again. A new key means another thing: the old is forgotten.
 */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, key: string, every?: number): Loaded<T> {
  const value = useSignal<T | null>(null);
  const wrong = useSignal("");
  const at = useSignal(0);
  const busy = useSignal(true);
  const turn = useSignal(0);
  useEffect(() => {
    value.value = null;
  }, [key]);
  useEffect(() => {
    const ends = new AbortController();
    busy.value = true;
    load(ends.signal).then(
      (v) => {
        if (ends.signal.aborted) return;
        value.value = v;
        at.value = asOf.peek() ?? Date.now(); // what the tablet kept is no fresher for being read again
        wrong.value = "";
        busy.value = false;
      },
      (e: unknown) => {
        if (ends.signal.aborted) return;
        wrong.value = sentence(e);
        busy.value = false;
      },
    );
    return () => ends.abort();
    // load is made anew at every drawing; what it depends on is in the key
  }, [key, turn.value]);
  const again = () => turn.value++;
  useEffect(() => {
    if (!every) return;
    const timer = window.setInterval(() => {
      if (!document.hidden) again();
    }, every);
    const looked = () => {
      if (!document.hidden && Date.now() - at.value > every / 4) again();
    };
    document.addEventListener("visibilitychange", looked);
    window.addEventListener("focus", looked);
    window.addEventListener("online", looked);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", looked);
      window.removeEventListener("focus", looked);
      window.removeEventListener("online", looked);
    };
  }, [every]);
  return { value, wrong, at, busy, again };
}
