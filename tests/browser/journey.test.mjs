// The main job, end to end: the real binary, its demo site and dashboard, real Chromium. Holds: a visitor
// who came by an ad and asks for a demo is one more MQL under Paid Search, explained to the point; nothing
// is stored in the browser and no address is sent; a visit with Global Privacy Control stores nothing and
// is counted once.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";
import { binary, startDemo } from "./demo-collector.mjs";

const ADDRESS = "Grace.Hopper@harbour-authority.example";

let collector, origin, browser;

before(async () => {
  collector = await startDemo();
  origin = collector.origin;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await collector?.stop();
});

const api = async (path) => {
  const answer = await fetch(`${origin}/api/v1/${path}`);
  assert.equal(answer.status, 200, path);
  return answer.json();
};
const report = () => api("reports/mql?site=demo.example&by=channel");
const mqls = (report, key) => report.rows.find((row) => row.key === key)?.mqls ?? 0;
const storedEvents = () => {
  const args = ["export", "events", "--format", "ndjson", "--data", collector.data];
  const printed = execFileSync(binary, args, { maxBuffer: 1 << 28, encoding: "utf8" });
  return printed.trim().split("\n").map((line) => JSON.parse(line));
};

/** A page whose every event request is noted, and the promise of an answer to the next one named. */
async function visitorPage(options = {}) {
  const context = await browser.newContext(options);
  if (options.gpc) {
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true });
    });
  }
  const page = await context.newPage();
  const sent = [];
  context.on("request", (request) => {
    if (request.url().includes("/api/event")) sent.push(request.postData() ?? "");
  });
  const answered = (name) =>
    context.waitForEvent("response", {
      predicate: (response) =>
        response.url().includes("/api/event") && (response.request().postData() ?? "").includes(`"n":"${name}"`),
    });
  const nothingStored = async () => {
    const kept = await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]);
    assert.deepEqual(kept, ["", 0, 0], page.url());
  };
  return { context, page, sent, answered, nothingStored };
}

/** From the ad to the thanks. `measured` visits are awaited event by event; of others only the arrival is sent. */
async function walk({ page, answered, nothingStored }, measured) {
  const during = async (name, action) => {
    const seen = measured ? answered(name) : undefined;
    await action();
    await seen;
    await nothingStored();
  };
  const arrival = answered("pageview");
  await page.goto(`${origin}/demo/?utm_source=google&utm_medium=cpc&utm_campaign=spring-launch`);
  assert.equal((await arrival).status(), 202);
  await nothingStored();
  for (const name of ["Product", "Customers"]) {
    await during("pageview", async () => {
      await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
      await page.waitForLoadState("load");
    });
  }
  await during("case_study_download", async () => {
    const download = page.waitForEvent("download");
    await page.locator('[data-mq-event="case_study_download"]').click();
    await download;
  });
  await during("pageview", async () => {
    await page.locator("main").getByRole("link", { name: /request a demo/i }).first().click();
    await page.waitForURL("**/request-a-demo");
  });
  await page.getByLabel("Work e-mail").fill(ADDRESS);
  await page.getByLabel("Job title").fill("Head of Terminal Operations");
  await page.getByLabel("Company", { exact: true }).fill("Harbour Authority");
  await page.getByLabel("People in the company").selectOption("500-999");
  await page.getByLabel(/You may link/).check();
  await nothingStored();
  // The answer to what a form sends comes when its page has gone: whoever waits for it looks at what was stored.
  await page.getByRole("button", { name: "Request a demo" }).click();
  await page.waitForURL("**/demo/thanks");
  await nothingStored();
}

test("an ad, a read, a download and a demo request are one MQL more under Paid Search", async () => {
  const earlier = await report();
  const dashboard = await (await browser.newContext()).newPage();
  await dashboard.goto(`${origin}/`);
  const headline = dashboard.locator('[data-total="mqls"] .value');
  await headline.filter({ hasText: String(earlier.totals.mqls) }).waitFor();

  const visitor = await visitorPage();
  await walk(visitor, true);
  const asked = performance.now();
  const row = dashboard.locator('#rows tr[data-key="paid_search"] [data-cell="mqls"]');
  await headline.filter({ hasText: String(earlier.totals.mqls + 1) }).waitFor();
  await row.filter({ hasText: String(mqls(earlier, "paid_search") + 1) }).waitFor();
  console.log(`the dashboard showed the MQL ${Math.round(performance.now() - asked)} ms after the visitor saw the thanks`);

  const later = await report();
  assert.equal(mqls(later, "paid_search"), mqls(earlier, "paid_search") + 1);
  assert.equal(later.totals.mqls, earlier.totals.mqls + 1);

  const { leads } = await api("leads?site=demo.example&stage=mql&limit=1");
  const [lead] = leads;
  assert.equal(lead.channel, "paid_search");
  assert.equal(lead.campaign, "spring-launch");
  assert.equal(lead.domain, "harbour-authority.example");
  assert.equal(lead.attributes.job_title, "Head of Terminal Operations");
  const why = await api(`leads/${lead.key}/explanation?site=demo.example`);
  const milli = (points) => Math.round(points * 1000);
  assert.equal(why.lines.reduce((sum, line) => sum + milli(line.points), 0), milli(why.score.total));
  assert.ok(why.qualifies && why.score.total >= 60);
  const ids = why.lines.map((line) => line.id);
  assert.ok(ids.includes("demo_request") && ids.includes("case_study"), ids.join());

  await dashboard.locator(`[data-lead="${lead.key}"] h3 button`).click();
  const shown = dashboard.locator(`[data-lead="${lead.key}"] .explanation`);
  await shown.locator("[data-sum]").waitFor();
  assert.equal(Number((await shown.locator("[data-sum]").innerText()).replace(/[^\d.-]/g, "")), why.score.total);

  for (const body of visitor.sent) {
    assert.ok(!/@|grace|hopper/i.test(body), body);
  }
  assert.ok(visitor.sent.some((body) => body.includes('"n":"demo_request"')));
  await visitor.context.close();
});

test("the same visit with Global Privacy Control stores no event and is counted once", async () => {
  const earlier = await report();
  const storedEarlier = storedEvents().length;
  const visitor = await visitorPage({ gpc: true, extraHTTPHeaders: { "Sec-GPC": "1" } });
  await walk(visitor, false);
  assert.equal(visitor.sent.length, 1, "only the arrival is sent");
  const later = await report();
  assert.equal(later.suppressed.by_signal.gpc, earlier.suppressed.by_signal.gpc + 1);
  assert.equal(later.suppressed.total, earlier.suppressed.total + 1);
  assert.equal(storedEvents().length, storedEarlier);
  assert.deepEqual(later.totals, earlier.totals);
  for (const body of visitor.sent) assert.ok(!/@|grace|hopper/i.test(body), body);
  await visitor.context.close();
});

test("a visitor who does not tick the box is no lead, and their request is an event like another", { timeout: 120_000 }, async () => {
  const earlier = await report();
  const visitor = await visitorPage();
  const { page } = visitor;
  await page.goto(`${origin}/demo/request-a-demo`);
  await page.getByLabel("Work e-mail").fill("someone.else@harbour-authority.example");
  const { identities_dropped } = earlier.suppressed;
  await page.getByRole("button", { name: "Request a demo" }).click();
  await page.waitForURL("**/demo/thanks");
  let later = await report();
  while (later.suppressed.identities_dropped === identities_dropped) later = await report();
  assert.equal(later.suppressed.identities_dropped, identities_dropped + 1);
  assert.equal(later.totals.leads, earlier.totals.leads);
  const last = storedEvents().filter((event) => event.name === "demo_request").at(-1);
  assert.deepEqual([last.rung, last.lead, last.domain, last.attributes], ["unset", null, null, {}]);
  await visitor.context.close();
});
