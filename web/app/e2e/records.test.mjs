// A resident's page, relief and what follows it, and what managers see, on a home with records of three months.
import { afterAll, beforeAll, expect, it } from "vitest";

import { remembered } from "./history.mjs";
import { administrator } from "./home.mjs";
import { axeInBoth, name, openBrowser, openPage, password, startServer } from "./stage.mjs";

let server, admin, home, browser;

beforeAll(async () => {
  server = await startServer();
  admin = await administrator(server);
  home = await remembered(server, admin);
  browser = await openBrowser();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await admin?.close();
  expect(await server?.stop()).toBe(0);
});

async function tablet(who = name, options = {}) {
  const page = await openPage(browser, server, { viewport: { width: 768, height: 1024 }, ...options });
  await page.getByLabel("Name").fill(who);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator(".rail").waitFor();
  return page;
}

const open = async (page, address, heading) => {
  await page.goto(`${server.url}/#/${address}`);
  await page.getByRole("heading", { name: heading }).waitFor();
};

it("shows a resident's scores with a table, relief with what came of it, and corrections", { timeout: 120_000 }, async () => {
  const page = await tablet();
  await open(page, `r/${home.greta.id}`, "Scores over time");
  // The table is there for screen readers before anybody opens it.
  const table = page.getByRole("table", { name: "PAINAD totals of Greta Oak" });
  const rows = table.getByRole("row");
  await expect.poll(() => rows.count()).toBeGreaterThan(5);
  const month = await rows.count();
  await page.getByLabel("Quarter").check();
  await expect.poll(() => rows.count()).toBeGreaterThan(month);
  await page.getByText("The score is lower by more than the scale’s own uncertainty.").waitFor();
  await page.getByText("7 before, 2 after").waitFor();
  await page.getByText("Amended: The answers were those of the room next door.").waitFor();
  await page.getByText("Earlier versions").click();
  await page.getByText(/Version 1, .*: PAINAD 3/).waitFor();
  await page.getByText("Parkinsonism: the face moves little").waitFor();
  await page.getByText("Too few assessments with the camera to say").waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  // The assessment that looked again says whether the relief helped.
  await open(page, `a/${home.looked.id}`, "After the relief");
  await page.getByText("Paracetamol 500 mg by mouth and Repositioning, given").waitFor();
  await page.getByText("7 before, 2 after").waitFor();
  expect(page.problems).toEqual([]);
  await page.context().close();
});

it("records consent, an event, an absence, particulars and a schedule", { timeout: 120_000 }, async () => {
  const page = await tablet();
  const henk = home.people.henk;
  await open(page, `r/${henk.id}`, "Henk van der Linden-Wassenaar");
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Record a decision" }).click();
  await dialog.getByLabel("Name of who decided").fill("Ina van der Linden");
  await dialog.getByLabel("In what capacity?").selectOption("attorney");
  expect(await axeInBoth(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Camera: consent is given").waitFor();
  await page.getByRole("link", { name: "Assess with the camera" }).waitFor();

  await page.getByRole("button", { name: "Change", exact: true }).click();
  await dialog.getByLabel("Facial palsy, their left side").check();
  await dialog.getByLabel("Wing").fill("Garden");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Wing Garden").waitFor();

  await page.getByRole("button", { name: "Record an event" }).click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("listitem").filter({ hasText: "Fall" }).waitFor();
  await page.getByRole("button", { name: "Record an absence" }).click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Back again" }).click();
  await page.getByText("The absence has ended.").first().waitFor();

  await page.getByRole("button", { name: "Add a schedule" }).click();
  await dialog.getByLabel("At times of the day").check();
  await dialog.getByLabel("At which times?").fill("noon");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("Write times as 08:00").waitFor();
  await dialog.getByLabel("At which times?").fill("8:00, 20.30");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Every day at 08:00 and 20:30", { exact: true }).waitFor(); // towards either time what is due names the rule, too

  await page.getByRole("button", { name: "Withdraw" }).click();
  await dialog.getByLabel("Name of who withdraws it").fill("Ina van der Linden");
  await dialog.getByRole("button", { name: "Withdraw" }).click();
  await page.getByText("Camera: consent is withdrawn").waitFor();
  expect(await page.getByRole("link", { name: "Assess with the camera" }).count()).toBe(0);

  const kept = await admin.get(`/residents/${henk.id}`);
  expect(kept).toMatchObject({ wing: "Garden", conditions: ["palsy_left"], consent: "withdrawn" });
  expect(page.problems).toEqual([]);
  await page.context().close();
});

it("offers a carer no more than a carer may do", { timeout: 60_000 }, async () => {
  const page = await tablet("Carl Carer");
  await open(page, `r/${home.greta.id}`, "Scores over time");
  await page.getByRole("link", { name: "Record relief" }).waitFor();
  for (const button of ["Record a decision", "Withdraw", "Change", "Add a schedule"]) expect(await page.getByRole("button", { name: button, exact: true }).count()).toBe(0);
  expect(await page.getByRole("link", { name: "Overview" }).count()).toBe(0);
  await open(page, "home", "There is nothing here");
  await page.context().close();
});

it("records relief in three taps, and reminds of looking again after a reload too", { timeout: 120_000 }, async () => {
  const page = await tablet("Carl Carer");
  const banner = page.getByRole("region", { name: "Look again whether relief helped" });
  await banner.getByText("Look at Dora Elm again").waitFor(); // relief was given over an hour ago
  await page.reload();
  await banner.getByText("Look at Dora Elm again").waitFor();
  await banner.getByRole("button", { name: "In 10 minutes" }).click();
  await expect.poll(() => banner.count()).toBe(0);

  await open(page, `r/${home.greta.id}`, "Scores over time");
  await page.getByRole("link", { name: "Record relief" }).click();
  await page.getByLabel("Cold").waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  await page.getByLabel("Paracetamol 500 mg by mouth").check(); // what helped before is there to tap
  await page.getByLabel("15 min ago").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Recorded: Paracetamol 500 mg by mouth" }).waitFor();
  await page.getByText(/Look again in 4[45] minutes/).waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  const { reliefs } = await admin.get(`/residents/${home.greta.id}/reliefs`);
  const newest = reliefs.sort((a, b) => b.given_at.localeCompare(a.given_at))[0];
  expect(newest).toMatchObject({ drug: { text: "Paracetamol", dose: "500 mg by mouth" }, scale: "painad", recorded_by: { name: "Carl Carer" } });
  const due = (await admin.get(`/residents/${home.greta.id}/due`)).due.filter((d) => d.relief_id === newest.id);
  expect(due).toHaveLength(1);

  await page.getByRole("link", { name: "Back to Greta Oak", exact: true }).last().click();
  await page.getByText(/Look again in 4\d minutes/).waitFor();
  expect(page.problems).toEqual([]);
  await page.context().close();
});

it("says what is missing before it saves relief", { timeout: 60_000 }, async () => {
  const page = await tablet();
  await open(page, `relief/${home.people.bo.id}`, "Record relief");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").filter({ hasText: "Choose first what was done." }).waitFor();
  expect((await admin.get(`/residents/${home.people.bo.id}/reliefs`)).reliefs ?? []).toEqual([]);
  await page.context().close();
});

it("shows managers how the home stands, and a report that can be taken along", { timeout: 120_000 }, async () => {
  const bo = await admin.get(`/residents/${home.people.bo.id}`);
  await admin.patch(`/residents/${bo.id}`, { wing: "River" }, { "If-Match": `"${bo.version}"` });
  const page = await tablet();
  await open(page, "home", "Consent to the camera");
  await page.getByRole("listitem").filter({ hasText: "Greta Oak" }).filter({ hasText: "None is taken yet" }).waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  const overdue = page.getByRole("listitem").filter({ hasText: "since" });
  const all = await overdue.count();
  expect(all).toBeGreaterThan(1);
  await page.getByRole("button", { name: "River" }).click();
  await expect.poll(() => overdue.count()).toBe(1);

  await page.getByRole("link", { name: "Quality report" }).click();
  await page.getByRole("heading", { name: "How they were made" }).waitFor();
  await page.getByRole("row", { name: /In movement, not at rest.*%/ }).waitFor();
  await page.getByRole("table", { name: "The last six months" }).waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  await page.getByRole("button", { name: "River" }).click();
  await page.getByText(/nothing|No assessments?/i).first().waitFor(); // Bo was not assessed last month
  await page.getByRole("button", { name: "All wings" }).click();
  await page.getByRole("heading", { name: "How they were made" }).waitFor();
  const file = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download as a table" }).click();
  expect((await file).suggestedFilename()).toMatch(/^quality-.*\.csv$/);

  await open(page, "home/differences", "Carer and camera");
  await page.getByText("The camera proposed nothing in this month").waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  expect(page.problems).toEqual([]);
  await page.context().close();
});

it("draws what differs and which movements go with pain", { timeout: 60_000 }, async () => {
  // Both need many camera assessments; the server's answers are those of its documentation.
  const page = await tablet(name, { routed: true });
  const json = (body) => (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify(body) });
  await page.route("**/reports/disagreements*", json({
    compared: 40, differing: 4, by_size: { "-1": 3, 2: 1 },
    disagreements: [{ assessment_id: home.made[0].id, resident_id: home.greta.id, at: new Date().toISOString(), condition: "rest", scale: "painad", item: "face", proposed: 0, answered: 2, rated_blind: 2, difference: 2 }],
  }));
  const seen = (n, share) => ({ n, share, peak: share === null ? null : 2 });
  await page.route("**/face", json({
    since: new Date().toISOString(), pain: 6, no_pain: 9, least: 3,
    units: [{ unit: "AU4", pain: seen(6, 0.83), no_pain: seen(9, 0.11) }, { unit: "AU43", pain: seen(6, 0.5), no_pain: seen(2, null) }, { unit: "AU12", pain: seen(6, 0), no_pain: seen(9, 0) }],
  }));
  await open(page, "home/differences", "Carer and camera");
  await page.getByText("4 of 40 proposed answers differ.").waitFor();
  await page.getByRole("row", { name: /Greta Oak.*before seeing the camera’s view/ }).waitFor();
  expect(await axeInBoth(page)).toEqual([]);
  await open(page, `r/${home.greta.id}`, "How this face shows pain");
  await page.getByRole("row", { name: /Brows lowered AU4 83\s?% 11\s?%/ }).waitFor();
  await page.getByRole("row", { name: /Eyes closed AU43 50\s?% too few/ }).waitFor();
  expect(await page.getByRole("row", { name: /AU12/ }).count()).toBe(0);
  expect(await axeInBoth(page)).toEqual([]);
  await page.context().close();
});

it("prints a resident's page dark on white, without what can only be tapped", { timeout: 60_000 }, async () => {
  const page = await tablet(name, { colorScheme: "dark" });
  await open(page, `r/${home.greta.id}`, "Scores over time");
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await page.getByText(/^Printed .* by Kim Example\.$/).waitFor();
  expect(await page.getByRole("button").filter({ visible: true }).count()).toBe(0);
  expect(await page.evaluate(() => getComputedStyle(document.querySelector("h2")).color)).toBe("rgb(0, 0, 0)");
  await page.context().close();
});
