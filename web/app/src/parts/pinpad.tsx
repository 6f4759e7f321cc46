import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { t } from "../i18n";
import { announce } from "./announce";
import { Button } from "./button";

const most = 8;
const least = 4;

/** Large keys for a PIN; a keyboard works too. What was typed is never shown. */
export function PINPad({ label, busy, onDone }: { label: string; busy: boolean; onDone: (pin: string) => void }) {
  const pin = useSignal("");
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  const set = (to: string) => {
    if (busy || to.length > most) return;
    pin.value = to;
    announce(t("account.pinTyped", { count: to.length }));
  };
  const done = () => {
    if (busy || pin.value.length < least) return;
    const typed = pin.value;
    pin.value = "";
    onDone(typed);
  };
  const key = (e: KeyboardEvent) => {
    if (/^\d$/.test(e.key)) set(pin.value + e.key);
    else if (e.key === "Backspace") set(pin.value.slice(0, -1));
    else if (e.key === "Enter" && e.target === box.current) done();
    else return;
    e.preventDefault();
  };
  return (
    <div class="pinpad" ref={box} role="group" aria-label={label} tabIndex={-1} onKeyDown={key}>
      <p>{label}</p>
      <p class="dots" aria-hidden="true">
        {Array.from({ length: Math.max(least, pin.value.length) }, (_, i) => (
          <span key={i} class={i < pin.value.length ? "dot typed" : "dot"} />
        ))}
      </p>
      <div class="keys" dir="ltr">
        {["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((d) => (
          <button type="button" key={d} aria-label={t("account.digit", { digit: d })} onClick={() => set(pin.value + d)}>
            {d}
          </button>
        ))}
        <Button kind="quiet" icon="back" bare onClick={() => set(pin.value.slice(0, -1))}>
          {t("account.erase")}
        </Button>
        <button type="button" aria-label={t("account.digit", { digit: "0" })} onClick={() => set(`${pin.value}0`)}>
          0
        </button>
        <Button kind="main" icon="check" bare busy={busy} disabled={pin.value.length < least} onClick={done}>
          {t("account.signIn")}
        </Button>
      </div>
    </div>
  );
}
