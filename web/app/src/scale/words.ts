import { tOr } from "../i18n";
import type { Scale, ScaleItem } from "../model";

// A definition's words are the home's and come from the server, in English where the scale is built in. The catalogues hold
// those of one version of it in the other languages; another version, and a scale of the home's own, are shown as written.
function word(scale: Scale, key: string, written: string): string {
  if (scale.built_in === false || tOr(`wording.${scale.id}.version`, "") !== scale.version) return written;
  return tOr(`wording.${scale.id}.${key}`, written);
}

export const scaleTitle = (s: Scale) => word(s, "title", s.title);
export const itemLabel = (s: Scale, i: ScaleItem) => word(s, `item.${i.id}`, i.label);
export const itemAsk = (s: Scale, i: ScaleItem) => word(s, `item.${i.id}.ask`, i.ask);
/** An option's words: the item's own, or those that all items of the scale share. */
export const optionLabel = (s: Scale, i: ScaleItem, value: number) => {
  const o = i.options.find((o) => o.value === value);
  return o ? word(s, `item.${i.id}.option.${value}`, word(s, `option.${value}`, o.label)) : String(value);
};
export const bandLabel = (s: Scale, id: string) => word(s, `band.${id}`, s.bands.find((b) => b.id === id)?.label ?? id);
export const typeLabel = (s: Scale, id: string) => word(s, `type.${id}`, s.types?.find((x) => x.id === id)?.label ?? id);
export const cutoffMeaning = (s: Scale, c: { from: number; meaning: string }) => word(s, `cutoff.${c.from}`, c.meaning);
