import type { ComponentChildren } from "preact";

import { Icon } from "./icon";

/** A sentence about something that went wrong; read out at once. Its children are what can be done. */
export function Trouble({ said, children }: { said: string; children?: ComponentChildren }) {
  if (!said) return null;
  return (
    <div class="trouble" role="alert">
      <Icon name="alert" />
      <div>
        <p>{said}</p>
        {children}
      </div>
    </div>
  );
}

/** A sentence to know, which nothing has to be done about. */
export function Note({ children }: { children: ComponentChildren }) {
  return (
    <div class="note">
      <Icon name="info" />
      <div>{children}</div>
    </div>
  );
}
