import { useSignal } from "@preact/signals";

import { homes } from "../../api/admin";
import { t } from "../../i18n";
import { useLoaded } from "../../load";
import { account } from "../../api/account";
import type { Site } from "../../model";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Field, Select } from "../../parts/field";
import { Ready } from "../../parts/loaded";
import { Trouble } from "../../parts/trouble";
import { useSending } from "../../send";
import { loadSites } from "../../site";
import { AdminPage } from "./page";

/** The houses of the organisation. What belongs to one is not seen in another. */
export function Homes() {
  const list = useLoaded(account.sites, "sites");
  const open = useSignal<Site | "new" | null>(null);
  const closed = (changed: boolean) => {
    open.value = null;
    if (!changed) return;
    list.again();
    void loadSites();
  };
  return (
    <AdminPage
      title={t("admin.homes")}
      lead={t("admin.homesLead")}
      actions={
        <Button kind="main" icon="plus" onClick={() => (open.value = "new")}>
          {t("admin.homeAdd")}
        </Button>
      }
    >
      <Ready of={list}>
        {(all) => (
          <ul class="rows">
            {all.map((s) => (
              <li key={s.id}>
                <div class="row">
                  <span>
                    <strong>{s.name}</strong>
                    <br />
                    <span class="quiet">{s.zone.replace("_", " ")}</span>
                  </span>
                  <Button icon="pencil" onClick={() => (open.value = s)}>
                    {t("admin.changeOf", { name: s.name })}
                  </Button>
                </div>
              </li>
            ))}
          </ul>
        )}
      </Ready>
      {open.value && <Home of={open.value === "new" ? null : open.value} onClose={closed} />}
    </AdminPage>
  );
}

function Home({ of, onClose }: { of: Site | null; onClose: (changed: boolean) => void }) {
  const zone = useSignal(of?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const name = useSignal(of?.name ?? "");
  const { wrong, busy, send } = useSending();
  const zones = [...new Set([zone.value, "UTC", ...Intl.supportedValuesOf("timeZone")])].sort();
  const submit = async (e: Event) => {
    e.preventDefault();
    const to = { name: name.value, zone: zone.value };
    if (await send(() => (of ? homes.change(of, to) : homes.add(to)), t("admin.saved"))) onClose(true);
  };
  return (
    <Dialog title={of?.name ?? t("admin.homeAdd")} onClose={() => onClose(false)}>
      <form onSubmit={(e) => void submit(e)}>
        <Field label={t("admin.name")} name="name" required value={name.value} onInput={(v) => (name.value = v)} />
        <Select label={t("admin.zone")} name="zone" hint={t("admin.zoneHint")} value={zone.value} onChange={(z) => (zone.value = z)} options={zones.map((z) => ({ value: z, label: z.replaceAll("_", " ") }))} />
        <Trouble said={wrong.value} />
        <div class="buttons">
          <Button kind="main" busy={busy.value}>
            {t("shell.save")}
          </Button>
          <Button onClick={() => onClose(false)}>{t("shell.cancel")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
