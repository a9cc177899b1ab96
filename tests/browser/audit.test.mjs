// The audit page in a real browser, against a collector made of fixtures: what it shows is what the API said, an
// address stays in the page, nothing is deleted before it was counted and asked, and findings cannot be missed.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { ADDRESS, ADDRESS_HASH, AuditCollector, KEY } from "./audit-fixtures.mjs";
import { withText } from "./browser.mjs";
import { PASSWORD, SITE, TODAY } from "./dashboard-fixtures.mjs";
import { faults, pagesOf } from "./on-page.mjs";

const onPage = pagesOf(AuditCollector);
const whole = new Intl.NumberFormat("en-GB");
const numberIn = (text) => Number(text.replaceAll(",", ""));
const text = (page, selector) => page.locator(selector).first().innerText();
const ready = async (page) => {
  for (const selector of ["#verified .finding", "#ladder table", ".bars svg", "#fields-list details", "#salts-body h3", "#retention-rules table", ".log tbody tr", ".documents li"]) await page.locator(selector).first().waitFor();
};
const fact = (page, name) => page.locator(`[data-fact="${name}"] .value`);
const sum = (rows) => rows.reduce((all, { count }) => all + count, 0);
const asked = (collector, words) => collector.asked.filter((line) => line.includes(words)).length;
const told = (collector, act) => collector.bodies.filter(({ path }) => path.endsWith(`/${act}`)).map((one) => JSON.parse(one.text));
const find = async (page, value = ADDRESS) => {
  await page.locator("#person-who").fill(value);
  await page.locator("#person-find").click();
};

onPage("the numbers shown are the API's", {}, async ({ page, collector, open }) => {
  await open("/audit");
  await ready(page);
  const tables = await page.evaluate(async () => (await (await fetch("/api/v1/audit/fields")).json()).tables);
  const fields = tables.flatMap((one) => one.fields);
  assert.equal(await fact(page, "fields").innerText(), String(fields.length));
  assert.match(await text(page, '[data-fact="fields"] .sub'), new RegExp(`^in ${tables.length} tables; `));
  assert.equal(await fact(page, "log").innerText(), "Verified");
  assert.match(await text(page, '[data-fact="log"] .sub'), new RegExp(`^${collector.log.length} entries, head ${collector.head.hash.slice(0, 12)}$`));
  assert.equal(await fact(page, "salts").innerText(), "2");
  assert.equal(await fact(page, "retention").innerText(), "21 Nov 2026, 03:10");
  assert.equal(await fact(page, "erased").innerText(), String(collector.log.filter(({ action }) => action === "person.erased").length));

  const consent = collector.consent({ site: SITE, from: "2026-10-23", to: TODAY });
  for (const { rung, signal, count } of consent.stored) assert.equal(numberIn(await text(page, `[data-stored="${rung}/${signal}"] .num`)), count);
  for (const { signal, count } of consent.suppressed) assert.equal(numberIn(await text(page, `[data-suppressed="${signal}"] .num`)), count);
  for (const name of ["identity_dropped", "identity_limited", "identity_unproven", "consent_capped", "redacted", "property_dropped"]) assert.equal(numberIn(await text(page, `[data-door="${name}"] .num`)), consent[name]);
  assert.equal(numberIn(await text(page, '[data-door="bot"] .num')), consent.dropped[0].count);
  assert.match(await text(page, "#consent-sentence"), new RegExp(`^${whole.format(sum(consent.suppressed))} visits asked not to be measured: Global Privacy Control`));
  await page.getByText("By day, as a table").click();
  const rows = await page.locator("#consent-days tbody tr").evaluateAll((all) => all.map((row) => [row.dataset.day, ...[...row.querySelectorAll("td")].map((cell) => Number(cell.textContent.replaceAll(",", "")))]));
  assert.deepEqual(rows, consent.days.map((one) => [one.day, one.unset, one.measured, one.qualified, one.suppressed]));
  // Drawn to the axis: each day's parts are as high as they say, and what was suppressed hangs below zero.
  const drawn = await page.locator(".bars g").evaluateAll((all) => all.map((group) => ["unset", "measured", "qualified", "suppressed"].map((rung) => Number(group.querySelector(`.r-${rung}`)?.getAttribute("height") ?? 0))));
  const unit = drawn[0][0] / consent.days[0].unset;
  for (const [index, one] of consent.days.entries()) {
    for (const [place, rung] of ["unset", "measured", "qualified", "suppressed"].entries()) assert.ok(Math.abs(drawn[index][place] - one[rung] * unit) < 0.01);
  }
  await page.getByText("This site’s own settings").click();
  assert.match(await text(page, "#consent-policy"), /Policy version\s+3[\s\S]*Honours Do Not Track\s+yes[\s\S]*Kept, events\s+395 days/);

  assert.equal(await page.locator("#ladder tbody [data-rung], #ladder tr[data-rung]").count(), 4);
  assert.equal(await page.locator('#retention-rules tr[data-site="shop.example.com"] td').first().innerText(), "180 days (6 months)");
  assert.equal(await page.locator("[data-salt]").count(), 2);
  assert.equal(await text(page, ".log tbody tr th"), String(collector.log.length));
  assert.doesNotMatch(await page.locator("#audit").innerText(), /[{}]\s*"|\bundefined\b|\bnull\b|\[object|NaN/, "no raw JSON, no holes");
});

onPage("the period and the site are kept in the address", {}, async ({ page, collector, open }) => {
  await open("/audit?period=7d");
  await ready(page);
  assert.match(await text(page, "#consent-period"), /^example.com, 15 Nov – 21 Nov 2026/);
  await page.getByRole("radio", { name: "Dates of your choice" }).check({ force: true });
  await page.locator("#from").fill("2026-11-20");
  await withText(page, "#consent-period", "20 Nov – 21 Nov 2026");
  await page.locator("#to").fill("2026-11-01");
  await withText(page, "#dates-error", "The first day lies after the last.");
  await page.locator("#site").selectOption("shop.example.com");
  await withText(page, "#consent-empty", "Nothing was sent by shop.example.com in this period");
  assert.match(page.url(), /site=shop.example.com&from=2026-11-20&to=2026-11-21/);
  assert.ok(await page.locator("#consent-numbers").isHidden());
  assert.equal(await page.locator("#person-site").inputValue(), "shop.example.com");
  assert.match(await page.locator(".documents a").first().getAttribute("href"), /record-of-processing\?site=shop\.example\.com$/);
  await page.reload();
  await withText(page, "#consent-period", "shop.example.com, 20 Nov – 21 Nov 2026");
  assert.ok(collector.asked.includes("GET /api/v1/audit/consent?site=shop.example.com&from=2026-11-20&to=2026-11-21"));
});

onPage("fields are found by category, table and words, and nothing else is shown", {}, async ({ page, open }) => {
  await open("/audit");
  await ready(page);
  const shown = () => page.locator("[data-field]").evaluateAll((all) => all.filter((row) => row.checkVisibility()).map((row) => row.dataset.field));
  assert.deepEqual(await shown(), [], "closed at first");
  await page.locator("#fields-category").selectOption("secret");
  assert.deepEqual(await shown(), ["sites.secret", "audit_subjects.nonce", "owner.password", "salt.salt"]);
  assert.match(await text(page, "#fields-shown"), /^4 of \d+ fields\.$/);
  assert.ok((await page.locator('[data-field="owner.password"]').innerText()).includes("never shown"));
  await page.locator("#fields-table").selectOption("ledger.db · owner");
  assert.deepEqual(await shown(), ["owner.password"]);
  await page.locator("#fields-clear").click();
  await page.locator("#fields-text").fill("consent SITE policy");
  assert.deepEqual(await shown(), ["events.policy", "sites.policy"]);
  await page.locator("#fields-text").fill("shoe size");
  assert.equal(await text(page, "#fields-shown"), "No field fits this filter.");
  await page.locator("#fields-text").fill("leads.stage");
  await page.locator("#fields-text").fill("how far the lead");
  const row = await page.locator('[data-field="leads.stage"]').innerText();
  for (const words of ["Profile", "Reports and hand-over.", "Consent to be qualified", "1,095 days", "A form that the person sent.", "Owner, in the list of leads.", "In the export of a person.", "mql"]) assert.ok(row.includes(words), words);
  const [file] = await Promise.all([page.waitForEvent("download"), page.locator("#fields-csv").click()]);
  assert.equal(file.suggestedFilename(), "stored-fields.csv");
});

onPage("an auditor is led from the dashboard to the audit, and sees no way back", { prepare: (collector) => Object.assign(collector, { authenticated: false, roles: ["owner", "auditor"] }), expected: ["401"] }, async ({ page, collector, open }) => {
  await open("/");
  await page.locator("#log-in").waitFor();
  assert.equal(await page.getByRole("radio", { name: "Owner" }).isChecked(), true, "the dashboard is the owner's");
  await page.getByRole("radio", { name: "Auditor" }).check({ force: true });
  await page.locator("#password").fill("wrong");
  await page.keyboard.press("Enter");
  await withText(page, "#log-in-error", "This password is not right for this role.");
  await page.locator("#password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await ready(page);
  assert.equal(new URL(page.url()).pathname, "/audit");
  assert.deepEqual(JSON.parse(collector.bodies.at(-1).text), { password: PASSWORD, role: "auditor" });
  assert.equal(await text(page, "#role"), "Auditor");
  assert.deepEqual(await page.locator("a").evaluateAll((all) => all.filter((link) => link.checkVisibility() && link.getAttribute("href") === "/").map((link) => link.textContent)), []);
  assert.equal(asked(collector, "/reports/") + asked(collector, "/leads"), 0, "nothing of marketing was asked for");
  await open("/");
  await ready(page);
  await page.locator("#log-out").click();
  await withText(page, "#log-in-reason", "You are logged out.");
  assert.equal(await page.getByRole("radio", { name: "Auditor" }).isChecked(), true, "the audit page is the auditor's");
  assert.equal(await page.locator(".log tr, #fields-list details, [data-stored], .documents li, #ladder tr").count(), 0, "nothing told is left in the page");
  await page.getByRole("radio", { name: "Owner" }).check({ force: true });
  await page.locator("#password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await ready(page);
  assert.equal(await text(page, "#role"), "Owner");
  await page.locator("#to-dashboard").click();
  await page.locator("#leads > li").first().waitFor();
  await page.locator("#audit-link").click();
  await ready(page);
});

onPage("one role only: nobody is asked which", { prepare: (collector) => { collector.authenticated = false; } }, async ({ page, collector, open }) => {
  await open("/audit");
  await page.locator("#log-in").waitFor();
  assert.ok(await page.locator("#log-in-roles").isHidden());
  await page.locator("#password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await ready(page);
  assert.deepEqual(JSON.parse(collector.bodies.at(-1).text), { password: PASSWORD });
});

onPage("an address is hashed here and never sent; erasing counts, asks, and gives a receipt", {}, async ({ page, collector, open }) => {
  await open("/audit");
  await ready(page);
  await find(page, `  ${ADDRESS} `);
  await withText(page, "#person-result h3", `Held on ${SITE}`);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), `Held on ${SITE}`, "the focus goes to the answer");
  assert.deepEqual(told(collector, "find"), [{ site: SITE, email_hash: ADDRESS_HASH }]);
  assert.match(await text(page, "#person-result .counts"), /Events\s+42\s+Events of the same pseudonym\s+9/);

  // Counted first, then cancelled in three ways: nothing is sent.
  const erase = page.locator("[data-act=erase]");
  for (const way of ["Escape", "Cancel", "wrong word"]) {
    await erase.click();
    await page.locator("#confirm[open]").waitFor();
    assert.match(await text(page, "#confirm-body"), /Events\s+42[\s\S]*Lead records\s+1[\s\S]*What this cannot reach[\s\S]*Backup \(20 Nov 2026, 04:00:00\)/);
    assert.equal(await page.evaluate(() => document.activeElement.id), "confirm-word");
    if (way === "wrong word") {
      await page.keyboard.type("erase");
      await page.keyboard.press("Enter");
      await withText(page, "#confirm-error", "Type ERASE, in capitals, or cancel.");
      assert.ok(await page.locator("#confirm").isVisible());
    }
    if (way === "Cancel") await page.locator("#confirm-no").click();
    else await page.keyboard.press("Escape");
    await withText(page, "#person-outcome", "Cancelled: nothing was erased.");
    assert.equal(await page.evaluate(() => document.activeElement.dataset.act), "erase", "the focus goes back");
  }
  assert.deepEqual(told(collector, "erase").map((body) => body.dry_run), [true, true, true]);

  // The form may say something else by then: who is erased is who was found.
  await page.locator("#person-who").fill("somebody@else.example");
  await erase.click();
  await page.locator("#confirm[open]").waitFor();
  await page.keyboard.type("ERASE");
  await page.keyboard.press("Enter");
  await withText(page, "#person-outcome h3", `Erased on ${SITE}`);
  assert.deepEqual(told(collector, "erase").slice(3), [true, false].map((dry_run) => ({ site: SITE, email_hash: ADDRESS_HASH, dry_run })));
  assert.equal(await page.evaluate(() => document.activeElement.textContent), `Erased on ${SITE}`);
  assert.equal(await page.locator("#person-who").inputValue(), "");
  assert.equal(await page.locator("#person-result [data-act]").count(), 0);
  await withText(page, ".log tbody tr", "Person erased");
  await withText(page, '[data-fact="erased"] .value', String(collector.log.filter(({ action }) => action === "person.erased").length));

  // The receipt is saved, holds, and does not hold once it is bent.
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the receipt" }).click()]);
  const receipt = JSON.parse(await readFile(await file.path(), "utf8"));
  assert.equal(receipt.entry.hash, collector.head.hash);
  assert.equal(file.suggestedFilename(), `receipt-${receipt.receipt}.json`);
  await page.getByText("Check a receipt").click();
  await page.locator("#receipt-file").setInputFiles({ name: "receipt.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(receipt)) });
  await page.waitForFunction(() => document.getElementById("receipt-text").value !== "");
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await withText(page, "#receipt-result .good", "This receipt is good. Entry");
  await page.locator("#receipt-text").fill(JSON.stringify({ action: "erase", receipt: { ...receipt, receipt: "0".repeat(32) } }));
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await withText(page, "#receipt-result .bad", "This receipt does not hold.");
  await page.locator("#receipt-text").fill("dear sirs");
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await withText(page, "#receipt-error", "This is not a receipt of MQLite.");

  const everything = [...collector.bodies.map((one) => one.text), ...collector.asked, page.url()].join("\n").toLowerCase();
  for (const part of ["beispiel", "%40", "somebody", "@"]) assert.ok(!everything.includes(part), `“${part}” left the page`);
});

onPage("without a secure context the page says that the address itself is sent", {}, async ({ page, collector, open }) => {
  await page.addInitScript(() => Object.defineProperty(crypto, "subtle", { value: undefined }));
  await open("/audit");
  await ready(page);
  assert.match(await text(page, "#person-note.loud"), /the address itself is sent to the collector/);
  await find(page);
  await page.locator("[data-act=erase]").waitFor();
  assert.deepEqual(told(collector, "find"), [{ site: SITE, email: ADDRESS }]);
});

onPage("a person by key: export, restrict and lift, withdraw", {}, async ({ page, collector, open }) => {
  await open("/audit");
  await ready(page);
  await page.getByRole("radio", { name: "Lead key" }).check({ force: true });
  await find(page, "abc");
  await withText(page, "#person-error", "This must be 32 characters from 0 to 9 and a to f; it has 3.");
  assert.equal(told(collector, "find").length, 0);
  await find(page, "f".repeat(32));
  await withText(page, "#person-result h3", `Nobody known on ${SITE}`);
  assert.equal(await page.locator("[data-act]").count(), 0);
  await find(page, KEY.toUpperCase());
  await page.locator("[data-act=json]").waitFor();
  for (const format of ["json", "csv"]) {
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator(`[data-act=${format}]`).click()]);
    assert.match(file.suggestedFilename(), new RegExp(`^person-[0-9a-f]{12}-example\\.com\\.${format}$`));
    await withText(page, "#person-outcome", `.${format}. It holds personal data`);
    const saved = await readFile(await file.path(), "utf8");
    assert.ok(format === "json" ? JSON.parse(saved).profile.key === KEY : saved.startsWith("kind,at"));
  }
  await page.locator("[data-act=restrict]").click();
  await withText(page, "[data-act=restrict]", "Lift the restriction");
  await page.locator("[data-act=restrict]").click();
  await withText(page, "#person-outcome", "The restriction is lifted.");
  assert.deepEqual(told(collector, "restrict").map(({ key, restricted, dry_run }) => [key, restricted, dry_run]), [[KEY, true, false], [KEY, false, false]]);
  await withText(page, "[data-act=restrict]", "Restrict");
  await page.locator("[data-act=withdraw]").click();
  await page.locator("#confirm[open]").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "confirm-no", "the focus is on the safe answer");
  assert.ok(await page.locator("#confirm-typing").isHidden());
  await page.locator("#confirm-yes").click();
  await withText(page, "#person-outcome h3", "Consent withdrawn on example.com");
  assert.deepEqual(told(collector, "withdraw").map(({ key, dry_run }) => [key, dry_run]), [[KEY, true], [KEY, false]]);
});

onPage("somebody who has gone meanwhile, and a refusal", { expected: ["404", "500"] }, async ({ page, collector, open }) => {
  await open("/audit");
  await ready(page);
  await find(page);
  await page.locator("[data-act=erase]").waitFor();
  collector.people.clear();
  await page.locator("[data-act=erase]").click();
  await withText(page, "#person-outcome .bad", "Nobody is stored under this any more.");
  collector.broken.add("privacy/find");
  await find(page);
  await withText(page, "#person-result .bad", "Nobody could be looked for. The collector has a problem: The database is locked.");
});

onPage("retention: a dry run, a cancelled run, a run", {}, async ({ page, collector, open }) => {
  await open("/audit");
  await ready(page);
  await page.locator("#retention-dry").click();
  await withText(page, "#retention-result", "A run now would delete 1,303 rows. Nothing has been deleted.");
  assert.match(await text(page, '#retention-result [data-due="example.com/events"]'), /Pseudonymous events[\s\S]*1,204/);
  await page.locator("#retention-run").click();
  await withText(page, "#confirm h2", "Delete 1,303 rows for good?");
  assert.equal(await page.locator("#confirm [data-due]").count(), collector.due.length);
  await page.keyboard.press("Enter");
  await withText(page, "#retention-result", "Cancelled: nothing was deleted.");
  assert.ok(told(collector, "run").every((body) => body.dry_run === true), "only dry runs so far");
  await page.locator("#retention-run").click();
  await page.locator("#confirm-yes").click();
  await withText(page, "#retention-result", "1,303 rows deleted.");
  assert.deepEqual(told(collector, "run").map((body) => body.dry_run), [true, true, true, false]);
  await withText(page, "#retention-runs tbody tr", "Owner");
  await page.locator("#retention-dry").click();
  await withText(page, "#retention-result", "Nothing is past its time");
});

onPage("the log: filter, older, one entry, export", {}, async ({ page, collector, open }) => {
  await open("/audit");
  await ready(page);
  assert.match(await text(page, "#log-shown"), new RegExp(`^The latest 25 of ${collector.log.length} entries\\. Times are in Europe/Berlin\\.`));
  await page.locator("#log-older").click();
  await page.locator(".log tbody tr").nth(49).waitFor();
  assert.equal(await page.evaluate(() => [...document.querySelectorAll(".log tbody tr")].indexOf(document.activeElement)), 25, "the focus goes to the first older entry");
  const seqs = await page.locator(".log tbody tr").evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));
  assert.deepEqual(seqs, Array.from({ length: 50 }, (_, index) => collector.log.length - index));

  await page.locator("#log-action").selectOption("site.changed");
  await page.locator("#log-role").selectOption("operator");
  const changes = collector.log.filter(({ action }) => action === "site.changed");
  await withText(page, "#log-shown", `${changes.length} entries`);
  const words = await text(page, ".log tbody tr");
  assert.match(words, /Operator[\s\S]*Site settings changed[\s\S]*Honours Do Not Track: no → yes[\s\S]*Days kept: events 760 → events 395/);
  await page.locator("#log-role").selectOption("auditor");
  await withText(page, "#log-entries", "No entry fits this filter.");
  await page.locator("#log-all").click();
  await withText(page, "#log-shown", "The latest 25 of");
  await page.locator("#log-from").fill("2026-11-20");
  await page.locator("#log-to").fill("2026-11-19");
  await withText(page, "#log-error", "20 Nov 2026 lies after 19 Nov 2026.");
  await page.locator("#log-from").fill("2026-11-19");
  const inside = collector.log.filter(({ at }) => at.startsWith("2026-11-19"));
  await withText(page, "#log-shown", `${inside.length} entries`);
  assert.ok(collector.asked.some((line) => line.includes("/audit/log?from=2026-11-19&to=2026-11-19&limit=25")));

  // A number elsewhere shows its entry.
  await page.locator("#retention-runs").getByRole("button").first().click();
  const { seq } = collector.runs[0];
  await withText(page, "#log-shown", `Only entry ${seq}.`);
  assert.deepEqual(await page.locator(".log tbody tr").evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq))), [seq]);
  assert.equal(await page.evaluate(() => document.activeElement.id), "log-entries-title");
  await page.locator(".log summary").click();
  assert.ok((await text(page, ".log .hashes")).includes(collector.log[seq - 1].hash));
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export the whole log (NDJSON)" }).click()]);
  assert.equal(file.suggestedFilename(), "mqlite-audit.ndjson");
  assert.equal((await readFile(await file.path(), "utf8")).split("\n").length, collector.log.length);
});

onPage("findings are loud", { prepare: (collector) => { collector.lateSalt = true; } }, async ({ page, collector, open }) => {
  await open("/audit");
  await ready(page);
  assert.ok(await page.locator("#alarm").isHidden());
  assert.equal(await text(page, '[data-fact="salts"] .sub'), "1 should be gone");
  assert.match(await text(page, "#salts .bad"), /1 salt should have been destroyed by now/);
  collector.findings = [{ seq: 118, kind: "edited", sentence: "Entry 118 was changed." }, { seq: null, kind: "cut", sentence: "The tail was cut." }];
  await page.locator("#verify-now").click();
  await page.locator("#alarm").waitFor();
  assert.equal(await page.locator("#alarm").getAttribute("role"), "alert");
  assert.match(await text(page, "#alarm"), /The audit log does not verify\. Entry 118 was changed\. The tail was cut\./);
  assert.equal(await fact(page, "log").innerText(), "2 findings");
  assert.match(await text(page, "#verified .bad"), /The log does not verify: 2 findings[\s\S]*Entry 118 was changed\. \(entry 118\)/);
  await page.locator("#verified button").first().click();
  await withText(page, "#log-shown", "Only entry 118.");
  // A warning is a notice: the log verifies, and less vouches for it.
  collector.findings = [{ seq: null, kind: "no_anchor", sentence: "there is no anchor at /var/lib/mqlite/anchor.log" }];
  collector.anchored = false;
  await page.locator("#verify-now").click();
  await page.locator("#alarm").waitFor({ state: "hidden" });
  assert.match(await text(page, "#verified .good"), /The log verifies/);
  assert.match(await text(page, "#verified .warn"), /Less vouches for this than could\.[\s\S]*There is no anchor at \/var\/lib\/mqlite\/anchor\.log[\s\S]*could write the whole log anew/);
  assert.equal(await fact(page, "log").innerText(), "Verified");
  assert.match(await text(page, '[data-fact="log"] .sub'), /; 1 notice$/);
  // The same beside a finding is not counted as one.
  collector.findings.push({ seq: 7, kind: "changed", sentence: "entry 7 was changed" });
  await page.locator("#verify-now").click();
  await page.locator("#alarm").waitFor();
  assert.match(await text(page, "#verified .bad"), /The log does not verify: 1 finding\n[\s\S]*Entry 7 was changed/);
  assert.match(await text(page, "#alarm"), /^The audit log does not verify\. Entry 7 was changed\. See the log$/);
  collector.findings = [{ seq: 40, kind: "anchor_begun_late", sentence: "the anchor begins at entry 40 only" }];
  collector.anchored = true;
  await page.locator("#verify-now").click();
  await page.locator("#alarm").waitFor({ state: "hidden" });
  assert.match(await text(page, "#verified .warn"), /The anchor begins at entry 40 only \(entry 40\)$/);
});

onPage("a part that fails says so alone, and comes back", { prepare: (collector) => ["audit/fields", "audit/salts", "audit/verify", "audit/ladder", "audit/documents"].forEach((name) => collector.broken.add(name)), expected: ["500"] }, async ({ page, collector, open }) => {
  await open("/audit");
  for (const id of ["fields-body", "salts-body", "verified", "ladder", "documents-body"]) await withText(page, `[data-state-of="${id}"] .bad`, "This part could not be fetched. The collector has a problem: The database is locked.");
  for (const selector of [".bars svg", "#retention-rules table", ".log tbody tr"]) await page.locator(selector).first().waitFor();
  assert.equal(await text(page, '[data-stored="qualified/form"] th'), "Qualified", "without the ladder the rungs still have names");
  assert.equal(await fact(page, "log").innerText(), "–", "what is not known is not called verified");
  collector.broken.clear();
  await page.locator('[data-state-of="fields-body"] button').click();
  await page.locator("#fields-list details").first().waitFor();
  await withText(page, '[data-fact="fields"] .value', "43");
  await page.locator("#refresh").click();
  await ready(page);
  assert.equal(await page.locator(".state .bad").count(), 0);
  // Verified before, and not to be verified now: the old good word goes.
  collector.broken.add("audit/verify");
  await page.locator("#verify-now").click();
  await withText(page, '[data-state-of="verified"] .bad', "could not be fetched");
  assert.ok(await page.locator("#verified").isHidden());
  assert.equal(await fact(page, "log").innerText(), "–");
});

onPage("a new installation: nothing yet, and no site", { prepare: (collector) => {
  Object.assign(collector, { sites: [], log: [], runs: [], due: [], tables: [], documents: [] });
  collector.salts = () => ({ grace_ms: 7_200_000, live: [], destroyed: [] });
} }, async ({ page, open }) => {
  await open("/audit");
  await withText(page, "#no-site", "No site has been added yet.");
  await withText(page, "#log-entries", "The log is empty.");
  await withText(page, "#salts-body", "No salt lives");
  await withText(page, "#retention-runs", "It has not run yet.");
  await withText(page, "#documents-body", "There is no document.");
  await withText(page, "#fields-shown", "Nothing is declared.");
  assert.equal(await fact(page, "retention").innerText(), "Not yet");
  assert.ok(await page.locator("#person-find").isDisabled());
  assert.ok(await page.locator("#consent-site").isHidden());
});

onPage("a session that ends takes the person off the page", { expected: ["401"], prepare: (collector) => { collector.roles = ["owner", "auditor"]; } }, async ({ page, collector, open }) => {
  await open("/audit");
  await ready(page);
  await find(page);
  await page.locator("[data-act=erase]").click();
  await page.locator("#confirm[open]").waitFor();
  collector.authenticated = false;
  await page.keyboard.type("ERASE");
  await page.keyboard.press("Enter");
  await withText(page, "#log-in-reason", "Your session has ended.");
  assert.equal(await page.locator("#person-result *, #person-outcome *, .log tr").count(), 0);
  assert.equal(await page.locator("#person-who").inputValue(), "");
  assert.ok(collector.people.has(ADDRESS_HASH));
});

onPage("everything by keyboard: from the skip link to a cancelled erasure", {}, async ({ page, collector, open }) => {
  await open("/audit");
  await ready(page);
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.dataset.act || document.activeElement.textContent.trim().slice(0, 40));
  const tabTo = async (name) => {
    const passed = [];
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press("Tab");
      passed.push(await focused());
      if (passed.at(-1) === name) return;
    }
    assert.fail(`never came to ${name}: ${passed.join(", ")}`);
  };
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the audit");
  await page.keyboard.press("Enter");
  await tabTo("A person’s rights");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.hash === "#person");
  await tabTo("person-who");
  await page.keyboard.type(ADDRESS);
  await page.keyboard.press("Enter");
  await page.locator("[data-act=erase]").waitFor();
  await tabTo("erase");
  await page.keyboard.press("Enter");
  await page.locator("#confirm[open]").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "confirm-no");
  await page.keyboard.press("Enter");
  await withText(page, "#person-outcome", "Cancelled");
  assert.equal(await focused(), "erase");
  assert.ok(collector.people.has(ADDRESS_HASH));
});

const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202e{{7*7}}`;
onPage("what the log says is text and nothing else", { prepare: (collector) => {
  collector.note(`${TODAY}T20:00:00Z`, HOSTILE, HOSTILE, "session.refused", HOSTILE, { [HOSTILE]: HOSTILE, list: [HOSTILE, { a: HOSTILE }] }, HOSTILE);
  collector.findings = [{ seq: 1, kind: HOSTILE, sentence: HOSTILE }];
} }, async ({ page, open }) => {
  await open(`/audit?site=${encodeURIComponent(HOSTILE)}&period=${encodeURIComponent(HOSTILE)}`);
  await ready(page);
  await withText(page, ".log .details", "window.hacked=1");
  await withText(page, "#alarm", "window.hacked=1");
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator("main img, main script, main [onerror], main [style]").count(), 0);
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 320]) {
    onPage(`everything can be read, named and reached, ${colorScheme} at ${width}`, { context: { colorScheme, viewport: { width, height: 844 }, reducedMotion: "reduce" }, prepare: (collector) => {
      collector.lateSalt = true;
      collector.findings = [{ seq: 118, kind: "edited", sentence: "Entry 118 was changed." }];
      collector.note(`${TODAY}T20:00:00Z`, "operator", "operator", "site.changed", `${"long".repeat(15)}.example.com`, { after: { hosts: [`${"x".repeat(90)}.example`] } }, KEY);
    } }, async ({ page, open }) => {
      await open("/audit");
      await ready(page);
      await page.locator("#fields-open").click();
      for (const summary of await page.locator("#audit details:not([open]) > summary").all()) if (await summary.isVisible()) await summary.click();
      await page.locator("#retention-dry").click();
      await page.locator("#retention-result table").waitFor();
      await find(page);
      await page.locator("[data-act=restrict]").click();
      await page.locator(".receipt").waitFor();
      assert.deepEqual(await faults(page), { faint: [], nameless: [], twice: [], wide: 0, moving: 0 });
      const bare = await page.evaluate(() => [...document.querySelectorAll("table")].filter((table) => !table.caption?.textContent || table.querySelector("thead th:not([scope=col]), tbody th:not([scope=row])")).length);
      assert.equal(bare, 0, "every table has a caption and scopes");
      await page.locator("[data-act=erase]").click();
      await page.locator("#confirm[open]").waitFor();
      assert.deepEqual((await faults(page)).faint, []);
      const box = await page.locator("#confirm").boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= width, "the dialog fits");
      const inner = await page.locator("#confirm").evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
      assert.ok(inner <= 0, "and needs no sideways scrolling");
    });
  }
}
