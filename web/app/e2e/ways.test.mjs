// The ways in beside a password, the way between homes, and a call that somebody takes note of.
import http from "node:http";
import net from "node:net";

import { afterAll, beforeAll, expect, it } from "vitest";

import { administrator, hire, site } from "./home.mjs";
import { axeInBoth, name, openBrowser, openPage, password, startServer } from "./stage.mjs";

let server, admin, browser, provider, at;

/** A port that nobody has. Passkeys belong to a name, so the server is called localhost, and its address has to be known beforehand. */
async function free() {
  const taken = net.createServer();
  await new Promise((done) => taken.listen(0, "127.0.0.1", done));
  const { port } = taken.address();
  await new Promise((done) => taken.close(done));
  return port;
}

/** As much of a home's OpenID Connect provider as says where people sign in. */
async function startProvider() {
  const asked = [];
  const s = http.createServer((q, a) => {
    const { port } = s.address();
    const issuer = `http://127.0.0.1:${port}`;
    const url = new URL(q.url, issuer);
    if (url.pathname === "/.well-known/openid-configuration") {
      a.setHeader("Content-Type", "application/json");
      return a.end(JSON.stringify({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys`, id_token_signing_alg_values_supported: ["RS256"] }));
    }
    if (url.pathname === "/authorize") asked.push(url.searchParams);
    a.setHeader("Content-Type", "text/html");
    a.end("<h1>The home's own sign-in</h1>");
  });
  await new Promise((done) => s.listen(0, "127.0.0.1", done));
  return { asked, issuer: `http://127.0.0.1:${s.address().port}`, close: () => (s.closeAllConnections(), new Promise((done) => s.close(done))) };
}

beforeAll(async () => {
  provider = await startProvider();
  const port = await free();
  const origin = `https://localhost:${port}`;
  Object.assign(process.env, { WINCE_ORIGIN: origin, WINCE_LOGIN_OIDC_ISSUER: provider.issuer, WINCE_LOGIN_OIDC_CLIENT_ID: "wince", WINCE_LOGIN_OIDC_CLIENT_SECRET: "secret" });
  server = await startServer("--listen", `127.0.0.1:${port}`);
  for (const key of Object.keys(process.env)) if (/^WINCE_(ORIGIN|LOGIN_)/.test(key)) delete process.env[key];
  at = { url: origin };
  admin = await administrator(server);
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await admin?.close();
  await provider?.close();
  expect(await server?.stop()).toBe(0);
});

async function signIn(page, who = name) {
  await page.getByLabel("Name").fill(who);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator(".rail").waitFor();
}

it("signs in with a PIN on a tablet of the home, after a wrong one", { timeout: 60_000 }, async () => {
  await hire(server, admin, "Pia Nurse", "nurse", "4827");
  const { code } = await admin.post("/devices/enrolments", { name: "Ward 3", site_id: site });
  const page = await openPage(browser, at, { viewport: { width: 768, height: 1024 } });
  await page.goto(`${at.url}/#/enrol/${code}`);
  await page.getByRole("button", { name: /Make this tablet one/ }).click();
  await page.getByText("This tablet is now “Ward 3”").waitFor();
  await page.goto(`${at.url}/#/`);
  await page.reload();
  await page.getByRole("button", { name: "Pia Nurse" }).click();
  const pad = page.getByRole("group", { name: "PIN of Pia Nurse" });
  const type = async (digits) => {
    for (const d of digits) await pad.getByRole("button", { name: `Digit ${d}`, exact: true }).or(pad.getByRole("button", { name: d, exact: true })).click();
    await pad.getByRole("button", { name: "Sign in" }).click();
  };
  expect(await axeInBoth(page)).toEqual([]);
  await type("1357");
  await page.getByRole("alert").waitFor();
  expect(await page.locator(".rail").count()).toBe(0);
  await type("4827");
  await page.locator(".rail").waitFor();
  await page.getByText("Pia Nurse").first().waitFor();
  // The next one on the same tablet is asked who they are, and may take the password. A keyboard types a PIN, too.
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Pia Nurse" }).click();
  await page.waitForFunction(() => document.activeElement.classList.contains("pinpad"));
  await page.keyboard.type("4827");
  await page.keyboard.press("Enter");
  await page.locator(".rail").waitFor();
  expect(page.problems).toEqual([]);
  await page.context().close();
});

it("adds a passkey and signs in with it", { timeout: 60_000 }, async () => {
  const page = await openPage(browser, at);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
  await signIn(page);
  await page.goto(`${at.url}/#/me`);
  await page.getByText("You have none yet.").waitFor();
  await page.getByLabel(/Name of the passkey/).fill("Kim's tablet");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("Kim's tablet", { exact: true }).waitFor();
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.locator(".rail").waitFor();
  await page.goto(`${at.url}/#/me`);
  await page.getByText("Signed in with a passkey.").waitFor();
  await page.getByRole("button", { name: "Remove Kim's tablet" }).click();
  await page.getByText("You have none yet.").waitFor();
  // The authenticator still has it; the server does not know it any more.
  await page.getByRole("banner").getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByRole("alert").waitFor();
  expect(page.problems).toEqual([]);
  await page.context().close();
});

it("leads to the home's own sign-in", { timeout: 60_000 }, async () => {
  const page = await openPage(browser, at);
  await page.getByRole("link", { name: /home.s account/ }).click();
  await page.getByRole("heading", { name: "The home's own sign-in" }).waitFor();
  expect(Object.fromEntries(provider.asked[0])).toMatchObject({ client_id: "wince", response_type: "code", code_challenge_method: "S256", redirect_uri: `${at.url}/api/v1/login/provider/callback` });

  // Whoever cancels there is back here and reads what to do.
  await page.goto(`${at.url}/api/v1/login/provider/callback?error=access_denied&state=${provider.asked[0].get("state")}`);
  await page.getByRole("alert").filter({ hasText: "did not sign you in" }).waitFor();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  expect(new URL(page.url()).hash).toBe("#/");
  await page.context().close();
});

it("shows one home at a time, and the other one when it is chosen", { timeout: 60_000 }, async () => {
  const other = await admin.post("/sites", { name: "Lakeside", zone: "Europe/Berlin" });
  await admin.post("/residents", { name: "Ada Birch", room: "1", consent: "given" });
  await admin.post("/residents", { name: "Lena Lake", room: "2", consent: "given", site_id: other.id });
  const page = await openPage(browser, at);
  await signIn(page);
  await page.getByRole("link", { name: "Residents" }).first().click();
  await page.getByText("Ada Birch").waitFor();
  await expect.poll(() => page.getByText("Lena Lake").count()).toBe(0);
  await page.locator(".site select").selectOption({ label: "Lakeside" });
  await page.getByText("Lena Lake").waitFor();
  await expect.poll(() => page.getByText("Ada Birch").count()).toBe(0);
  await page.reload(); // it stays chosen on this tablet
  await page.getByText("Lena Lake").waitFor();
  await page.locator(".site select").selectOption({ index: 0 });
  await page.getByText("Ada Birch").waitFor();
  expect(page.problems).toEqual([]);
  await page.context().close();
});

it("takes note of a call that nobody answered", { timeout: 60_000 }, async () => {
  const who = await admin.post("/residents", { name: "Otto Call", room: "9", consent: "refused" });
  await admin.post("/schedules", { resident_id: who.id, repeat: { every_hours: 4 }, scale: "painad", starts_at: new Date(Date.now() - 3 * 3_600_000).toISOString() });
  // The server looks at what is overdue when it starts, and every minute.
  await server.kill();
  await server.again();
  await expect.poll(async () => (await admin.get("/escalations?open=true")).escalations.length, { timeout: 20_000 }).toBeGreaterThan(0);
  const page = await openPage(browser, at);
  await signIn(page);
  await page.goto(`${at.url}/#/home`);
  await page.getByRole("button", { name: /: Otto Call$/ }).first().click();
  await expect.poll(async () => (await admin.get("/escalations?open=true")).escalations.filter((e) => e.resident_id === who.id).length).toBe(0);
  await expect.poll(() => page.getByRole("button", { name: /: Otto Call$/ }).count()).toBe(0);
  const { escalations } = await admin.get("/escalations?open=false");
  expect(escalations.find((e) => e.resident_id === who.id)).toMatchObject({ acknowledged_by: { name } });
  expect(page.problems).toEqual([]);
  await page.context().close();
});
