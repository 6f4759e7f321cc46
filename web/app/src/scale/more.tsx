import { source } from "../api/source";
import { t, tOr } from "../i18n";
import { list } from "../i18n/format";
import { useLoaded } from "../load";
import type { BodySite, Scale } from "../model";
import { Choice } from "../parts/choice";
import { TextArea } from "../parts/field";
import { typeLabel } from "./words";

/** What stands beside a scale's answers. */
export interface More {
  pain_type: string;
  body_sites: BodySite[];
  remarks: string;
}

export const regionName = (id: string, label = id) => tOr(`body.${id}`, label);

/** The kind of pain, where it hurts, and remarks. */
export function MoreFields({ scale, value, onChange }: { scale: Scale | null; value: More; onChange: (m: Partial<More>) => void }) {
  return (
    <>
      {scale?.types && (
        <Choice
          legend={t("scale.type")}
          name="pain_type"
          look="segments"
          value={value.pain_type || null}
          onChange={(pain_type: string) => onChange({ pain_type })}
          options={scale.types.map((x) => ({ value: x.id, label: typeLabel(scale, x.id) }))}
        />
      )}
      <Where value={value.body_sites} onChange={(body_sites) => onChange({ body_sites })} />
      <TextArea label={t("scale.remarks")} hint={t("scale.remarksHint")} name="remarks" value={value.remarks} onInput={(remarks) => onChange({ remarks })} />
    </>
  );
}

function Where({ value, onChange }: { value: BodySite[]; onChange: (sites: BodySite[]) => void }) {
  const regions = useLoaded(() => source.value.bodyRegions(), "regions").value.value ?? [];
  const chosen = new Set(value.map((s) => s.region));
  const toggle = (id: string) => onChange(chosen.has(id) ? value.filter((s) => s.region !== id) : [...value, { region: id }]);
  const names = value.map((s) => regionName(s.region, regions.find((r) => r.id === s.region)?.label));
  return (
    <details class="where">
      <summary>
        <span>
          {t("scale.where")} <span class="quiet">{names.length > 0 ? list(names) : t("scale.whereChosen", { count: 0 })}</span>
        </span>
      </summary>
      <p class="hint">{t("scale.whereLead")}</p>
      <div class="pills wrap" role="group" aria-label={t("scale.where")}>
        {regions.map((r) => (
          <button key={r.id} type="button" class="pill" aria-pressed={chosen.has(r.id)} onClick={() => toggle(r.id)}>
            {regionName(r.id, r.label)}
          </button>
        ))}
      </div>
    </details>
  );
}
