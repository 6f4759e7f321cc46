// What somebody has begun to enter and not saved yet: it stays over a reload, sealed like the records on this tablet, until it
// is saved or thrown away, or its maker signs out. Unlike what waits in the queue it is nobody's record.
import { effect, signal, type Signal } from "@preact/signals";
import { useMemo } from "preact/hooks";

import { expired, me } from "../api/account";
import { desk } from "./desk";

export interface Draft {
  key: string;
  kind: "observe" | "relief";
  address: string; // of the form, to go on there
  name: string; // of the resident; empty for practice
  at: number; // when it was begun
  value: unknown;
}

/** What is begun and not saved, the oldest first. */
export const drafts = signal<readonly Draft[]>([]);

const prefix = "draft ";
let whose: string | null = null;
let reading: Promise<void> = Promise.resolve();

effect(() => {
  const who = me.value?.id ?? null;
  const again = !expired.value;
  if (who !== whose) {
    whose = who;
    drafts.value = [];
    if (who !== null) reading = recall(who).catch(() => undefined);
  } else if (who !== null && again) {
    // The records on the tablet went with the sign-in; this page still knows what was entered.
    for (const d of drafts.peek()) put(d.key);
  }
});

/** Is done when what was kept of whoever is signed in has been read. */
export const draftsRead = () => reading;

async function settled() {
  await Promise.resolve(); // the desk hears of a sign-in at the same moment
  await desk()?.settled();
  return desk()?.vault;
}

async function recall(who: string) {
  const vault = await settled();
  if (!vault || (await vault.resume())?.owner !== who) return;
  const names = (await vault.names()).filter((n) => n.startsWith(prefix));
  const kept = await Promise.all(names.map((n) => vault.recall(n)));
  if (whose !== who) return;
  const old = kept.flatMap((k) => (k ? [k.value as Draft] : [])).filter((d) => !drafts.peek().some((n) => n.key === d.key));
  drafts.value = [...old, ...drafts.peek()].sort((a, b) => a.at - b.at);
}

const waiting = new Set<string>();
let last: Promise<unknown> = Promise.resolve();

/** Writes a draft as it then is, or forgets it where there is none any more. */
function put(key: string) {
  if (waiting.has(key)) return; // whoever types fast is written down once
  waiting.add(key);
  const act = async () => {
    const vault = await settled();
    waiting.delete(key);
    const d = drafts.peek().find((x) => x.key === key);
    await (d ? vault?.keep(prefix + key, d) : vault?.forget(prefix + key));
  };
  last = last.then(act).catch(() => undefined); // a full disk costs the draft at a reload, not the form
}

function set(d: Draft) {
  drafts.value = [...drafts.peek().filter((x) => x.key !== d.key), d];
  put(d.key);
}

export function dropDraft(key: string) {
  if (!drafts.peek().some((d) => d.key === key)) return;
  drafts.value = drafts.peek().filter((d) => d.key !== key);
  put(key);
}

export interface Form<T> {
  value: Signal<T>;
  /** When what is resumed was begun; null for a fresh one. */
  since: Signal<number | null>;
  change: (to: Partial<T>) => void;
  /** It was saved, or is not wanted. */
  drop: () => void;
  afresh: () => void;
}

/** A form's fields that stay over a reload. Drafts that do not fit any more are left alone. */
export function useDraft<T extends object>(of: Omit<Draft, "at" | "value">, start: () => T, fits: (old: T) => boolean): Form<T> {
  return useMemo(() => {
    const found = drafts.peek().find((d) => d.key === of.key);
    const old = found && fits(found.value as T) ? found : undefined;
    const value = signal<T>(old ? (old.value as T) : start());
    const since = signal(old?.at ?? null);
    let begun = old?.at ?? 0;
    return {
      value,
      since,
      change: (to) => {
        value.value = { ...value.peek(), ...to };
        begun ||= Date.now();
        set({ ...of, at: begun, value: value.peek() });
      },
      drop: () => dropDraft(of.key),
      afresh: () => {
        dropDraft(of.key);
        begun = 0;
        since.value = null;
        value.value = start();
      },
    };
  }, [of.key]);
}
