import { t } from "../i18n";
import type { Status as State } from "../model";
import type { IconName } from "./icon";
import { Badge, type Tone } from "./page";

const looks: Record<State, [IconName, Tone]> = {
  draft: ["pencil", "plain"],
  preliminary: ["clock", "accent"],
  final: ["checkCircle", "good"],
  amended: ["pencil", "good"],
  entered_in_error: ["close", "quiet"],
};

/** How far an assessment has come: a sign and a word, not only a colour. */
export function Status({ of }: { of: State }) {
  const [icon, tone] = looks[of];
  return (
    <Badge icon={icon} tone={tone}>
      {t(`result.status.${of}`)}
    </Badge>
  );
}
