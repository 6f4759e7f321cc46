import { useLayoutEffect, useRef } from "preact/hooks";

import { t, tOr } from "../i18n";
import { useSecondsTo } from "../now";
import { Button, LinkButton } from "../parts/button";
import { Icon, type IconName } from "../parts/icon";
import type { Trouble, TroubleKind } from "./capture";

const signs: Record<TroubleKind | "offline", IconName> = {
  insecure: "lock",
  refused: "cameraOff",
  missing: "cameraOff",
  busy: "cameraOff",
  gone: "cameraOff",
  lost: "offline",
  gone_server: "server",
  offline: "offline",
  blocked: "offline",
  ended: "server",
  capacity: "clock",
  consent: "shield",
  conflict: "tablet",
  late_pause: "pausedCircle",
  other: "alert",
};

/** One screen for each thing that may be in the way: what it is, what to do, and the way on without the camera. */
export function TroubleScreen({ of, onRetry, without }: { of: Trouble; onRetry: () => void; without?: string }) {
  const kind = of.kind === "gone_server" && !navigator.onLine ? "offline" : of.kind;
  const title = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => title.current?.focus(), [kind]); // before it is drawn: a screen reader goes on from nowhere else meanwhile
  const waits = of.nextAt !== null;
  return (
    <section class="card obstacle" role="alert">
      <span class="obstacle-sign">
        <Icon name={signs[kind]} size={40} />
      </span>
      <h2 ref={title} tabIndex={-1}>
        {tOr(`capture.trouble.${kind}`, "")}
      </h2>
      <p>{of.said || tOr(`capture.trouble.${kind}.do`, "")}</p>
      {of.nextAt !== null && <Countdown until={of.nextAt} />}
      <div class="buttons stack">
        {kind !== "consent" && kind !== "insecure" && (
          <Button kind={waits ? "plain" : "main"} icon="again" large wide onClick={onRetry}>
            {t("capture.tryAgain")}
          </Button>
        )}
        {without && (
          <LinkButton kind={kind === "consent" || kind === "insecure" ? "main" : "plain"} icon="eye" large wide href={without}>
            {t("capture.withoutLong")}
          </LinkButton>
        )}
      </div>
      {without && <p class="quiet">{t("capture.withoutKept")}</p>}
    </section>
  );
}

/** Counts down for the eye; a screen reader hears only that another try follows. */
function Countdown({ until }: { until: number }) {
  const seconds = useSecondsTo(until);
  return (
    <p class="quiet" aria-live="off">
      {t("capture.tryingIn", { seconds })}
    </p>
  );
}
