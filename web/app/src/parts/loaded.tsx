import type { ComponentChildren } from "preact";

import { t } from "../i18n";
import type { Loaded } from "../load";
import { Button } from "./button";
import { Skeleton } from "./page";
import { Trouble } from "./trouble";

/** What was loaded, once it is there; what went wrong, with a way to try again; until then a place for it. */
export function Ready<T>({ of, rows, children }: { of: Loaded<T>; rows?: number; children: (value: T) => ComponentChildren }) {
  const value = of.value.value;
  return (
    <>
      <Trouble said={of.wrong.value}>
        <Button icon="again" onClick={of.again}>
          {t("shell.again")}
        </Button>
      </Trouble>
      {value !== null ? children(value) : !of.wrong.value && <Skeleton {...(rows ? { rows } : {})} />}
    </>
  );
}
