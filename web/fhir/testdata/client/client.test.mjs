// A FHIR client that is not ours (fhir-kit-client) against the real program: it reads, searches, pages, follows references, writes, and
// asks the CapabilityStatement what the server can do. Started with WINCE=path/to/wince.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { CapabilityTool, Client } from "fhir-kit-client";

process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"; // the server has made its own certificate
process.removeAllListeners("warning");

const password = "correct horse battery";
let server, data, base, fhir, api;

before(async () => {
  data = await mkdtemp(join(tmpdir(), "wince-fhir-"));
  server = spawn(process.env.WINCE ?? "wince", ["serve", "--listen", "127.0.0.1:0", "--data", data], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  server.stderr.on("data", (b) => (log += b));
  const link = await new Promise((found, failed) => {
    server.on("exit", (code) => failed(new Error(`wince ended with ${code}: ${log}`)));
    createInterface({ input: server.stdout }).on("line", (line) => {
      const m = /https:\/\/\S+\/#\/setup\/\S+/.exec(line);
      if (m) found(new URL(m[0]));
    });
  });
  base = link.origin.replace("localhost", "127.0.0.1");
  let token;
  api = async (method, path, body, headers = {}) => {
    const r = await fetch(`${base}/api/v1${path}`, { method, body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}), ...headers } });
    const text = await r.text();
    assert.ok(r.ok, `${method} ${path}: ${r.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  await api("POST", "/setup", { token: link.hash.split("/").at(-1), name: "Ann Bee", password });
  ({ token } = await api("POST", "/login", { name: "Ann Bee", password, token: true }));
  fhir = new Client({ baseUrl: `${base}/fhir`, bearerToken: token });
});

after(async () => {
  if (server && server.exitCode === null) {
    server.removeAllListeners("exit");
    const gone = new Promise((r) => server.on("exit", r));
    server.kill("SIGTERM");
    await gone;
  }
  if (data) await rm(data, { recursive: true, force: true });
});

async function assessed(resident, face) {
  const a = await api("POST", "/assessments", { resident_id: resident, condition: "rest", scale: "painad",
    answers: { breathing: 0, vocalisation: 1, face, body: 0, consolability: 0 } });
  return api("POST", `/assessments/${a.id}/confirm`, {}, { "If-Match": `"${a.version}"` });
}

test("a platform's whole way through", async () => {
  const statement = await fhir.capabilityStatement();
  const can = new CapabilityTool(statement);
  assert.equal(statement.fhirVersion, "4.0.1");
  assert.ok(can.resourceCan("Patient", "update") && can.resourceCan("Observation", "vread"));
  assert.ok(!can.resourceCan("Observation", "delete"));

  const system = "urn:uuid:8f8b3a9e-0000-4000-8000-000000000000";
  const identifier = await externalSystem();
  const searchParams = { identifier: `${identifier}|P-1` };
  const body = { resourceType: "Patient", identifier: [{ system: identifier, value: "P-1" }, { system, value: "X" }],
    name: [{ use: "official", family: "Elm", given: ["Dora"] }], gender: "female", birthDate: "1938-04-27", address: [{ city: "Lime" }] };
  const patient = await fhir.update({ resourceType: "Patient", searchParams, body });
  assert.equal(patient.name[0].text, "Dora Elm");
  const again = await fhir.update({ resourceType: "Patient", searchParams, body });
  assert.deepEqual([again.id, again.meta.versionId], [patient.id, "1"]);

  const made = [];
  for (let i = 0; i < 7; i++) made.push((await assessed(patient.id, i % 3)).id);

  // Every page to the end, each observation once.
  let page = await fhir.search({ resourceType: "Observation", searchParams: { patient: patient.id, code: "painad-total", status: "final", _count: "3", _include: "Observation:patient", _sort: "date" } });
  const seen = [];
  let pages = 0;
  for (; page; page = await fhir.nextPage({ bundle: page })) {
    pages++;
    for (const e of page.entry ?? []) {
      if (e.search.mode === "match") seen.push(e.resource.id);
      else assert.equal(e.resource.id, patient.id);
    }
  }
  assert.deepEqual([...seen].sort(), [...made].sort());
  assert.equal(pages, 3);

  // As a form, and what it leads to.
  const posted = await fhir.search({ resourceType: "Observation", searchParams: { "patient.identifier": "P-1", date: "ge2020" }, options: { postSearch: true } });
  const total = posted.entry[0].resource;
  assert.equal(total.valueQuantity.code, "{score}");
  const form = await fhir.resolve({ reference: total.derivedFrom[0].reference });
  assert.equal(form.resourceType, "QuestionnaireResponse");
  const scale = await fhir.search({ resourceType: "Questionnaire", searchParams: { url: form.questionnaire } });
  assert.equal(scale.entry[0].resource.title, "Pain Assessment in Advanced Dementia");
  const before = await fhir.vread({ resourceType: "Observation", id: total.id, version: "1" });
  assert.equal(before.status, "preliminary");

  // What goes wrong is told in FHIR's own form.
  for (const [ask, status] of [
    [() => fhir.read({ resourceType: "Observation", id: "nobody" }), 404],
    [() => fhir.search({ resourceType: "Observation", searchParams: { date: "soon" } }), 400],
    [() => fhir.create({ resourceType: "Patient", body: { resourceType: "Patient", birthDate: "1938" } }), 422],
    [() => fhir.delete({ resourceType: "Patient", id: patient.id }), 405],
  ]) {
    await assert.rejects(ask, (e) => {
      assert.equal(e.response?.status ?? e.status, status);
      assert.equal((e.response?.data ?? e.data)?.resourceType, "OperationOutcome");
      return true;
    });
  }
});

/** The system of the care platform's ids, as a resident that has one tells it. */
async function externalSystem() {
  await api("PUT", "/residents/by-external-id/first", { name: "First" });
  const { entry } = await fhir.search({ resourceType: "Patient", searchParams: { identifier: "first" } });
  return entry[0].resource.identifier[0].system;
}
