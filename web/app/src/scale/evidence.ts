import { t, tOr } from "../i18n";
import { list, number, percent } from "../i18n/format";
import type { NotProposed, Proposal } from "../model";
import { unitName } from "../words";

// Why the camera proposes something or nothing comes as the server's English sentences (pain/propose.go, pain/rules.yaml). Here
// they are said in the page's language; a sentence that is not known is shown as it came.

const units: Record<string, string> = {
  "inner brows raised": "AU1",
  "outer brows raised": "AU2",
  "brows lowered": "AU4",
  "eyes widened": "AU5",
  "cheeks raised": "AU6",
  "eyelids tightened": "AU7",
  "nose wrinkled": "AU9",
  "upper lip raised": "AU10",
  "mouth corners pulled up": "AU12",
  "mouth corners pulled down": "AU15",
  "chin raised": "AU17",
  "mouth stretched": "AU20",
  "lips parted": "AU25",
  "jaw dropped": "AU26",
  "eyes closed": "AU43",
};

const advice: [start: string, code: string][] = [
  ["No face", "no_face"],
  ["The face is too small", "too_small"],
  ["The face is turned", "turned_away"],
  ["Too dark", "too_dark"],
  ["Too bright", "too_bright"],
  ["The picture is blurred", "blurred"],
  ["Part of the face", "partly_out_of_frame"],
  ["Several faces", "several_faces"],
  ["Something covers the eyes", "eyes_covered"],
  ["Something covers the mouth", "mouth_covered"],
  ["Something covers", "obscured"],
];

const looks = (of: string) => list(of.split(", ").map((look) => (units[look] ? unitName(units[look]) : look)));
const shareOf = (n: string) => percent(Number(n) / 100);

const sayings: [RegExp, (m: string, whole: string) => string][] = [
  [/^a smile explains .* for (\d+) %/i, (m, whole) => tOr("evidence.smile", whole, { share: shareOf(m) })],
  [/^the person spoke or chewed for (\d+) %/i, (m, whole) => tOr("evidence.speech", whole, { share: shareOf(m) })],
  [/^the eyes were closed in a relaxed face for (\d+) %/i, (m, whole) => tOr("evidence.asleep", whole, { share: shareOf(m) })],
  [/^(parkinsonism) /i, (_, whole) => tOr("evidence.parkinsonism", whole)],
  [/^the (left|right) half of the face is paralysed: measured on/i, (m, whole) => tOr(`evidence.palsy_${m}_measured`, whole)],
  [/^the (left|right) half of the face is paralysed/i, (m, whole) => tOr(`evidence.palsy_${m}`, whole)],
  [/^(a mask) or tube/i, (_, whole) => tOr("evidence.mask", whole)],
  [/^(people who see badly) /i, (_, whole) => tOr("evidence.vision", whole)],
  [/^not measured: (.+)\.$/i, (m, whole) => tOr("evidence.notMeasured", whole, { units: looks(m) })],
];

/** What else may explain what was seen, or hide it. */
export function doubtSaid(sentence: string): string {
  for (const [form, say] of sayings) {
    const m = form.exec(sentence);
    if (m) return say(m[1] ?? "", sentence);
  }
  return sentence;
}

/** What a proposal rests on. */
export function evidenceSaid(p: Pick<Proposal, "evidence" | "action_units">): string {
  const none = /^Of (.+) nothing was seen for long enough to count\.$/.exec(p.evidence);
  if (none) return tOr("evidence.nothing", p.evidence, { units: looks(none[1] ?? "") });
  const measured = [...p.evidence.matchAll(/(\d+) % of the time, peak ([\d.]+)(?:;|\.$)/g)];
  if (measured.length !== p.action_units.length) return p.evidence;
  const parts = measured.map((m, i) => {
    const values = { unit: unitName(p.action_units[i] ?? ""), share: shareOf(m[1] ?? ""), peak: number(Number(m[2])) };
    return tOr("evidence.seen", "", values);
  });
  return parts.every(Boolean) && parts.length > 0 ? `${parts.join("; ")}.` : p.evidence;
}

/** Why nothing is proposed, as a hint below the item. */
export function notProposedSaid(n: NotProposed): string {
  const because = t("scale.notProposed", { because: n.because });
  const m = /^Not proposed, because (.+)$/.exec(n.because);
  const why = m?.[1] ?? "";
  if (why.startsWith("the face was not seen")) return tOr("evidence.tooShort", because);
  const unjudged = /^the face could not be judged for long enough\. (.+)$/.exec(why);
  if (unjudged) {
    const code = advice.find(([start]) => unjudged[1]?.startsWith(start))?.[1] ?? "";
    return tOr("evidence.unjudged", because, { advice: tOr(`face.advice.${code}`, unjudged[1] ?? "") });
  }
  const unmeasured = /^this camera's model does not measure (.+)\.$/.exec(why);
  if (unmeasured) return tOr("evidence.unmeasured", because, { units: looks(unmeasured[1] ?? "") });
  const said = doubtSaid(why);
  return said === why ? because : t("scale.notProposed", { because: said });
}
