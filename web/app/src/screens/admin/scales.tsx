import { useSignal } from "@preact/signals";

import { method } from "../../api/account";
import { type Instrument, instruments } from "../../api/admin";
import { sentence } from "../../api/request";
import { scales as known } from "../../api/scales";
import { t } from "../../i18n";
import { useLoaded } from "../../load";
import type { Scale } from "../../model";
import { toast } from "../../parts/announce";
import { Button } from "../../parts/button";
import { Card } from "../../parts/card";
import { Choice } from "../../parts/choice";
import { Ready } from "../../parts/loaded";
import { Badge } from "../../parts/page";
import { Trouble } from "../../parts/trouble";
import { scaleTitle } from "../../scale/words";
import { useSending } from "../../send";
import { site } from "../../site";
import { AdminPage } from "./page";

/** Which scales the home uses, and whether carers rate before they see what the camera proposes. */
export function Scales() {
  const list = useLoaded(
    async () => {
      const [instrument, { scales }] = await Promise.all([instruments.of(site.value), known.list(site.value)]);
      return { instrument, scales };
    },
    `scales ${site.value}`,
  );
  return (
    <AdminPage title={t("admin.scales")} lead={t("admin.scalesLead")}>
      <Ready of={list}>
        {({ instrument, scales }) => (
          <>
            <Blind of={instrument} onDone={list.again} />
            <Card title={t("admin.scalesUsed")}>
              <ul class="bare-list lines">
                {scales.map((s) => (
                  <Row key={s.id} of={s} instrument={instrument} onDone={list.again} />
                ))}
              </ul>
            </Card>
            <Own onDone={list.again} />
          </>
        )}
      </Ready>
    </AdminPage>
  );
}

function Blind({ of, onDone }: { of: Instrument; onDone: () => void }) {
  const wrong = useSignal("");
  const set = async (blind: boolean) => {
    wrong.value = "";
    try {
      await instruments.change(of, { blind });
      toast(t("admin.saved"));
    } catch (e) {
      wrong.value = sentence(e);
    }
    onDone();
  };
  return (
    <Card title={t("admin.blind")}>
      <p class="quiet">{t("admin.blindLead")}</p>
      <Trouble said={wrong.value} />
      <Choice
        legend={t("admin.blind")}
        hideLegend
        name="blind"
        look="stack"
        value={of.blind ? "on" : "off"}
        onChange={(v: "on" | "off") => void set(v === "on")}
        options={[
          { value: "off", label: t("admin.blindOff"), hint: t("admin.blindOffHint") },
          { value: "on", label: t("admin.blindOn"), hint: t("admin.blindOnHint") },
        ]}
      />
    </Card>
  );
}

function Row({ of, instrument, onDone }: { of: Scale; instrument: Instrument; onDone: () => void }) {
  const { wrong, busy, send } = useSending();
  const turn = async () => {
    const off = of.enabled ? [...instrument.off, of.id] : instrument.off.filter((id) => id !== of.id);
    await send(() => instruments.change(instrument, { off }), of.enabled ? t("admin.scaleNowOff", { name: of.name }) : t("admin.scaleNowOn", { name: of.name }));
    onDone();
  };
  return (
    <li class="row">
      <span>
        <strong>{of.name}</strong> <span class="quiet">{scaleTitle(of)}</span>
        <br />
        <small class="quiet">{t("admin.scaleSource", { version: of.version, source: of.source, permission: of.permission.note || of.permission.state })}</small>
        <Trouble said={wrong.value} />
      </span>
      {!of.built_in && <Badge icon="home">{t("admin.scaleOwn")}</Badge>}
      {method.value === "pin" ? (
        <Badge icon={of.enabled ? "check" : "pausedCircle"} tone={of.enabled ? "good" : "quiet"}>
          {of.enabled ? t("admin.scaleOn") : t("admin.scaleOff")}
        </Badge>
      ) : (
        <Button icon={of.enabled ? "check" : "plus"} pressed={of.enabled !== false} busy={busy.value} onClick={() => void turn()}>
          {t("admin.scaleUse", { name: of.name })}
        </Button>
      )}
    </li>
  );
}

function Own({ onDone }: { onDone: () => void }) {
  const { wrong, busy, send } = useSending();
  if (method.value === "pin") return null;
  const add = async (e: Event) => {
    const input = e.currentTarget as HTMLInputElement;
    const file = input.files?.[0];
    if (!file) return;
    if (await send(async () => instruments.addScale(file.name, await file.text(), site.value), t("admin.scaleAdded"), t("admin.fileUnreadable"))) onDone();
    input.value = ""; // the same file again, once it is mended
  };
  return (
    <Card title={t("admin.scaleAdd")}>
      <p class="quiet">{t("admin.scaleAddLead")}</p>
      <Trouble said={wrong.value} />
      <label class="field">
        <span>{t("admin.scaleFile")}</span>
        <input type="file" accept=".yaml,.yml,.json" disabled={busy.value} onChange={(e) => void add(e)} />
      </label>
    </Card>
  );
}
