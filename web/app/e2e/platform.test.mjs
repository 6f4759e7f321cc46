// A care platform made with libraries that are not ours: jose signs, fetch reads. It signs in with RS384 and ES384, sends residents, and
// reads them back page by page and as an export.
import { randomUUID } from "node:crypto";

import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";

import { name, password, startServer } from "./stage.mjs";

// The address that the server is told to be called by; the test calls it at a free port of its own.
const origin = "https://platform-test.example";
const keys = {};
let server;
let client;
const before = { origin: process.env.WINCE_ORIGIN, tls: process.env.NODE_TLS_REJECT_UNAUTHORIZED };

/** Asks the server, at whatever address a link of its names. */
function ask(address, options = {}) {
  return fetch(address.replace(origin, server.url), { redirect: "error", ...options });
}

async function json(address, status, options) {
  const answer = await ask(address, options);
  const text = await answer.text();
  expect(answer.status, `${address}: ${text}`).toBe(status);
  return JSON.parse(text);
}

const post = (body, headers = {}) => ({ method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...headers } });

function claims(more = {}) {
  const now = Math.floor(Date.now() / 1000);
  return { iss: client.id, sub: client.id, aud: `${origin}/oauth/token`, iat: now, exp: now + 240, jti: randomUUID(), ...more };
}

const signed = (alg, more) => new SignJWT(claims(more)).setProtectedHeader({ alg, kid: alg, typ: "JWT" }).sign(keys[alg].privateKey);

function tokenFor(assertion, scope = "system/*.rs") {
  return ask(`${origin}/oauth/token`, {
    method: "POST",
    body: new globalThis.URLSearchParams({
      grant_type: "client_credentials",
      scope,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: assertion,
    }),
  });
}

beforeAll(async () => {
  process.env.WINCE_ORIGIN = origin;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"; // the server made its certificate itself
  server = await startServer();
  const token = server.link.split("/").at(-1);
  const setUp = await ask(`${origin}/api/v1/setup`, post({ token, name, password }));
  expect(setUp.status).toBe(201);
  const login = await json(`${origin}/api/v1/login`, 200, post({ name, password, token: true }));
  const jwks = { keys: [] };
  for (const alg of ["RS384", "ES384"]) {
    keys[alg] = await generateKeyPair(alg, { modulusLength: 2048, extractable: true });
    jwks.keys.push({ ...(await exportJWK(keys[alg].publicKey)), kid: alg, use: "sig", alg });
  }
  client = await json(
    `${origin}/api/v1/clients`,
    201,
    post({ name: "Platform", kind: "smart_backend", all_sites: true, scopes: ["system/Patient.cruds", "system/Observation.rs"], jwks }, { Authorization: `Bearer ${login.token}` }),
  );
});

afterAll(async () => {
  if (server) expect(await server.stop()).toBe(0);
  for (const [key, value] of [["WINCE_ORIGIN", before.origin], ["NODE_TLS_REJECT_UNAUTHORIZED", before.tls]]) {
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
  }
});

it("finds the token endpoint and gets a token with either algorithm", async () => {
  const conf = await json(`${origin}/fhir/.well-known/smart-configuration`, 200);
  expect(conf.token_endpoint).toBe(`${origin}/oauth/token`);
  for (const alg of ["RS384", "ES384"]) {
    expect(conf.token_endpoint_auth_signing_alg_values_supported).toContain(alg);
    const answer = await tokenFor(await signed(alg));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ token_type: "bearer", expires_in: 300, scope: "system/Observation.rs system/Patient.rs" });
  }
});

it("is refused with no signature, for another server, too late, and a second time", async () => {
  const once = await signed("ES384");
  expect((await tokenFor(once)).status).toBe(200);
  const now = Math.floor(Date.now() / 1000);
  const bad = [once, new UnsecuredJWT(claims()).encode(), await signed("ES384", { aud: "https://other.example/oauth/token" }), await signed("RS384", { exp: now - 120 })];
  for (const assertion of bad) {
    const answer = await tokenFor(assertion);
    expect(answer.status).toBe(401);
    expect((await answer.json()).error).toBe("invalid_client");
  }
  expect(server.log()).not.toContain(once.split(".")[2]);
});

it("sends residents, and reads them back in pages and as an export", async () => {
  const { access_token } = await (await tokenFor(await signed("RS384"), "system/*.cruds")).json();
  const auth = { Authorization: `Bearer ${access_token}` };
  const table = "external_id;given_name;family_name\n" + Array.from({ length: 7 }, (_, i) => `${i};Ada;Elm ${i}`).join("\n");
  const csv = { method: "POST", body: table, headers: { ...auth, "Content-Type": "text/csv" } };
  expect((await json(`${origin}/api/v1/residents/import`, 200, csv)).committed).toBe(false);
  expect(await json(`${origin}/api/v1/residents/import?commit=true`, 200, csv)).toMatchObject({ committed: true, added: 7, errors: 0 });
  expect(await json(`${origin}/api/v1/residents/import?commit=true`, 200, csv)).toMatchObject({ added: 0, unchanged: 7 });

  const seen = new Set();
  let pages = 0;
  for (let next = `${origin}/fhir/Patient?_count=3`; next; pages++) {
    const bundle = await json(next, 200, { headers: auth });
    for (const e of bundle.entry ?? []) seen.add(e.resource.id);
    next = bundle.link.find((l) => l.relation === "next")?.url;
  }
  expect(seen.size).toBe(7);
  expect(pages).toBeGreaterThan(2);

  const begun = await ask(`${origin}/fhir/$export?_type=Patient`, { headers: { ...auth, Prefer: "respond-async" } });
  expect(begun.status).toBe(202);
  const status = begun.headers.get("content-location");
  await expect.poll(async () => (await ask(status, { headers: auth })).status, { timeout: 30_000, interval: 200 }).toBe(200);
  const manifest = await json(status, 200, { headers: auth });
  expect(manifest.output).toHaveLength(1);
  const file = await (await ask(manifest.output[0].url, { headers: auth })).text();
  const ids = file.trim().split("\n").map((line) => JSON.parse(line).id);
  expect(new Set(ids)).toEqual(seen);
  expect((await ask(status, { method: "DELETE", headers: auth })).status).toBe(202);
  expect((await ask(manifest.output[0].url, { headers: auth })).status).toBe(404);
});
