import { faceOf, type FaceSummary, type UnitSeen } from "../../api/face";
import { t } from "../../i18n";
import { percent } from "../../i18n/format";
import { useLoaded } from "../../load";
import { Card } from "../../parts/card";
import { Ready } from "../../parts/loaded";
import { Note } from "../../parts/trouble";
import { unitName } from "../../words";

/** Which movements of the face went with pain in this person, as far as there is enough to say so. */
export function Face({ resident }: { resident: string }) {
  const loaded = useLoaded(() => faceOf(resident), resident);
  return (
    <Card title={t("resident.face")}>
      <Ready of={loaded} rows={1}>
        {(f) => <Seen of={f} />}
      </Ready>
    </Card>
  );
}

function Seen({ of: f }: { of: FaceSummary }) {
  const units = (f.units ?? [])
    .filter((u) => u.pain.share !== null && (u.pain.share >= 0.1 || (u.no_pain.share ?? 0) >= 0.1))
    .sort((a, b) => (b.pain.share ?? 0) - (a.pain.share ?? 0));
  if (f.pain < f.least) return <p class="quiet">{t("resident.faceTooFew", { have: f.pain, need: f.least })}</p>;
  if (units.length === 0) return <p class="quiet">{t("resident.faceNothing")}</p>;
  return (
    <>
      <p class="quiet">{t("resident.faceLead", { pain: f.pain, calm: f.no_pain })}</p>
      <table class="shares">
        <caption class="unseen">{t("resident.face")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("resident.faceUnit")}</th>
            <th scope="col">{t("resident.faceWith")}</th>
            <th scope="col">{t("resident.faceWithout")}</th>
          </tr>
        </thead>
        <tbody>
          {units.map((u) => (
            <tr key={u.unit}>
              <th scope="row">
                {unitName(u.unit)} <small class="quiet">{u.unit}</small>
              </th>
              <td>
                <Bar of={u.pain} />
              </td>
              <td>
                <Bar of={u.no_pain} other />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Note>{t("resident.faceCare")}</Note>
    </>
  );
}

function Bar({ of: s, other = false }: { of: UnitSeen; other?: boolean }) {
  if (s.share === null) return <span class="quiet">{t("resident.faceFew")}</span>;
  return (
    <span class={other ? "share other" : "share"}>
      <span aria-hidden="true">
        <span style={{ inlineSize: `${100 * s.share}%` }} />
      </span>
      {percent(s.share)}
    </span>
  );
}
