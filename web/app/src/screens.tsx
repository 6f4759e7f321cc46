import type { ComponentType } from "preact";

import { inCharge, is } from "./api/account";
import type { PlainKey } from "./i18n";
import type { IconName } from "./parts/icon";

/** What a screen gets: the parts of its address that its pattern names. */
export type Params = Record<string, string>;
export type Screen = ComponentType<{ params: Params }>;

interface Row {
  /** The address after #/, with ":name" where anything may stand. */
  at: string;
  load: () => Promise<Screen>;
  /** Who may open it; left out: whoever is signed in. The server decides all the same. */
  may?: () => boolean;
  /** It is shown without signing in. */
  open?: boolean;
  /** It is fetched as soon as there is time, so that it opens at once and also without the network. */
  soon?: boolean;
}

const leads = () => is("manager", "admin");
const runs = () => is("admin");

/** Every screen of the app. Each is loaded when it is first opened. */
export const screens: [Row, ...Row[]] = [
  { at: "", load: async () => (await import("./screens/round")).Round },
  { at: "residents", load: async () => (await import("./screens/residents")).Residents, soon: true },
  { at: "r/:id", load: async () => (await import("./screens/resident/page")).Resident, soon: true },
  { at: "practice", load: async () => (await import("./screens/resident")).Practice },
  { at: "capture", load: async () => (await import("./screens/capture")).Capture },
  { at: "capture/:id", load: async () => (await import("./screens/capture")).Capture, soon: true },
  { at: "observe", load: async () => (await import("./screens/observe")).Observe },
  { at: "observe/:id", load: async () => (await import("./screens/observe")).Observe, soon: true },
  { at: "a/:id", load: async () => (await import("./screens/assessment")).Assessment, soon: true },
  { at: "relief/:id", load: async () => (await import("./screens/relief")).Relief, may: () => is("carer", "nurse", "manager", "admin"), soon: true },
  { at: "baseline/:id", load: async () => (await import("./screens/baseline/list")).Baselines },
  { at: "baseline/:id/take", load: async () => (await import("./screens/baseline/take")).Take, may: () => is("carer", "nurse", "manager", "admin") },
  { at: "home", load: async () => (await import("./screens/home/overview")).Overview, may: () => inCharge.value },
  { at: "home/quality", load: async () => (await import("./screens/home/quality")).Quality, may: () => inCharge.value },
  { at: "home/differences", load: async () => (await import("./screens/home/differences")).Differences, may: () => inCharge.value },
  { at: "unsent", load: async () => (await import("./screens/unsent")).Unsent },
  { at: "admin", load: async () => (await import("./screens/admin/page")).Admin, may: leads },
  { at: "admin/people", load: async () => (await import("./screens/admin/people")).People, may: leads },
  { at: "admin/tablets", load: async () => (await import("./screens/admin/tablets")).Tablets, may: leads },
  { at: "admin/scales", load: async () => (await import("./screens/admin/scales")).Scales, may: leads },
  { at: "admin/rounds", load: async () => (await import("./screens/admin/rounds")).Rounds, may: leads },
  { at: "admin/homes", load: async () => (await import("./screens/admin/homes")).Homes, may: runs },
  { at: "admin/programs", load: async () => (await import("./screens/admin/programs")).Programs, may: runs },
  { at: "admin/system", load: async () => (await import("./screens/admin/system")).System, may: runs },
  { at: "enrol/:code", load: async () => (await import("./screens/enrol")).Enrol, open: true },
  { at: "me", load: async () => (await import("./screens/me")).Me },
  { at: "setup/:token", load: async () => (await import("./screens/setup")).SetUp, open: true },
  { at: "invited/:token", load: async () => (await import("./screens/setup")).Invited, open: true },
];

interface Entry {
  at: string;
  label: PlainKey;
  icon: IconName;
  /** First parts of the addresses that belong to it. */
  holds: string[];
  may?: () => boolean;
}

/** The main menu: five entries at the most fit on a phone. */
export const menu: Entry[] = [
  { at: "", label: "shell.round", icon: "round", holds: [""] },
  { at: "residents", label: "shell.residents", icon: "people", holds: ["residents", "r", "capture", "observe", "a", "relief", "baseline"] },
  { at: "practice", label: "shell.practice", icon: "practice", holds: ["practice"] },
  { at: "home", label: "home.title", icon: "chart", holds: ["home"], may: () => inCharge.value },
  { at: "admin", label: "admin.title", icon: "settings", holds: ["admin"], may: leads },
];

/** Finds the screen of an address. */
export function find(path: string[]): { row: Row; params: Params } | null {
  for (const row of screens) {
    const parts = row.at.split("/");
    if (parts.length !== path.length) continue;
    const params: Params = {};
    if (parts.every((p, i) => (p.startsWith(":") && path[i] ? ((params[p.slice(1)] = path[i]), true) : p === path[i]))) return { row, params };
  }
  return null;
}

/** Whether an assessment may be under way at an address: then nothing else comes between, such as a new version. */
export function assessing(path: string[]): boolean {
  return ["capture", "a", "assess", "observe", "relief"].includes(path[0] ?? "") || (path[0] === "baseline" && path[2] === "take");
}
