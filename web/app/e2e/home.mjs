// A home with people and records in it, made over the interface: what the tests of screens and the pictures look at.
import { request } from "playwright-core";

import { name, password } from "./stage.mjs";

export const site = "00000000-0000-7000-8000-000000000001";

/** Asks the server in the name of whoever signs in with it. */
export async function client(server) {
  const context = await request.newContext({ baseURL: server.url, ignoreHTTPSErrors: true });
  const ask = async (method, path, data, headers = {}) => {
    const r = await context.fetch(`/api/v1${path}`, { method, ...(data === undefined ? {} : { data }), headers });
    const text = await r.text();
    if (!r.ok()) throw new Error(`${method} ${path}: ${r.status()} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  return {
    context,
    get: (path) => ask("GET", path),
    post: (path, data = {}, headers) => ask("POST", path, data, headers),
    patch: (path, data, headers) => ask("PATCH", path, data, headers),
    put: (path, data, headers) => ask("PUT", path, data, headers),
    close: () => context.dispose(),
  };
}

/** The administrator's client on a fresh server. */
export async function administrator(server) {
  const admin = await client(server);
  await admin.post("/setup", { token: server.link.split("/").at(-1), name, password });
  return admin;
}

/** Another client of the administrator's, as a program or a second tablet is. */
export async function secondClient(server) {
  const other = await client(server);
  await other.post("/login", { name, password });
  return other;
}

/** Adds a member of staff with a password and returns the person. */
export async function hire(server, admin, who, role, pin) {
  const { user, invitation } = await admin.post("/users", { name: who, role, sites: [site] });
  const own = await client(server);
  await own.post("/invitation", { token: invitation.token, password });
  if (pin) await own.put("/me/pin", { pin });
  await own.close();
  return user;
}

const hours = (n) => new Date(Date.now() - n * 3_600_000).toISOString();

/** Every item of a scale answered with the same option, within what it offers. */
export function answersOf(scale, value) {
  return Object.fromEntries(scale.items.map((i) => [i.id, i.options[Math.min(value, i.options.length - 1)].value]));
}

/** An observer's assessment, confirmed, some hours ago. */
export async function observed(by, resident, scale, answers, ago, condition = "rest", remarks = "") {
  const a = await by.post("/assessments", { resident_id: resident, condition, scale: scale.id, method: "observer", answers, remarks, assessed_at: hours(ago) });
  return by.post(`/assessments/${a.id}/confirm`, {}, { "If-Match": `"${a.version}"` });
}

/** Fills a home: residents with and without consent, schedules, scores over days, relief, staff. */
export async function furnish(server, admin) {
  const people = {};
  for (const [key, who, room, consent] of [
    ["dora", "Dora Elm", "7", "given"],
    ["bo", "Bo Ash", "2", "refused"],
    ["greta", "Greta Oak", "12", "given"],
    ["henk", "Henk van der Linden-Wassenaar", "14", "unknown"],
  ])
    people[key] = await admin.post("/residents", { name: who, room, consent, communication: "cannot_say" });
  const { scales } = await admin.get("/scales");
  const scale = (id) => scales.find((s) => s.id === id);
  const painad = scale("painad");
  const made = [];
  for (const [ago, value] of [[120, 1], [96, 2], [72, 1], [48, 1], [26, 2], [3, 1]]) {
    const answers = { ...answersOf(painad, 0), ...Object.fromEntries(painad.items.slice(0, 3).map((i) => [i.id, value])) };
    made.push(await observed(admin, people.dora.id, painad, answers, ago, ago % 48 === 0 ? "movement" : "rest", "Held her left hip."));
  }
  const measure = (await admin.get("/measures")).measures[0];
  const relief = await admin.post(`/residents/${people.dora.id}/reliefs`, { assessment_id: made.at(-1).id, measures: [measure.id], given_at: hours(2.5) });
  const draft = await admin.post("/assessments", { resident_id: people.greta.id, condition: "rest", scale: "painad", method: "observer", answers: {} });
  await admin.post("/schedules", { site_id: site, repeat: { every_hours: 4 }, scale: "painad", starts_at: hours(9) });
  await admin.post(`/residents/${people.bo.id}/events`, { kind: "fall", at: hours(1) });
  const staff = { nora: await hire(server, admin, "Nora Nurse", "nurse", "4827"), carl: await hire(server, admin, "Carl Carer", "carer", "7391") };
  return { people, scales, scale, made, relief, draft, staff };
}
