// The audit page against the real binary, in real Chromium. Holds: somebody who left an address is found by it
// though only its hash is sent, is handed what is held, and is gone after erasure; the receipt and the log prove
// it. And the fixtures that the page's other tests use are shaped as the collector's answers are.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { ADDRESS_HASH, AuditCollector, KEY } from "./audit-fixtures.mjs";
import { launch, withText } from "./browser.mjs";
import { SITE as FIXTURE_SITE } from "./dashboard-fixtures.mjs";
import { startDemo } from "./demo-collector.mjs";

const SITE = "demo.example";
const ADDRESS = "Katherine.Johnson@orbital-freight.example";
const HASH = createHash("sha256").update(ADDRESS.toLowerCase()).digest("hex");
const COMPANY = "Orbital Freight";

let collector, browser;
before(async () => {
  [collector, browser] = await Promise.all([startDemo(), launch()]);
});
after(async () => {
  await browser?.close();
  await collector?.stop();
});

/** Asks a collector; answers with the body. */
async function ask(origin, path, body) {
  const answer = await fetch(`${origin}/api/v1/${path}`, body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}
const api = (path, body) => ask(collector.origin, path, body);
const leadsOf = async (domain) => (await api(`leads?site=${SITE}&limit=200`)).leads.filter((lead) => lead.domain === domain);

/** A page on which anything that goes wrong is noted, and everything that is sent to people's rights. */
async function auditPage() {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints = [];
  const sent = [];
  page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith(collector.origin)) complaints.push(`asked another host: ${request.url()}`);
    sent.push(`${request.url()} ${request.postData() ?? ""}`);
  });
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
  await page.goto(`${collector.origin}/audit`);
  for (const part of ["#verified .finding", "#ladder table", ".bars svg", "#fields-list details", "#salts-body h3", "#retention-rules table", ".log tbody tr", ".documents li"]) await page.locator(part).first().waitFor();
  return { context, page, complaints, sent };
}

const save = async (page, press) => {
  const [file] = await Promise.all([page.waitForEvent("download"), press()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
};

test("a lead is found by address, handed over, erased and proven gone", { timeout: 120_000 }, async () => {
  const visitor = await (await browser.newContext()).newPage();
  const arrived = visitor.waitForResponse((answer) => answer.url().includes("/api/event"));
  await visitor.goto(`${collector.origin}/demo/?utm_source=google&utm_medium=cpc&utm_campaign=audit-journey`);
  await arrived;
  await visitor.goto(`${collector.origin}/demo/request-a-demo`);
  await visitor.getByLabel("Work e-mail").fill(ADDRESS);
  await visitor.getByLabel("Job title").fill("Head of Trajectories");
  await visitor.getByLabel("Company", { exact: true }).fill(COMPANY);
  await visitor.getByLabel(/You may link/).check();
  await visitor.getByRole("button", { name: "Request a demo" }).click();
  await visitor.waitForURL("**/demo/thanks");
  let known = [];
  while (known.length === 0) known = await leadsOf("orbital-freight.example");
  assert.equal(known.length, 1);
  await visitor.context().close();

  const { context, page, complaints, sent } = await auditPage();
  assert.equal(await page.locator("[data-salt]").count(), 1, "the visit made the day's salt");
  await page.locator("#person-site").selectOption(SITE);
  await page.locator("#person-who").fill(ADDRESS);
  await page.locator("#person-find").click();
  await withText(page, "#person-result h3", `Held on ${SITE}`);
  assert.ok((await page.locator("#person-result").innerText()).includes(known[0].key));
  assert.ok(sent.some((line) => line.includes(`"email_hash":"${HASH}"`)));

  // What the person is handed: everything, in words, and nothing of their address.
  const json = await save(page, () => page.locator("[data-act=json]").click());
  await withText(page, "#person-outcome", "Saved as");
  const csv = await save(page, () => page.locator("[data-act=csv]").click());
  const told = JSON.parse(json.text);
  assert.equal(told.profile.key, known[0].key);
  assert.equal(told.profile.fields.company, COMPANY);
  assert.ok(told.events.some(({ what }) => /demo_request.*gave an address/.test(what)));
  assert.ok(told.scoring.lines.some(({ label }) => label === "Asked for a demo"));
  assert.ok(told.scoring.what_if.length + told.scoring.missing.length > 0);
  for (const words of [COMPANY, "campaign: audit-journey", "Asked for a demo", "GDPR article 15"]) assert.ok(csv.text.includes(words), words);
  for (const { text } of [json, csv]) assert.doesNotMatch(text, /katherine|johnson@/i);
  assert.doesNotMatch(csv.text, /\{""/, "no JSON in a table for people");

  // Restricted and lifted, with what is said of each.
  await page.locator("[data-act=restrict]").click();
  await withText(page, "#person-outcome .receipt", "Restriction");
  await withText(page, "[data-act=restrict]", "Lift the restriction");
  await page.locator("[data-act=restrict]").click();
  await withText(page, "#person-outcome .receipt", "Lifting of a restriction");
  await withText(page, "[data-act=restrict]", "Restrict");

  // Erased, with the word.
  await page.locator("[data-act=erase]").click();
  await page.locator("#confirm[open]").waitFor();
  assert.match(await page.locator("#confirm-body .unreached").innerText(), /exported at/, "the export that was made is named");
  await page.keyboard.type("ERASE");
  await page.keyboard.press("Enter");
  await withText(page, "#person-outcome h3", `Erased on ${SITE}`);
  assert.deepEqual(await leadsOf("orbital-freight.example"), []);
  const gone = await fetch(`${collector.origin}/api/v1/leads/${known[0].key}?site=${SITE}`);
  assert.equal(gone.status, 404);
  assert.equal((await api("privacy/find", { site: SITE, email_hash: HASH })).found, false);

  // The receipt checks out, and does not when it is bent.
  const receipt = await save(page, () => page.getByRole("button", { name: "Save the receipt" }).click());
  assert.doesNotMatch(receipt.text, new RegExp(`${known[0].key}|${HASH}|orbital`, "i"));
  const check = async (text) => {
    await page.locator("#receipt-file").setInputFiles({ name: receipt.name, mimeType: "application/json", buffer: Buffer.from(text) });
    await page.waitForFunction((typed) => document.getElementById("receipt-text").value === typed, text);
    await page.getByRole("button", { name: "Check", exact: true }).click();
  };
  await page.getByText("Check a receipt").click();
  await check(receipt.text);
  await withText(page, "#receipt-result .good", "This receipt is good.");
  const bent = JSON.parse(receipt.text);
  bent.counts.events += 1;
  await check(JSON.stringify(bent));
  await withText(page, "#receipt-result .bad", "This receipt does not hold.");

  // The log verifies and tells all of it, without naming anybody.
  await page.locator("#verify-now").click();
  await withText(page, "#verified .good", "The log verifies:");
  assert.equal(await page.locator('[data-fact="log"] .value').innerText(), "Verified");
  for (const [action, words] of [["person.exported", "Person's data exported"], ["person.restricted", "Processing restricted"], ["person.unrestricted", "Restriction lifted"], ["person.erased", "Person erased"]]) {
    await page.locator("#log-action").selectOption(action);
    await withText(page, ".log tbody tr strong", words);
    await page.waitForFunction((asked) => [...document.querySelectorAll(".log tbody tr strong")].every((one) => one.textContent === asked), words);
  }
  assert.ok((await page.locator(".log tbody tr").first().innerText()).includes(bent.receipt));
  const log = await save(page, () => page.getByRole("link", { name: "Export the whole log (NDJSON)" }).click());
  const entries = log.text.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(entries[bent.entry.seq - 1].hash, bent.entry.hash);
  for (const secret of [known[0].key, HASH, "katherine"]) assert.ok(!log.text.toLowerCase().includes(secret), secret);
  assert.deepEqual(complaints, []);
  for (const line of sent) assert.doesNotMatch(line, /katherine|johnson@/i);
  await context.close();
});

/* What a value is, as far as a page may rely on it. Nothing is known of what is null. */
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const kindOf = (value) => (typeof value !== "string" ? typeof value : INSTANT.test(value) ? "instant" : /^\d{4}-\d\d-\d\d$/.test(value) ? "date" : "text");

/** Every path in an answer and what stands there; `free` are paths below which anything may stand. */
function shape(value, free, path = "", found = new Map()) {
  const kinds = found.get(path) ?? new Set();
  found.set(path, kinds);
  if (value === null) return found;
  if (free.includes(path)) kinds.add("anything");
  else if (Array.isArray(value)) {
    kinds.add("list");
    for (const one of value) shape(one, free, `${path}[]`, found);
  } else if (typeof value === "object") {
    kinds.add("object");
    for (const [name, one] of Object.entries(value)) shape(one, free, `${path}.${name}`, found);
  } else kinds.add(kindOf(value));
  return found;
}

/** How two answers differ, in words; below an empty list or a null of one of them nothing can be compared. */
function differences(fixture, real, free = []) {
  const [one, other] = [shape(fixture, free), shape(real, free)];
  const parent = (path) => path.replace(/(\[\]|\.[^.[]+)$/, "");
  const told = (shapes, path) => path === "" || (shapes.get(parent(path))?.size > 0 && !(path.endsWith("[]") && !shapes.has(path)) && told(shapes, parent(path)));
  const said = [];
  for (const path of new Set([...one.keys(), ...other.keys()])) {
    const [mine, theirs] = [one.get(path), other.get(path)];
    if (!mine && told(one, path)) said.push(`${path}: not in the fixture`);
    else if (!theirs && told(other, path)) said.push(`${path}: not in the real answer`);
    else if (mine?.size && theirs?.size && [...theirs].some((kind) => !mine.has(kind)) && [...mine].some((kind) => !theirs.has(kind))) said.push(`${path}: ${[...mine].join("|")} in the fixture, really ${[...theirs].join("|")}`);
  }
  return said;
}

test("differences of shape are seen", () => {
  const real = { a: 1, list: [{ at: "2026-11-22T01:00:00.000Z", day: "2026-11-22", who: null }], counts: {} };
  assert.deepEqual(differences(structuredClone(real), real), []);
  assert.deepEqual(differences({ a: 1, list: [], counts: {} }, real), [], "of an empty list nothing is known");
  assert.deepEqual(differences({ ...real, b: 1 }, real), [".b: not in the real answer"]);
  assert.deepEqual(differences({ a: "1", list: [{ day: "2026-11-22T01:00:00Z", who: "me", at: "2026-11-22T01:00:00Z" }] }, real),
    [".a: text in the fixture, really number", ".list[].day: instant in the fixture, really date", ".counts: not in the fixture"]);
});

test("the fixtures are shaped as the collector's answers are", { timeout: 120_000 }, async () => {
  const fixtures = new AuditCollector();
  await fixtures.listen();
  const days = { from: "2026-10-23", to: "2026-11-21" };
  const lead = (await api(`leads?site=${SITE}&stage=mql&limit=1`)).leads[0].key;
  const nobody = "0".repeat(32);
  const same = async (path, body, free = [], own = {}) => {
    const fill = (text, site, key) => text.replaceAll("SITE", site).replaceAll("KEY", key);
    const bodyFor = (site, key) => body && JSON.parse(fill(JSON.stringify(body), site, key));
    const fixture = await ask(fixtures.origin, fill(path, FIXTURE_SITE, KEY), bodyFor(FIXTURE_SITE, own.key ?? KEY));
    const real = await api(fill(path, SITE, lead), bodyFor(SITE, own.lead ?? lead));
    assert.deepEqual(differences(fixture, real, free), [], path);
    return { fixture, real };
  };
  try {
    await same("session");
    await same("sites");
    const { fixture, real } = await same("audit/ladder");
    assert.deepEqual(fixture.signals.map(({ signal }) => signal), real.signals.map(({ signal }) => signal).filter((signal) => signal !== "server"), "server is for later");
    assert.deepEqual(fixture.steps.map(({ rung }) => rung), real.steps.map(({ rung }) => rung));
    await same("audit/fields", undefined, [".tables[].fields[].sample"]);
    await same(`audit/consent?site=SITE&from=${days.from}&to=${days.to}`);
    await same("audit/salts");
    await same("audit/retention");
    await same("audit/retention/run", { dry_run: true });
    await same("audit/log?limit=200", undefined, [".entries[].details"]);
    await same("audit/verify");
    await same("audit/documents");
    await same("privacy/find", { site: "SITE", key: "KEY" });
    await same("privacy/find", { site: "SITE", key: "KEY" }, [], { key: nobody, lead: nobody });
    const exported = await Promise.all([[fixtures.origin, FIXTURE_SITE, KEY], [collector.origin, SITE, lead]].map(([origin, site, key]) => ask(origin, "privacy/export", { site, key, format: "json" })));
    assert.deepEqual(...exported.map((one) => Object.keys(one)));
    for (const restricted of [true, false]) {
      const acts = await same("privacy/restrict", { site: "SITE", key: "KEY", restricted, dry_run: false });
      assert.equal(acts.fixture.action, acts.real.action);
    }
    await same("privacy/erase", { site: "SITE", key: "KEY", dry_run: true });
    const erased = await same("privacy/erase", { site: "SITE", key: "KEY", dry_run: false });
    assert.equal(erased.fixture.receipt.action, erased.real.receipt.action);
    const answers = await Promise.all([ask(fixtures.origin, "privacy/receipt", erased.fixture.receipt), api("privacy/receipt", erased.real.receipt)]);
    assert.deepEqual(differences(...answers), []);
    assert.deepEqual(answers.map(({ valid }) => valid), [true, true]);
    const refused = await Promise.all([[fixtures.origin, FIXTURE_SITE], [collector.origin, SITE]].map(async ([origin, site]) => {
      const answer = await fetch(`${origin}/api/v1/privacy/erase`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ site, email_hash: ADDRESS_HASH, dry_run: true }) });
      assert.equal(answer.status, 404);
      return Object.keys(await answer.json()).filter((name) => ["title", "status", "detail"].includes(name)).sort();
    }));
    assert.deepEqual(refused[0], refused[1]);
  } finally {
    await fixtures.close();
  }
});
