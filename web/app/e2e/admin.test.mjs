// What leads a home: people, tablets, scales and connected programs, from the settings to what they do elsewhere.
import { afterAll, beforeAll, expect, it } from "vitest";

import { axeInBoth, openBrowser, openPage, setUp, startServer } from "./stage.mjs";

let server, browser, page;

beforeAll(async () => {
  server = await startServer();
  browser = await openBrowser();
  page = await openPage(browser, server);
  await setUp(page, server);
}, 120_000);

afterAll(async () => {
  expect(page?.problems).toEqual([]);
  await browser?.close();
  expect(await server?.stop()).toBe(0);
});

const settings = async (name) => {
  await page.getByRole("link", { name: "Settings" }).first().click();
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
  await page.getByRole("main").getByRole("link").filter({ has: page.getByText(name, { exact: true }) }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
};

const dialog = () => page.getByRole("dialog");
const close = () => dialog().getByRole("button", { name: "Close" }).click();

/** The page of somebody else, on a machine of their own. */
const elsewhere = async (address) => {
  const other = await openPage(browser, server);
  await other.goto(address);
  return other;
};

it("invites somebody, who signs in with a password of their own and may less", { timeout: 60_000 }, async () => {
  await settings("People");
  await page.getByRole("button", { name: "Add a person" }).click();
  await dialog().getByLabel("Name", { exact: true }).fill("Robin Carer");
  await dialog().getByLabel(/^Carer/).check();
  await dialog().getByRole("button", { name: "Add and invite" }).click();
  await page.getByRole("dialog", { name: "Invitation for Robin Carer" }).waitFor();
  await page.getByRole("img", { name: /Code with the invitation/ }).waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  const address = await dialog().locator("code").innerText();
  await close();

  const robin = await elsewhere(address);
  await robin.getByLabel(/Password/).fill("another four words here");
  await robin.getByRole("button", { name: "Take this password" }).click();
  await robin.getByRole("heading", { name: "Round" }).waitFor();
  expect(await robin.getByRole("link", { name: "Settings" }).count()).toBe(0);
  await robin.goto(`${server.url}/#/admin/people`);
  await robin.getByText("There is nothing here").waitFor();

  await page.getByRole("button", { name: "Change Robin Carer" }).click();
  await dialog().getByRole("button", { name: "End their access" }).click();
  await page.getByText("Cannot sign in", { exact: true }).waitFor();
  await robin.goto(`${server.url}/#/residents`);
  await robin.getByLabel("Password").waitFor(); // signed out at once
  await robin.context().close();
});

it("makes a tablet one of the home's by a code that it reads, once", { timeout: 60_000 }, async () => {
  await settings("Tablets");
  await page.getByRole("button", { name: "Add a tablet" }).click();
  await dialog().getByLabel("What is the tablet called?").fill("Ward 2, trolley");
  await dialog().getByRole("button", { name: "Show the code" }).click();
  await page.getByRole("img", { name: "Code that enrols Ward 2, trolley" }).waitFor();
  const address = await dialog().locator("code").innerText();
  expect(address.startsWith(`${server.url}/#/enrol/`)).toBe(true);
  await close();
  await page.getByText("Waits for the tablet").waitFor();

  const tablet = await elsewhere(address);
  await tablet.getByRole("button", { name: /Make this tablet one/ }).click();
  await tablet.getByText("This tablet is now “Ward 2, trolley”").waitFor();
  const second = await elsewhere(address);
  await second.getByRole("button", { name: /Make this tablet one/ }).click();
  await second.getByRole("alert").waitFor(); // it works once
  await second.context().close();

  await settings("Tablets"); // read anew
  await page.getByRole("button", { name: "Take out Ward 2, trolley" }).click();
  await dialog().getByRole("button", { name: "Take it out" }).click();
  await page.getByText("Taken out", { exact: true }).waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  await tablet.context().close();
});

it("switches a scale off and lets carers rate first", { timeout: 60_000 }, async () => {
  await settings("Scales");
  await page.getByRole("button", { name: "Use Abbey" }).click();
  await page.getByRole("button", { name: "Use Abbey", pressed: false }).waitFor();
  await page.getByText("Carers rate first").click();
  await expect.poll(async () => (await (await page.request.get(`${server.url}/api/v1/scales`)).json()).blind).toBe(true);
  const { scales } = await (await page.request.get(`${server.url}/api/v1/scales`)).json();
  expect(scales.find((s) => s.id === "abbey").enabled).toBe(false);
  expect(await axeInBoth(page)).toEqual([]);
});

it("sets what the whole home is asked for, and what it does against pain", { timeout: 60_000 }, async () => {
  await settings("Rounds and relief");
  await page.getByRole("button", { name: "Add a schedule" }).click();
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByText(/Every 4 hours/).waitFor();
  await page.getByRole("button", { name: "Add to the list" }).click();
  await dialog().getByLabel("Name", { exact: true }).fill("Warm milk");
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Change Warm milk" }).waitFor();
  const { measures } = await (await page.request.get(`${server.url}/api/v1/measures`)).json();
  expect(measures.find((m) => m.name === "Warm milk")).toMatchObject({ id: "warm_milk", retired: false });
  expect(await axeInBoth(page)).toEqual([]);
});

it("adds a home", { timeout: 60_000 }, async () => {
  await settings("Homes");
  await page.getByRole("button", { name: "Add a home" }).click();
  await dialog().getByLabel("Name", { exact: true }).fill("Lindenhof");
  await dialog().getByLabel("Time zone").selectOption("Europe/Berlin");
  await dialog().getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Change Lindenhof" }).waitFor();
  await page.getByRole("combobox", { name: "Home" }).waitFor(); // there is one to choose now
  expect(await axeInBoth(page)).toEqual([]);
});

it("connects a program, whose key reads until it is revoked", { timeout: 60_000 }, async () => {
  await settings("Connected programs");
  await page.getByRole("button", { name: "Connect a program" }).click();
  await dialog().getByLabel("Name", { exact: true }).fill("Care platform");
  await dialog().getByRole("button", { name: "Connect a program" }).click();
  await dialog().getByRole("button", { name: "Make a key" }).click();
  const secret = await dialog().locator(".secret code").innerText();
  expect(await axeInBoth(page)).toEqual([]);
  const read = async () => (await page.context().browser().newContext({ ignoreHTTPSErrors: true })).request.get(`${server.url}/api/v1/residents`, { headers: { Authorization: `Bearer ${secret}` } });
  expect((await read()).status()).toBe(200);
  await dialog().getByRole("button", { name: /^Revoke/ }).click();
  await dialog().getByText("There is no key yet.").waitFor();
  expect((await read()).status()).toBe(401);
  await close();
});

it("tells how the server stands", { timeout: 60_000 }, async () => {
  await settings("System");
  await page.getByText("No backup was ever made").waitFor();
  await page.getByText(/^0 of \d+ places in use$/).waitFor();
  await page.getByRole("cell", { name: /sha256/ }).first().waitFor();
  expect(await axeInBoth(page)).toEqual([]);
});
