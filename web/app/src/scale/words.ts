import { language, tOr } from "../i18n";
import type { Scale, ScaleItem } from "../model";

// A definition's words are the home's and come from the server. Those of the built-in scales are in the catalogues too, where
// somebody has translated them; a scale of the home's own is shown as it is written.
function word(scale: Scale, key: string, written: string): string {
  if (language() === "en" || scale.built_in === false) return written;
  return tOr(`scales.${scale.id}.${key}`, written);
}

export const itemLabel = (s: Scale, i: ScaleItem) => word(s, i.id, i.label);
export const itemAsk = (s: Scale, i: ScaleItem) => word(s, `${i.id}.ask`, i.ask);
export const optionLabel = (s: Scale, i: ScaleItem, value: number) => {
  const o = i.options.find((o) => o.value === value);
  return o ? word(s, `${i.id}.${value}`, o.label) : String(value);
};
export const bandLabel = (s: Scale, id: string) => word(s, `band.${id}`, s.bands.find((b) => b.id === id)?.label ?? id);
export const typeLabel = (s: Scale, id: string) => word(s, `type.${id}`, s.types?.find((x) => x.id === id)?.label ?? id);
