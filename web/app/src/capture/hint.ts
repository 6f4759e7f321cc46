import { t, tOr } from "../i18n";
import type { Frame } from "../model";
import type { IconName } from "../parts/icon";

export interface Hint {
  state: Frame["state"] | "connecting" | "paused" | "held";
  icon: IconName;
  said: string;
  advice: string;
  /** Where the face has to go in the picture, as it is sent: from -1 to 1 each; null where that is not the matter. */
  toward: [number, number] | null;
}

/** What to do first where several things are wrong: without a face nothing else matters, and light helps all. */
const order = ["several_faces", "too_dark", "too_bright", "too_small", "partly_out_of_frame", "turned_away", "obscured", "eyes_covered", "mouth_covered", "blurred"] as const;

const icons: Record<string, IconName> = {
  no_face: "face",
  several_faces: "one",
  too_dark: "sun",
  too_bright: "moon",
  too_small: "closer",
  partly_out_of_frame: "move",
  turned_away: "turn",
  obscured: "eyeOff",
  eyes_covered: "eyeOff",
  mouth_covered: "eyeOff",
  blurred: "still",
};

function toward(f: Frame): [number, number] | null {
  if (!f.face) return null;
  const [x, y, w, h] = f.face.box;
  const dx = 0.5 - (x + w / 2);
  const dy = 0.5 - (y + h / 2);
  const far = Math.hypot(dx, dy);
  return far < 0.08 ? null : [dx / far, dy / far];
}

/** One thing to do, in words and shape. null: no result yet, or none that says anything about now. */
export function hint(f: Frame | null): Hint {
  if (!f || f.state === "not_yet_assessed") return { state: "not_yet_assessed", icon: "clock", said: t("face.state.not_yet_assessed"), advice: "", toward: null };
  if (f.state === "no_face") return { state: f.state, icon: "face", said: t("face.state.no_face"), advice: t("face.advice.no_face"), toward: null };
  if (f.state === "not_assessable") {
    const first = order.find((code) => f.reasons.includes(code)) ?? f.reasons[0] ?? "";
    return {
      state: f.state,
      icon: icons[first] ?? "alert",
      said: t("face.state.not_assessable"),
      advice: tOr(`face.advice.${first}`, ""),
      toward: first === "partly_out_of_frame" ? toward(f) : null,
    };
  }
  const now = f.confounders.map((code) => tOr(`face.now.${code}`, "")).filter(Boolean);
  return { state: f.state, icon: "check", said: t("face.state.scored"), advice: now.join(" "), toward: null };
}
