// Walks through the app in headless Chromium as the people of the sample organisation would, and asserts what they see:
//   node walk/walk.mjs APP DIRECTORY     the app's address, and where the screenshots go
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [app, directory] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const password = "harbour robotics";
// Where others build, an answer may take its time.
const patience = 60_000;

await mkdir(directory, { recursive: true });
const browser = await chromium.launch({ executablePath, args });
/** What the app should not have done: errors that nobody caught, and what the browser complains of. */
const complaints = [];

const said = (text) => console.log(`  ${text}`);

/** Somebody's browser: a session, a tab, and nothing of the others'. */
class Person {
  static async come(name, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
    const person = new Person();
    person.page = await context.newPage();
    person.page.setDefaultTimeout(patience);
    person.name = name;
    person.page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
    person.page.on("console", (message) => {
      // A refusal is an answer; the browser writes it down as an error all the same.
      const isRefusal = message.text().startsWith("Failed to load resource") && /40[0-9]|412|422/.test(message.text());
      if (message.type() === "error" && !isRefusal) complaints.push(`${name}: ${message.text()}`);
    });
    await person.page.goto(app);
    return person;
  }

  async signIn(email = `${this.name}@harbour.example`, secret = password) {
    await this.page.getByLabel("E-mail address").fill(email);
    await this.page.getByLabel("Password").fill(secret);
    await this.page.getByRole("button", { name: "Sign in" }).click();
    return this;
  }

  async settled() {
    await this.page.waitForFunction(() => document.querySelector("h1") && !document.querySelector(".loading, [aria-busy=true]"));
  }

  async go(place) {
    await this.page.goto(`${app}#${place}`);
    await this.page.waitForTimeout(100);
    await this.settled();
  }

  /** The picture of what is seen, or of the whole page. */
  async picture(name, whole = false) {
    await this.settled();
    await this.page.screenshot({ path: join(directory, `${name}.png`), fullPage: whole });
  }

  heading() {
    return this.page.getByRole("heading", { level: 1 }).innerText();
  }

  async state() {
    return this.page.locator("header.page .state").first().innerText();
  }

  verb(name) {
    return this.page.getByRole("region", { name: "What can be done" }).getByRole("button", { name, exact: true });
  }

  /** Presses the drawn button of a verb, fills the form that it opens, and sends it. */
  async does(verb, fill = async () => undefined) {
    await this.verb(verb).first().click();
    const form = this.page.getByRole("region", { name: verb, exact: true });
    await form.waitFor();
    await fill(form);
    await form.locator("button[type=submit]").click();
    await this.page.getByRole("status").filter({ hasText: `${verb}: done.` }).waitFor();
    await this.settled();
  }

  async whyNot(verb) {
    const button = this.verb(verb);
    await button.waitFor();
    assert.equal(await button.getAttribute("aria-disabled"), "true", `${verb} is not for ${this.name}`);
    return this.page.locator(`#${await button.getAttribute("aria-describedby")}`).innerText();
  }
}

const label = (verb) => (verb.charAt(0).toUpperCase() + verb.slice(1)).replaceAll("-", " ");
const today = new Date().toISOString().slice(0, 10);

async function signsIn() {
  const mara = await Person.come("mara");
  await mara.page.getByLabel("E-mail address").waitFor();
  await mara.page.screenshot({ path: join(directory, "sign-in.png") });
  await mara.signIn(undefined, "not her password");
  await mara.page.getByRole("alert").waitFor();
  await mara.signIn();
  await mara.page.getByRole("heading", { name: "My work" }).waitFor();
  await mara.settled();
  assert.ok((await mara.page.locator(".lines .line").count()) > 3, "work waits for the manager");
  assert.ok(await mara.page.getByRole("heading", { name: /Overdue/ }).isVisible(), "some of it is overdue");
  await mara.picture("work");
  await mara.page.reload();
  await mara.page.getByRole("heading", { name: "My work" }).waitFor();
  said("signed in, and a reload of the page kept the session");
  return mara;
}

/** Ten minutes later the token has expired for the app: several calls at once renew it once. */
async function renews(mara) {
  let renewals = 0;
  const count = (request) => {
    if (request.url().endsWith("/v1/auth/refresh")) renewals += 1;
  };
  mara.page.on("request", count);
  await mara.page.evaluate(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 580_000;
  });
  await mara.page.evaluate(() => {
    location.hash = "/records/NC-2026-0016";
  });
  await mara.page.getByRole("heading", { level: 1, name: /Test benches/ }).waitFor();
  await mara.settled();
  mara.page.off("request", count);
  assert.equal(renewals, 1, `${renewals} renewals instead of one`);
  await mara.page.reload();
  await mara.settled();
  said("an expired token was renewed once for all calls");
}

async function looksUp(mara) {
  await mara.go("/nonconformities");
  const rows = mara.page.locator("tbody tr");
  const first = await rows.first().innerText();
  assert.equal(await rows.count(), 25, "a page has 25 rows");
  await mara.picture("register");
  await mara.page.getByRole("link", { name: "Next page" }).click();
  await mara.page.waitForFunction((first) => document.querySelector("tbody tr")?.innerText !== first, first);
  assert.notEqual(await rows.first().innerText(), first, "the next page is another one");
  await mara.page.getByRole("button", { name: "Back" }).click();
  await mara.settled();
  await mara.page.getByText("Filters").first().click();
  await mara.page.getByLabel("State").selectOption("closed");
  await mara.page.waitForURL(/state=closed/);
  await mara.settled();
  await mara.page.getByLabel("Grade").selectOption("major");
  await mara.page.waitForURL(/grade=major/);
  await mara.settled();
  assert.ok((await rows.count()) > 2, "some major ones are closed");
  for (const row of await rows.all()) assert.match(await row.innerText(), /Closed[\s\S]*Major/);
  await mara.page.getByRole("button", { name: /^Title/ }).click();
  await mara.page.waitForURL(/sort=title/);
  await mara.settled();
  const titles = await mara.page.locator("tbody td.title").allInnerTexts();
  assert.deepEqual(titles, [...titles].sort(), "sorted by title");
  await mara.picture("register-filtered");
  await mara.go("/nonconformities");
  await mara.page.getByRole("searchbox").fill("laptop");
  await mara.page.getByRole("button", { name: "Search" }).click();
  await mara.page.waitForURL(/q=laptop/);
  await mara.settled();
  assert.match(await rows.first().innerText(), /laptop/i);
  said(`looked up: ${titles.length} major ones are closed, ${await rows.count()} are about laptops`);
}

async function reports(mara) {
  await mara.go("/nonconformities");
  await mara.page.getByRole("link", { name: "Report a nonconformity" }).click();
  await mara.page.getByLabel("Title").fill("Badges of visitors are not returned");
  await mara.page.getByRole("button", { name: "Report", exact: true }).click();
  await mara.page.locator("#main .fault:visible").first().waitFor();
  const wrong = await mara.page.locator(".field.wrong > label").allInnerTexts();
  assert.deepEqual(wrong, ["Statement", "Objective evidence", "Source"], "each pointer shows at its field");
  assert.equal(await mara.page.getByLabel("Statement").getAttribute("aria-invalid"), "true");
  await mara.picture("report-refused");
  await mara.page.getByLabel("Statement").fill("Visitors return their badges when they leave");
  await mara.page.getByLabel("Objective evidence").fill("Four of eleven badges of Tuesday are missing");
  await mara.page.getByLabel("Source").selectOption("employee");
  await mara.page.getByLabel("Requirement").fill("A.7.2");
  // Twice in a moment, as an impatient hand does.
  const keys = new Set();
  mara.page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/v1/nonconformities")) keys.add(request.headers()["idempotency-key"]);
  });
  await mara.page.getByRole("button", { name: "Report", exact: true }).dblclick();
  await mara.page.waitForURL(/records\/NC-/);
  await mara.settled();
  assert.equal(keys.size, 1, "one key for one form");
  const reference = /NC-\d{4}-\d+/.exec(mara.page.url())[0];
  assert.equal(await mara.state(), "Reported");
  said(`${reference} raised`);
  return reference;
}

/** The buttons are those of the record's transitions: none is left out, none is made up. */
async function drawn(mara, reference) {
  const answer = mara.page.waitForResponse((response) => /\/v1\/nonconformities\/[0-9a-f-]{36}$/.test(response.url()) && response.request().method() === "GET");
  await mara.page.reload();
  const { transitions } = await (await answer).json();
  await mara.settled();
  const buttons = await mara.page.locator(".verbs button").allInnerTexts();
  assert.deepEqual(buttons, [...transitions.map(({ verb }) => label(verb)), "Amend"], `the buttons of ${reference}`);
  const off = await mara.page.locator(".verbs button[aria-disabled=true]").allInnerTexts();
  assert.deepEqual(off, transitions.filter(({ allowed }) => !allowed).map(({ verb }) => label(verb)));
}

async function collides(mara, reference) {
  await mara.verb("Amend").click();
  const form = mara.page.getByRole("region", { name: "Amend", exact: true });
  await form.getByLabel("Statement").fill("Visitors hand in their badges at the gate");
  const sofia = await (await Person.come("sofia")).signIn();
  await sofia.page.getByRole("heading", { name: "My work" }).waitFor();
  await sofia.go(`/records/${reference}`);
  await sofia.does("Amend", async (form) => form.getByLabel("Title").fill("Visitors keep their badges"));
  await form.getByRole("button", { name: "Save", exact: true }).click();
  const overtaken = mara.page.getByRole("alert", { name: "Changed meanwhile" });
  await overtaken.waitFor();
  assert.match(await overtaken.innerText(), /Amended by Sofia Rossi/);
  const title = overtaken.locator(".versions").filter({ hasText: /^Title/ });
  assert.match(await title.innerText(), /Badges of visitors are not returned[\s\S]*Visitors keep their badges[\s\S]*stays as it is now/);
  assert.match(await overtaken.innerText(), /Yours alone: Statement/);
  await overtaken.scrollIntoViewIfNeeded();
  await mara.picture("overtaken");
  await overtaken.getByRole("button", { name: "Save mine on top of it" }).click();
  await mara.page.getByRole("status").filter({ hasText: "Amend: done." }).waitFor();
  await mara.settled();
  assert.equal(await mara.heading(), "Visitors keep their badges", "what Sofia wrote stays");
  await mara.page.getByText("Visitors hand in their badges at the gate").first().waitFor();
  await sofia.page.context().close();
  said("412: what changed was shown, and both amendments stand");
}

async function treats(mara, reference) {
  await mara.verb("Confirm").click();
  await mara.page.getByRole("region", { name: "Confirm", exact: true }).waitFor();
  await mara.picture("confirm");
  await mara.verb("Confirm").first().click();
  await mara.does("Confirm", async (form) => {
    await form.getByLabel("Grade").selectOption("minor");
    await form.getByLabel("Owner").selectOption({ label: await option(form.getByLabel("Owner"), "Mara Lindqvist") });
  });
  assert.equal(await mara.state(), "Confirmed");
  await drawn(mara, reference);
  await mara.does("Contain", async (form) => {
    await form.getByLabel("Correction").fill("The four visitors were called");
    await form.getByLabel("Consequences").fill("The four badges were locked");
  });
  await mara.does("Analyse", async (form) => {
    await form.getByLabel("Method").selectOption("five_whys");
    await form.getByRole("group", { name: "Root causes" }).getByRole("button", { name: "Add one" }).click();
    await form.getByLabel("Root causes 1", { exact: true }).fill("Nobody is at the gate after five");
    await form.getByLabel("Similar").fill("The shipyard's gate is staffed until nine");
  });
  await mara.does("Plan", async (form) => form.getByRole("radio", { name: /^Actions/ }).check());
  assert.equal(await mara.state(), "Planned");
  assert.match(await mara.whyNot("Implement"), /action/i);
  await mara.page.getByRole("button", { name: "Plan an action" }).click();
  const actions = mara.page.getByRole("region", { name: "Actions" });
  await actions.getByLabel("Title").fill("A box for badges at the gate");
  await actions.getByLabel("Kind").selectOption("corrective");
  await actions.getByLabel("Assignee").selectOption({ label: await option(actions.getByLabel("Assignee"), "Mara Lindqvist") });
  await actions.getByLabel("Due on").fill(today);
  await actions.getByRole("button", { name: "Plan the action" }).click();
  const link = actions.getByRole("link", { name: "A box for badges at the gate" });
  await link.waitFor();
  await says(mara);
  await mara.picture("record", true);
  await link.click();
  await mara.page.getByRole("heading", { level: 1, name: "A box for badges at the gate" }).waitFor();
  await mara.settled();
  await mara.does("Start");
  await mara.does("Complete", async (form) => form.getByLabel("Summary").fill("It hangs beside the door"));
  assert.equal(await mara.state(), "Done");
  assert.match(await mara.whyNot("Verify"), /does not verify it/);
  said("led to a done action by the buttons that were drawn");
  return /ACT-\d{4}-\d+/.exec(mara.page.url())[0];
}

async function option(select, name) {
  await select.locator("option", { hasText: name }).first().waitFor({ state: "attached" });
  return select.locator("option", { hasText: name }).first().innerText();
}

async function says(mara) {
  const comments = mara.page.getByRole("region", { name: "Comments" });
  await comments.getByLabel("Text").fill("The works council agrees with the box.");
  await comments.getByRole("button", { name: "Comment", exact: true }).click();
  await comments.getByText("The works council agrees with the box.").first().waitFor();
  const evidence = mara.page.getByRole("region", { name: "Evidence" });
  await evidence.getByLabel("File").setInputFiles({ name: "badges.txt", mimeType: "text/plain", buffer: Buffer.from("4 of 11 missing\n") });
  await evidence.getByLabel("What it shows").fill("The list of Tuesday");
  await evidence.getByRole("button", { name: "Attach" }).click();
  const piece = evidence.getByRole("button", { name: "The list of Tuesday" });
  await piece.waitFor();
  const [download] = await Promise.all([mara.page.waitForEvent("download"), piece.click()]);
  assert.equal(download.suggestedFilename(), "badges.txt");
  const content = [];
  for await (const chunk of await download.createReadStream()) content.push(chunk);
  assert.equal(Buffer.concat(content).toString(), "4 of 11 missing\n", "the file comes back as it went");
  said("commented, attached, and read back");
}

/** Duties are kept apart: who did it does not judge it. */
async function judges(mara, reference, action) {
  const auditor = await (await Person.come("adeyemi")).signIn();
  await auditor.page.getByRole("heading", { name: "My work" }).waitFor();
  await auditor.go(`/records/${action}`);
  await auditor.does("Verify", async (form) => form.getByLabel("Evidence").fill("Seen at the gate"));
  assert.equal(await auditor.state(), "Verified");
  await mara.go(`/records/${reference}`);
  await mara.does("Implement", async (form) => form.getByLabel("Check on").fill(today));
  const reason = await mara.whyNot("Verify");
  await mara.picture("separation-of-duties");
  await auditor.go(`/records/${reference}`);
  await auditor.does("Verify", async (form) => {
    await form.getByRole("radio", { name: "Yes" }).check();
    await form.getByLabel("Criterion").fill("Badges that are missing after a week");
    await form.getByLabel("Evidence").fill("None of 38");
  });
  await auditor.page.context().close();
  await mara.go("/work");
  await mara.go(`/records/${reference}`);
  await mara.does("Close", async (form) => {
    await form.getByLabel("Isms change").or(form.getByLabel("ISMS change")).fill("None needed");
    await form.getByLabel("Lessons").fill("Whoever leaves late needs a box");
  });
  assert.equal(await mara.state(), "Closed");
  const steps = await mara.page.locator(".timeline li strong").allInnerTexts();
  for (const step of ["Raised", "Amended", "Confirmed", "Contained", "Analysed", "Planned", "Implemented", "Closed"]) {
    assert.ok(steps.includes(step), `${step} is in the history: ${steps}`);
  }
  await mara.picture("closed", true);
  said(`closed; the manager was told: ${reason}`);
}

async function watches(mara) {
  await mara.go("/indicators");
  assert.ok((await mara.page.locator(".tile").count()) >= 5, "five are measured");
  await mara.picture("indicators");
  for (const [reference, picture] of [["IND-2024-0001", "chart"], ["IND-2026-0001", "chart-phases"]]) {
    const answer = mara.page.waitForResponse((response) => response.url().includes("/chart"));
    await mara.go(`/records/${reference}`);
    const chart = await (await answer).json();
    const drawing = mara.page.getByRole("img", { name: /^Control chart of/ });
    await drawing.waitFor();
    assert.equal(await drawing.locator(".signal").count(), chart.points.filter(({ rules }) => rules.length > 0).length, "each signal is drawn");
    assert.equal(await drawing.locator(".signal, .point").count(), chart.points.length, "each measurement is drawn");
    assert.equal(await drawing.locator(".phase").count(), chart.phases.length - 1, "each phase is drawn");
    assert.equal(await drawing.locator("path.limit").count(), 2 * chart.phases.filter(({ limits }) => limits).length);
    assert.equal(await drawing.locator(".target").count(), 1, "the target is drawn");
    await drawing.focus();
    await mara.page.keyboard.press("End");
    await mara.page.keyboard.press("ArrowLeft");
    assert.match(await mara.page.locator(".chart output").innerText(), /^\d+ \w+ \d{4}.*limits/, "a measurement is read out");
    await mara.picture(picture);
  }
  said("charts drawn from their figures, and read by the keyboard");
}

async function isReady(mara) {
  await mara.go("/readiness");
  assert.equal(await mara.page.locator(".steps > section").count(), 7, "seven steps");
  await mara.page.getByText("Is every assessed risk treated or accepted?").click();
  await mara.page.getByText("POST /v1/risks/{id}/treat").waitFor();
  await mara.page.getByText("Are nonconformities recorded").click();
  await mara.picture("readiness", true);
  await mara.page.locator("details[open] .found a[href*='RSK-']").first().click();
  await mara.page.waitForURL(/records\/RSK-/);
  await mara.settled();
  await mara.verb("Treat").waitFor();
  said("readiness leads to the risk, and there is the button that mends it");
}

/** On a telephone, in the dark, and never wider than the screen. */
async function isNarrow(reference) {
  const mara = await (await Person.come("mara", { viewport: { width: 400, height: 860 }, colorScheme: "dark" })).signIn();
  await mara.page.getByRole("heading", { name: "My work" }).waitFor();
  for (const [place, picture] of [["/work", "work"], ["/nonconformities", "register"], [`/records/${reference}`, "record"], ["/records/IND-2024-0001", "chart"],
    ["/readiness", "readiness"], ["/nonconformities/new", "report"]]) {
    await mara.go(place);
    await mara.picture(`narrow-dark-${picture}`);
    const wide = await mara.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 400, `${place} is ${wide} wide`);
    const nameless = await mara.page.evaluate(() => [...document.querySelectorAll("input, select, textarea, button, a")]
      .filter((one) => !(one.labels?.length || one.getAttribute("aria-label") || one.textContent?.trim())).map((one) => one.outerHTML));
    assert.deepEqual(nameless, [], `all of ${place} has a name`);
  }
  await mara.page.emulateMedia({ colorScheme: "dark" });
  await mara.page.setViewportSize({ width: 1280, height: 900 });
  await mara.go("/records/IND-2026-0001");
  await mara.picture("dark-chart");
  await mara.page.context().close();
  said("nothing is wider than 400 px, and everything has a name");
}

async function leaves(mara) {
  await mara.page.getByRole("button", { name: "Sign out" }).click();
  await mara.page.getByRole("heading", { name: "Sign in" }).waitFor();
  await mara.page.reload();
  await mara.page.getByRole("heading", { name: "Sign in" }).waitFor();
  // What a stolen browser would still hold: a session that is over.
  await mara.page.evaluate(() => sessionStorage.setItem("ratchet.refresh", "0".repeat(64)));
  await mara.page.reload();
  await mara.page.getByText("Your session has ended").waitFor();
  said("signed out, and a dead session says so");
}

try {
  const mara = await signsIn();
  await renews(mara);
  await looksUp(mara);
  const reference = await reports(mara);
  await drawn(mara, reference);
  await collides(mara, reference);
  const action = await treats(mara, reference);
  await judges(mara, reference, action);
  await watches(mara);
  await isReady(mara);
  await isNarrow(reference);
  await leaves(mara);
  assert.deepEqual(complaints, [], "the browser had nothing to complain of");
} catch (error) {
  const [context] = browser.contexts();
  await context?.pages()[0]?.screenshot({ path: join(directory, "failed.png"), fullPage: true }).catch(() => undefined);
  console.error(error, complaints, `see ${join(directory, "failed.png")}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
