import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

import { t } from "../i18n";
import { Button } from "./button";

interface DialogProps {
  title: string;
  /** What closing means; left out where the dialog must be answered. */
  onClose?: () => void;
  children: ComponentChildren;
}

/** A native dialog over the page, open as long as it is drawn. The browser keeps the focus in it and gives it back. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the next picture: whatever happens in between must not have the focus, or it would be given back to that.
  useLayoutEffect(() => {
    const d = box.current;
    const before = document.activeElement;
    d?.showModal();
    return () => {
      d?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class="dialog"
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        onClose?.();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        {onClose && (
          <Button kind="quiet" icon="close" bare onClick={onClose}>
            {t("shell.close")}
          </Button>
        )}
      </header>
      {children}
    </dialog>
  );
}
