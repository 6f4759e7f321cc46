// Reads and writes that go on without the network: the server is asked first, and where it does not answer the tablet says
// what it was told last, and keeps what is entered until it can be sent.
import { computed, effect, signal } from "@preact/signals";

import { life, me } from "../api/account";
import type { NewAssessment } from "../api/assessments";
import { newID } from "../api/id";
import { type Measure, type NewRelief, reliefs, type ReliefView } from "../api/reliefs";
import { connection, json, Problem, seen, v1 } from "../api/request";
import type { Scales } from "../api/scales";
import { server, type Source } from "../api/source";
import type { Assessment, Filling, Resident, Scale } from "../model";
import { site } from "../site";
import { desk, enqueue, entries } from "./desk";
import { draft, lastOf, merge, spare, stateAt, versionAfter } from "./local";
import type { Entry } from "./queue";
import { judge } from "./sender";

/** The time of the oldest thing that is shown without the server; null where all of it is fresh. */
export const asOf = signal<number | null>(null);

effect(() => {
  if (connection.value.fresh) asOf.value = null;
});

const gone = (e: unknown) => e instanceof Problem && e.code === "server_gone";

/** Asks the server and keeps the answer; says what was kept where it does not answer. */
async function kept<T>(name: string, ask: () => Promise<T>, strip: (v: T) => T = (v) => v): Promise<T> {
  try {
    const value = await ask();
    void desk()?.vault.keep(name, strip(value)).catch(() => undefined); // a full disk costs work without the network, not this
    return value;
  } catch (e) {
    if (!gone(e)) throw e;
    const old = await recall<T>(name);
    if (old === undefined) throw e;
    return old;
  }
}

async function recall<T>(name: string): Promise<T | undefined> {
  const old = await desk()?.vault.recall(name);
  if (old && !connection.peek().fresh) asOf.value = Math.min(asOf.peek() ?? old.at, old.at);
  return old?.value as T | undefined;
}

const nameOf = (what: string, site: string | null) => `${what} ${site ?? ""}`;

/** Looks through all that was kept under a name, of whichever site. */
async function everySite<T>(what: string): Promise<T[]> {
  const vault = desk()?.vault;
  const names = (await vault?.names()) ?? [];
  const all = await Promise.all(names.filter((n) => n.startsWith(`${what} `)).map((n) => recall<T>(n)));
  return all.filter((v) => v !== undefined);
}

async function residentOf(id: string): Promise<Resident | undefined> {
  return (await everySite<Resident[]>("residents")).flat().find((r) => r.id === id);
}

async function scaleOf(id: string, version?: string): Promise<Scale | undefined> {
  return (await everySite<Scales>("scales")).flatMap((s) => s.scales).find((s) => s.id === id && (!version || s.version === version));
}

/** How long an answer is waited for before an entry is kept for later: a carer does not stand and watch. */
const patience = 8000;

/**
 * Sends an entry at once, or puts it into the queue where the server does not answer, or where something of the same record
 * waits already. It has an id of its own, so it does no harm if the server did get it and only its answer was lost.
 */
async function submit<T>(entry: Entry, ask: (signal: AbortSignal) => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
  const d = desk();
  if (!d) return ask(AbortSignal.timeout(60_000));
  if (connection.peek().fresh && !lastOf(entries.peek(), entry.record)) {
    try {
      return await ask(AbortSignal.timeout(patience));
    } catch (e) {
      // A refusal is the business of who is looking at it now; anything else is tried again later.
      if (e instanceof Problem && !gone(e) && judge({ status: e.status, code: e.code, detail: "", retryAfter: null }, 0).kind !== "later") throw e;
    }
  }
  await enqueue([entry]);
  return otherwise();
}

const asking = (e: Entry) => (signal: AbortSignal) =>
  json<Assessment>(e.path, { method: e.method, body: e.body, signal, ...(e.version !== undefined && { headers: seen({ version: e.version }) }) });

async function describe(whole: Record<string, unknown>): Promise<Pick<Entry, "resident" | "name" | "note">> {
  const w = whole as { resident_id?: string; scale?: string; answers?: Record<string, number> };
  const [resident, scale] = await Promise.all([w.resident_id ? residentOf(w.resident_id) : undefined, w.scale ? scaleOf(w.scale) : undefined]);
  const sum = scale && w.answers ? Object.values(w.answers).reduce((a, b) => a + b, 0) : null;
  return { resident: w.resident_id ?? "", name: resident?.name ?? "", ...(scale && { note: sum === null ? scale.name : `${scale.name}: ${sum}` }) };
}

/** The assessment as it stands here, from what waits of it. */
async function here(id: string): Promise<Assessment | undefined> {
  const who = me.peek();
  const waiting = entries.peek();
  const last = lastOf(waiting, id);
  if (!last?.whole || !who) return undefined;
  const { scale: scaleID, resident_id } = last.whole as { scale?: string; resident_id?: string };
  const scale = scaleID ? ((await scaleOf(scaleID)) ?? null) : null;
  const resident = resident_id ? await residentOf(resident_id) : undefined;
  return draft(id, last.whole, who, last.madeAt, versionAfter(waiting, id), scale, resident?.site_id ?? "");
}

/** What was entered of an assessment so far, as one that could be made anew. */
function wholeOf(a: Assessment): Record<string, unknown> {
  const waiting = lastOf(entries.peek(), a.id)?.whole;
  if (waiting) return waiting;
  const { resident_id, practice, condition, scale, method, answers, pain_type, body_sites, remarks, assessed_at } = a;
  return merge({ ...(practice ? { practice } : { resident_id }), condition, method: method === "self_report" ? method : "observer", ...(scale && { scale: scale.id }) }, {
    ...(answers && { answers }),
    ...(pain_type && { pain_type }),
    ...(body_sites && { body_sites }),
    remarks,
    assessed_at,
  });
}

async function change(a: Assessment, kind: "assessment.fill" | "assessment.confirm", filling: Filling): Promise<Assessment> {
  const id = newID();
  const whole = merge(wholeOf(a), filling);
  const entry: Entry = {
    id,
    record: a.id,
    kind,
    method: kind === "assessment.fill" ? "PATCH" : "POST",
    path: `${v1}/assessments/${a.id}${kind === "assessment.fill" ? "" : "/confirm"}`,
    body: { id, ...filling },
    version: a.version,
    madeAt: Date.now(),
    ...(await describe(whole)),
    // What the camera saw is the server's: a new one without it would be another assessment.
    ...(a.session_id ? {} : { whole }),
  };
  return submit(entry, asking(entry), async () => (await here(a.id)) ?? { ...a, ...filling });
}

const firstTried = new Map<string, string>();

export const local: Source = {
  sites: () => kept("sites", server.sites),
  due: async (site, signal) => {
    const r = await kept(nameOf("due", site), () => server.due(site, signal));
    return connection.peek().fresh ? r : { ...r, due: r.due.map((d) => ({ ...d, state: stateAt(d, Date.now()) })) };
  },
  residents: (site, signal) => kept(nameOf("residents", site), () => server.residents(site, signal), (all) => all.map(spare)),
  resident: async (id) => {
    try {
      return await server.resident(id);
    } catch (e) {
      const r = gone(e) ? await residentOf(id) : undefined;
      if (!r) throw e;
      return r;
    }
  },
  bodyRegions: () => kept("regions", server.bodyRegions),
  scales: async (site) => {
    try {
      return await kept(nameOf("scales", site), () => server.scales(site));
    } catch (e) {
      // A home's scales are asked for by its id, or without where there is only one.
      const all = gone(e) ? await everySite<Scales>("scales") : [];
      const found = all.find((s) => !site || s.site_id === site);
      if (!found) throw e;
      return found;
    }
  },
  scale: async (id, version, site) => {
    try {
      return await server.scale(id, version, site);
    } catch (e) {
      const s = gone(e) ? await scaleOf(id, version) : undefined;
      if (!s) throw e;
      return s;
    }
  },
  // Nothing of other assessments is kept: an old score is not shown at all where it cannot be looked up.
  // Beside an entry that was refused, somebody wants to see what the server has.
  assessment: async (id) => (entries.peek().some((e) => e.record === id && e.refusal) ? undefined : await here(id)) ?? server.assessment(id),
  add: async (a: NewAssessment) => {
    if ("session_id" in a) return server.add(a); // the camera needs the server
    const { id, ...rest } = a;
    // The time of the first try, or the server would take the same entry for another one.
    const assessed_at = firstTried.get(id) ?? new Date().toISOString();
    firstTried.set(id, assessed_at);
    const whole: Record<string, unknown> = { assessed_at, ...rest };
    const entry: Entry = { id, record: id, kind: "assessment.add", method: "POST", path: `${v1}/assessments`, body: { ...whole, id }, madeAt: Date.now(), whole, ...(await describe(whole)) };
    return submit(entry, asking(entry), async () => {
      const made = await here(id);
      if (!made) throw new Problem("", "server_gone"); // cannot be: it was just put there
      return made;
    });
  },
  fill: (a, filling) => change(a, "assessment.fill", filling),
  confirm: (a, filling) => change(a, "assessment.confirm", filling),
  measures: async (site) => {
    try {
      return await kept(nameOf("measures", site), () => server.measures(site));
    } catch (e) {
      const [only, ...more] = gone(e) ? await everySite<Measure[]>("measures") : [];
      if (!only || more.length > 0) throw e; // another home's list would name what this one does not have
      return only;
    }
  },
  addRelief: (to: Resident, r: NewRelief, note: string) => {
    const path = `${v1}/residents/${to.id}/reliefs`;
    const entry: Entry = { id: r.id, record: r.id, kind: "relief.add", method: "POST", path, body: { ...r }, madeAt: Date.now(), resident: to.id, name: to.name, note };
    return submit<ReliefView | null>(entry, (signal) => reliefs.add(to.id, r, signal), () => Promise.resolve(null));
  },
};

/** Reads what work without the network needs as soon as somebody signs in, and now and then, before anybody needs it. */
export function prepareWithSignIn(): void {
  const read = () => {
    if (!me.peek() || !life.peek() || !connection.peek().fresh || document.hidden) return;
    void Promise.allSettled([local.due(site.peek()), local.residents(site.peek()), local.scales(site.peek()), local.bodyRegions(), local.measures(site.peek())]);
  };
  let timer = 0;
  const wanted = computed(() => (me.value && life.value ? `${me.value.id} ${site.value ?? ""}` : null));
  effect(() => {
    clearTimeout(timer);
    if (wanted.value === null) return;
    timer = window.setTimeout(read, 1500); // after the screen that is wanted now
  });
  setInterval(read, 600_000);
}
