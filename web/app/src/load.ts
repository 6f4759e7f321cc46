import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { sentence } from "./api";

/** Loads something for a screen: the value, or the sentence of what went wrong, and a way to try again. */
export function useLoaded<T>(load: () => Promise<T>, key: string) {
  const value = useSignal<T | null>(null);
  const wrong = useSignal("");
  const round = useSignal(0);
  useEffect(() => {
    let wanted = true;
    wrong.value = "";
    load().then(
      (v) => {
        if (wanted) value.value = v;
      },
      (e: unknown) => {
        if (wanted) wrong.value = sentence(e);
      },
    );
    return () => {
      wanted = false;
    };
    // load is made anew at every drawing; what it depends on is in the key
  }, [key, round.value]);
  return { value, wrong, again: () => round.value++ };
}
