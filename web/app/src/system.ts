import type { SystemState } from "./api/system";
import { t } from "./i18n";
import { number, relative } from "./i18n/format";

const day = 86_400_000;
const mega = 1024 * 1024;

/** "3.4 GB": in the unit in which it is neither huge nor tiny. */
export function size(bytes: number): string {
  return bytes < 1024 * mega ? t("admin.megabytes", { size: number(bytes / mega, 0) }) : t("admin.gigabytes", { size: number(bytes / 1024 / mega, 1) });
}

/** What a person has to do something about, the most pressing first. */
export function concerns(s: SystemState, now: number): string[] {
  const found: string[] = [];
  if (!s.clock.sane) found.push(s.clock.text);
  const trail = s.storage?.last_verification;
  if (trail?.problem) found.push(t("admin.trailBroken", { problem: trail.problem }));
  const free = s.storage?.free_bytes ?? null;
  if (free !== null && free < 1024 * mega) found.push(t("admin.diskLow", { size: size(free) }));
  const backup = s.storage?.last_backup;
  if (s.storage && !backup) found.push(t("admin.backupNever"));
  else if (backup && now - Date.parse(backup.at) > 2 * day) found.push(t("admin.backupOld", { when: relative(backup.at, now) }));
  const expires = s.certificate.expires_at;
  if (expires && s.certificate.kind !== "acme" && Date.parse(expires) - now < 21 * day) found.push(t("admin.certificateSoon", { when: relative(expires, now) }));
  return found;
}
