import { locale } from "./i18n";

/** Whether a name or room holds what was typed, whatever its accents and case. */
export function matches(r: { name: string; room: string }, typed: string): boolean {
  const plain = (s: string) => s.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase(locale());
  return plain(`${r.name} ${r.room}`).includes(plain(typed.trim()));
}
