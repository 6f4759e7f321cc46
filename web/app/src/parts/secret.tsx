import { useSignal } from "@preact/signals";

import { t } from "../i18n";
import { announce } from "./announce";
import { Button } from "./button";

/** Something that is shown once and has to be taken along. */
export function Secret({ label, text }: { label: string; text: string }) {
  const copied = useSignal(false);
  const copy = () => {
    // Where the browser keeps its clipboard shut, the text can still be marked and copied by hand.
    navigator.clipboard.writeText(text).then(
      () => {
        copied.value = true;
        announce(t("admin.copied"));
      },
      () => undefined,
    );
  };
  return (
    <div class="secret">
      <p class="hint">{label}</p>
      <code tabIndex={0}>{text}</code>
      <Button icon={copied.value ? "check" : "list"} onClick={copy}>
        {copied.value ? t("admin.copied") : t("admin.copy")}
      </Button>
    </div>
  );
}
