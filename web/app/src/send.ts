import { type Signal, useSignal } from "@preact/signals";

import { Problem, sentence } from "./api/request";
import { toast } from "./parts/announce";

export interface Sending {
  /** The sentence of what went wrong at the last try. */
  wrong: Signal<string>;
  busy: Signal<boolean>;
  /** Does it; says `done` when it is done. Answers whether it worked. */
  send: (what: () => Promise<unknown>, done: string, failed?: string) => Promise<boolean>;
}

/** A form's way of sending: busy meanwhile, and a sentence where it fails. */
export function useSending(): Sending {
  const wrong = useSignal("");
  const busy = useSignal(false);
  const send = async (what: () => Promise<unknown>, done: string, failed?: string) => {
    busy.value = true;
    wrong.value = "";
    try {
      await what();
      toast(done);
      return true;
    } catch (e) {
      wrong.value = e instanceof Problem || !failed ? sentence(e) : failed;
      return false;
    } finally {
      busy.value = false;
    }
  };
  return { wrong, busy, send };
}
