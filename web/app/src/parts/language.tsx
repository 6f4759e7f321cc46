import { chooseLanguage, language, type Language, languages, t } from "../i18n";
import { Icon } from "./icon";

/** Each language is written in itself, so that whoever cannot read the present one finds theirs. */
export function LanguageChoice() {
  return (
    <label class="language">
      <Icon name="globe" size={20} />
      <span class="unseen">{t("account.language")}</span>
      <select value={language()} onChange={(e) => void chooseLanguage(e.currentTarget.value as Language)}>
        {Object.entries(languages).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag} selected={tag === language()}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
