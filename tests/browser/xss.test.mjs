// Stored cross-site scripting, end to end: every string of xss-corpus.json is sent by the endpoint into every place
// that a stranger can fill, operators' places are filled as well, and the dashboard and the audit page are looked at
// in real Chromium. Holds: nothing of it runs, loads or becomes markup, and all of it is shown as text; what is
// exported is no formula and no header; the log holds none of it. The policy (CSP) is switched off for this, so
// that it is the pages' own code that holds; a second look with it on sees no violation.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { startOwn } from "./own-collector.mjs";

const { payloads } = JSON.parse(readFileSync(new URL("xss-corpus.json", import.meta.url), "utf8"));
const HOSTILE = "hostile.example";
const PLAIN = "plain.example";
const MARKUP = "<img src=x onerror=alert(1)>";
const DIMENSIONS = ["channel", "source", "campaign", "country", "page", "rule"];
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

let collector, browser, folder;
before(async () => {
  // What an operator writes: a model with markup in its name and in the words of its rules.
  folder = mkdtempSync(join(tmpdir(), "mqlite-xss-"));
  const model = join(folder, "model.toml");
  const text = readFileSync(new URL("../../collector/models/default-b2b.toml", import.meta.url), "utf8");
  const marked = text.replace('name = "Default B2B"', `name = "${MARKUP}"`).replace('label = "Asked for a demo"', `label = "${MARKUP}"`).replace(/points = 35 /, "points = 100 ");
  writeFileSync(model, marked);
  const env = { MQLITE_MODEL: model, MQLITE_TRUSTED_PROXIES: "127.0.0.1/32", MQLITE_CLIENT_RATE: "100000", MQLITE_CLIENT_BURST: "100000", USER: "<svg onload=alert(1)>", SUDO_USER: "" };
  delete env.SUDO_USER;
  [collector, browser] = await Promise.all([
    startOwn({ sites: [[PLAIN, "--time-zone", "UTC"], [HOSTILE, "--time-zone", "UTC", "--allow-prop", "title", "--allow-prop", MARKUP]], env }),
    launch(),
  ]);
});
after(async () => {
  await browser?.close();
  await collector?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const api = async (path) => {
  const answer = await fetch(`${collector.origin}/api/v1/${path}`, { headers: collector.headers });
  assert.equal(answer.status, 200, path);
  return answer.json();
};

/** A visitor who carries `words` in everything that a stranger can fill, and becomes an MQL. */
async function send(site, words, n) {
  const said = encodeURIComponent(words);
  const tagged = ["source", "medium", "campaign", "content", "term"].map((name) => `utm_${name}=${said}`).join("&");
  const consent = { m: 1, q: 1, s: "tag" };
  const view = { n: "pageview", d: site, u: `https://${site}/${said}?${tagged}`, r: `https://${words}/${words}`, c: consent, p: { title: words, [words]: words } };
  const h = createHash("sha256").update(`${n}@${site}`).digest("hex");
  const lead = { h, d: words.includes("@") ? "free" : words, f: { company: words, job_title: words, company_size: words, [words]: words }, q: 1 };
  const asked = { ...view, n: "demo_request", u: `https://${site}/ask/${said}`, r: `https://${site}/`, l: lead };
  const answer = await fetch(`${collector.origin}/api/event`, {
    method: "POST", body: JSON.stringify([view, asked]),
    headers: { "content-type": "text/plain", origin: `https://${site}`, "user-agent": FIREFOX, "x-forwarded-for": `10.${site.length}.${n % 256}.1` },
  });
  assert.equal(answer.status, 202, `${words}: ${await answer.text()}`);
  return h;
}

async function leadsOf(site) {
  const leads = [];
  let cursor = "";
  do {
    const page = await api(`leads?site=${site}&stage=mql&limit=200${cursor && `&cursor=${cursor}`}`);
    leads.push(...page.leads);
    cursor = page.next;
  } while (cursor);
  return leads;
}

async function scored(site, count) {
  let leads = [];
  while (leads.length < count) leads = await leadsOf(site);
  assert.equal(leads.length, count);
  return leads;
}

/** A page on which whatever runs, opens, loads or is refused is noted. */
async function watched({ bypassCSP }) {
  const context = await browser.newContext({ bypassCSP, viewport: { width: 1280, height: 900 } });
  const noted = [];
  await context.exposeBinding("canary", (_, what) => void noted.push(what));
  await context.addInitScript(() => {
    for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => void window.canary(`${name}() was called`);
    document.addEventListener("securitypolicyviolation", (event) => window.canary(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
  });
  await context.addCookies([collector.cookie]);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("dialog", (dialog) => {
    noted.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(collector.origin) && !url.startsWith("blob:")) noted.push(`asked for ${url}`);
  });
  page.on("pageerror", (error) => noted.push(`an error: ${error}`));
  return { context, page, noted };
}

/** What the page is made of: its elements, each with its attributes, and where anything on it leads. */
const madeOf = (page) => page.evaluate(() => {
  const parts = new Set();
  for (const element of document.querySelectorAll("*")) {
    parts.add(element.localName);
    for (const { name, value } of element.attributes) {
      parts.add(`${element.localName}@${name}`);
      if (["href", "src", "action", "formaction", "xlink:href", "data", "srcset", "srcdoc", "poster"].includes(name)) {
        const url = new URL(value, location.href);
        if (url.origin !== location.origin) parts.add(`${element.localName}@${name}=${value}`);
      }
    }
  }
  return [...parts];
});

/** The dashboard of a site, in every dimension, with all leads and their explanations open: what it is made of and what it says. */
async function dashboard(page, site, count, dimensions = DIMENSIONS) {
  const parts = new Set();
  const words = {};
  for (const by of dimensions) {
    await page.goto(`${collector.origin}/?site=${site}&by=${by}`);
    await page.locator("#rows tbody tr, #rows-sum:not([hidden])").first().waitFor();
    words[by] = await page.locator("#rows").evaluate((rows) => rows.textContent);
    if (by === "channel") {
      await page.locator("#leads > li").first().waitFor();
      const more = page.locator("#leads-more");
      for (let shown = 20; shown < count; shown += 20) {
        await page.waitForFunction((n) => document.querySelectorAll("#leads > li").length >= n, Math.min(shown, count));
        await more.click();
      }
      await page.waitForFunction((n) => document.querySelectorAll("#leads > li").length === n, count);
      await page.evaluate(() => document.querySelectorAll("#leads h3 button").forEach((button) => button.click()));
      await page.waitForFunction((n) => document.querySelectorAll("#leads .explanation [data-sum]").length === n, count);
      words.leads = await page.locator("#leads").evaluate((leads) => leads.textContent);
    }
    for (const part of await madeOf(page)) parts.add(part);
  }
  return { parts, words };
}

/** The audit page, everything open, with one person found. */
async function audit(page, site, key) {
  await page.goto(`${collector.origin}/audit?site=${site}`);
  for (const part of ["#verified .finding", "#ladder table", "#fields-list details", "#retention-rules table", ".log tbody tr", "#consent-policy dl"]) await page.locator(part).first().waitFor({ state: "attached" });
  await page.locator("#fields-open").click();
  const everything = await page.locator("#log-entries").evaluate((log) => log.textContent);
  await page.locator("#log-action").selectOption("site.added");
  await page.waitForFunction(() => document.querySelectorAll(".log tbody tr").length === 2);
  await page.locator("#person-site").selectOption(site);
  await page.locator("[name=way][value=key]").check({ force: true });
  await page.locator("#person-who").fill(key);
  await page.locator("#person-find").click();
  await page.locator("#person-result dl").first().waitFor();
  // The search is in the log now, which is read again.
  await page.waitForFunction(() => !document.querySelector("[aria-busy]"));
  return { parts: new Set(await madeOf(page)), words: everything + await page.evaluate(() => document.body.textContent) };
}

test("the corpus is large, and what is in it does run where a page is careless", async () => {
  assert.ok(payloads.length >= 100, `${payloads.length}`);
  assert.equal(new Set(payloads.map(({ payload }) => payload)).size, payloads.length);
  for (const { id, context, source } of payloads) assert.ok(id && context && source);
  const { context, page, noted } = await watched({ bypassCSP: true });
  await page.goto(`${collector.origin}/setup`);
  const plain = new Set(await madeOf(page));
  let foreign = 0;
  // What leaves the page by itself would take the test with it.
  for (const { payload } of payloads.filter(({ payload }) => !payload.includes("http-equiv"))) {
    await page.evaluate((markup) => {
      const box = document.createElement("div");
      box.innerHTML = markup;
      document.body.append(box);
    }, payload);
    foreign += (await madeOf(page)).some((part) => !plain.has(part)) ? 1 : 0;
    await page.evaluate(() => document.body.lastElementChild.remove());
  }
  assert.ok(foreign >= 60, `${foreign} make elements or attributes of their own`);
  const ran = noted.filter((what) => what.startsWith("alert")).length;
  assert.ok(ran >= 20, `${ran} run by themselves`);
  assert.ok(noted.some((what) => what.includes("canary.test")), "a request to the canary is seen");
  await context.close();
});

test("nothing that a stranger sends runs or becomes markup, and all of it is shown as text", { timeout: 300_000 }, async () => {
  // First what the pages are made of where nobody means harm.
  for (let n = 0; n < 25; n += 1) await send(PLAIN, `plain ${n}`, n);
  const [plainLead] = await scored(PLAIN, 25);
  const look = await watched({ bypassCSP: true });
  const plain = { dashboard: await dashboard(look.page, PLAIN, 25), audit: await audit(look.page, PLAIN, plainLead.key) };

  await Promise.all(payloads.map(({ payload }, n) => send(HOSTILE, payload, n)));
  const leads = await scored(HOSTILE, payloads.length);
  // What sales writes.
  for (const [n, lead] of leads.slice(0, 3).entries()) {
    const moved = await collector.post(`/api/v1/leads/${lead.key}/stage?site=${HOSTILE}`, { from: "mql", to: "sal", reason: payloads[n].payload }, collector.headers);
    assert.equal(moved.status, 200);
  }
  const left = await leadsOf(HOSTILE);

  const hostile = { dashboard: await dashboard(look.page, HOSTILE, left.length), audit: await audit(look.page, HOSTILE, left[0].key) };
  for (const name of ["dashboard", "audit"]) {
    const foreign = [...hostile[name].parts].filter((part) => !plain[name].parts.has(part));
    assert.deepEqual(foreign, [], `elements and attributes that the ${name} does not make of harmless words`);
  }

  // What the collector answers with is on the page, letter by letter; most of it as it was sent.
  const verbatim = new Set();
  for (const by of ["source", "campaign", "page"]) {
    const { rows } = await api(`reports/mql?site=${HOSTILE}&by=${by}`);
    for (const { label } of rows) assert.ok(hostile.dashboard.words[by].includes(label), `${by}: ${label}`);
    if (by === "campaign") for (const { label } of rows) verbatim.add(label);
  }
  for (const lead of left) {
    for (const words of [lead.attributes.company, lead.attributes.job_title, lead.campaign]) {
      if (words) assert.ok(hostile.dashboard.words.leads.includes(words), words);
    }
  }
  const asSent = payloads.filter(({ payload }) => verbatim.has(payload)).length;
  assert.ok(asSent >= 100, `${asSent} campaigns are called what was sent`);
  assert.ok(hostile.dashboard.words.leads.includes(MARKUP), "the words of a rule");
  for (const words of [MARKUP, "<svg onload=alert(1)>"]) assert.ok(hostile.audit.words.includes(words), `the audit page says ${words}`);

  // What stands in the address.
  for (const { payload } of payloads.filter((_, n) => n % 20 === 0)) {
    const said = encodeURIComponent(payload);
    await look.page.goto(`${collector.origin}/?site=${said}&channel=${said}&by=${said}&sort=${said}`);
    await look.page.locator("#notice").filter({ hasText: "There is no site" }).waitFor();
    for (const [path, ready] of [[`/audit?site=${said}#${said}`, "#fields-list details"], [`/setup#${said}`, "form"]]) {
      await look.page.goto(collector.origin + path);
      await look.page.locator(ready).first().waitFor();
    }
  }
  assert.deepEqual(look.noted, []);
  await look.context.close();

  // With the policy on nothing even tries.
  const guarded = await watched({ bypassCSP: false });
  await dashboard(guarded.page, HOSTILE, left.length, ["campaign"]);
  await audit(guarded.page, HOSTILE, left[0].key);
  assert.deepEqual(guarded.noted, []);
  await guarded.context.close();
});

/** The cells of a CSV, as RFC 4180 has them. */
const cellsOf = (csv) => [...csv.matchAll(/"((?:[^"]|"")*)"|([^",\r\n]+)/g)].map(([, quoted, bare]) => (quoted === undefined ? bare : quoted.replaceAll('""', '"')));
const FORMULA = /^[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

test("what is exported is no formula, no header and no second line of a log", { timeout: 180_000 }, async () => {
  const leads = await leadsOf(HOSTILE);
  assert.ok(leads.length > 100);
  let guarded = 0;
  for (const { key } of leads) {
    const answer = await collector.post("/api/v1/privacy/export", { site: HOSTILE, key, format: "csv" }, collector.headers);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-disposition"), /^attachment; filename="person-hostile\.example-[\d-]+\.csv"$/);
    assert.equal(answer.headers.get("set-cookie"), null);
    const csv = await answer.text();
    for (const cell of cellsOf(csv)) {
      // A spreadsheet whose separator is the semicolon or the tab (much of Europe) cuts cells within quotes as well.
      for (const part of cell.split(/[;\t\r\n|]/)) assert.ok(!FORMULA.test(part), `${JSON.stringify(part)} in ${JSON.stringify(cell)}`);
      guarded += /'[=+\-@]/.test(cell) ? 1 : 0;
    }
  }
  assert.ok(guarded >= 10, `${guarded} cells were formulas`);
  const fields = await fetch(`${collector.origin}/api/v1/audit/fields?format=csv`, { headers: collector.headers });
  for (const cell of cellsOf(await fields.text())) assert.ok(!FORMULA.test(cell), cell);
  // A line an event, nothing that a terminal would obey.
  const printed = collector.command("export", "events", "--site", HOSTILE);
  assert.equal(printed.trim().split("\n").length, 2 * payloads.length);
  assert.doesNotMatch(printed, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  assert.doesNotMatch(collector.log(), /alert\(1\)|canary|forged|calc/);
});
