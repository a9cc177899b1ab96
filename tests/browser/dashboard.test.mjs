// The dashboard in a real browser, against a collector made of fixtures: what it shows is what the API said,
// it can be worked without a mouse, it keeps up, and it holds under the strict Content-Security-Policy.

import assert from "node:assert/strict";
import { listed, withText } from "./browser.mjs";
import { Collector, PASSWORD, SITE, TODAY, TOKEN } from "./dashboard-fixtures.mjs";
import { faults, pagesOf } from "./on-page.mjs";

const onPage = pagesOf(Collector);

const REPORT = "/api/v1/reports/mql";
const THIRTY = { site: SITE, from: "2026-10-23", to: TODAY, interval: "day", by: "channel", compare: "previous", attribution: "first" };
const whole = new Intl.NumberFormat("en-GB");
const numberIn = (text) => Number(text.replaceAll(",", "").replace("−", "-").replace("+", ""));

const text = (page, selector) => page.locator(selector).first().innerText();
const value = (page, name) => page.locator(`[data-total="${name}"] .value`);

onPage("the numbers shown are the API's", {}, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  const report = collector.report(THIRTY);
  const { visits, leads, mqls } = report.totals;
  for (const [name, count] of Object.entries(report.totals)) assert.equal(await value(page, name).innerText(), whole.format(count));
  assert.equal(await value(page, "visit_to_lead").innerText(), `${((leads / visits) * 100).toFixed(2)}%`);
  assert.equal(await value(page, "lead_to_mql").innerText(), `${((mqls / leads) * 100).toFixed(1)}%`);
  const difference = mqls - report.previous_totals.mqls;
  assert.match(await text(page, '[data-total="mqls"] .delta'), new RegExp(`^[+−±]${Math.abs(difference)}( |$)`));
  assert.match(await page.locator('[data-total="mqls"] .change .sr-only').textContent(), /^(up|down) by \d+, \d+ percent|unchanged/);

  const rows = page.locator("#rows tbody tr");
  assert.equal(await rows.count(), report.rows.length);
  for (const [index, row] of report.rows.entries()) {
    const cells = rows.nth(index);
    assert.equal(await cells.locator("th").innerText(), row.label);
    for (const name of ["mqls", "leads", "visits"]) assert.equal(numberIn(await cells.locator(`[data-cell="${name}"]`).innerText()), row[name]);
    assert.equal(numberIn(await cells.locator('[data-cell="before"]').innerText()), row.previous.mqls);
    if (row.previous.mqls === 0 && row.mqls > 0) assert.match(await cells.locator('[data-cell="change"]').innerText(), /no comparison/);
  }
  assert.match(await text(page, "#headline-title"), /23 Oct – 21 Nov 2026 against 23 Sep – 22 Oct 2026 · first touch/);
  assert.match(await text(page, "#suppressed-words"), /^42 visits asked not to be measured: Global Privacy Control 30, .* 7, .* 5\. They are not in these numbers/);
  assert.match(await text(page, "#leads-note"), new RegExp(`The latest 20 of ${mqls} MQLs`));
  assert.match(await text(page, "#model"), /Default B2B \(9f2c41d0\), MQL from 60 points/);
});

for (const [by, query] of [["channel", ""], ["source", "&period=90d"], ["country", "&period=90d&interval=month"], ["rule", "&attribution=last"], ["campaign", "&attribution=linear"]]) {
  onPage(`the plot and its table say the same, by ${by}`, {}, async ({ page, open }) => {
    await open(`/?by=${by}${query}`);
    await listed(page);
    const { drawn, written, total, unit } = await page.evaluate(() => {
      const cell = (row, name) => Number(row.querySelector(`[data-cell="${CSS.escape(name)}"]`)?.textContent);
      const groups = [...document.querySelectorAll("#plot g[data-from]")];
      const axis = [...document.querySelectorAll("#plot .axis-text[text-anchor=end]")].filter((label) => Number(label.getAttribute("x")) < 40)
        .map((label) => [Number(label.textContent), Number(label.getAttribute("y"))]);
      const names = groups.map((group) => [...group.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, Number(part.dataset.mqls)]));
      return {
        drawn: groups.map((group, index) => ({ from: group.dataset.from, mqls: Number(group.dataset.mqls), before: Number(group.dataset.before), parts: names[index],
          heights: [...group.querySelectorAll("[data-part]")].map((part) => part.getBoundingClientRect().height) })),
        written: [...document.querySelectorAll("#plot-table tbody tr")].map((row) => ({ from: row.dataset.from, mqls: cell(row, "mqls"), before: cell(row, "before"),
          parts: Object.fromEntries([...row.querySelectorAll("[data-cell^='part:']")].map((one) => [one.dataset.cell.slice(5), Number(one.textContent)])) })),
        unit: (axis[0][1] - axis.at(-1)[1]) / axis.at(-1)[0],
        total: Number(document.querySelector('[data-total="mqls"] .value').textContent),
      };
    });
    assert.ok(drawn.length > 2 && drawn.length === written.length);
    for (const [index, column] of drawn.entries()) {
      const row = written[index];
      assert.deepEqual([column.from, column.mqls, column.before], [row.from, row.mqls, row.before]);
      assert.equal(column.parts.reduce((sum, [, mqls]) => sum + mqls, 0), row.mqls, "a column's parts add up to it");
      if (Object.keys(row.parts).length) for (const [key, mqls] of column.parts) assert.equal(row.parts[key], mqls);
      for (const [place, [, mqls]] of column.parts.entries()) {
        assert.ok(Math.abs(column.heights[place] - unit * mqls) < 2.5, `heights are to the axis: ${column.heights[place]}, ${unit * mqls}`);
      }
    }
    assert.equal(written.reduce((sum, row) => sum + row.mqls, 0), total);
    if (by === "rule") assert.match(await text(page, "#plot-note"), /One lead can stand under several rules.*/);
  });
}

onPage("a lead's explanation is reached and read without a mouse, and sums to its score", {}, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  const { leads } = collector.leads({ ...THIRTY, limit: 50 });
  const lead = leads.find((one) => one.score.total !== one.score_at_mql.total);
  const focused = () => page.evaluate(() => document.activeElement.closest("[data-lead]")?.dataset.lead);
  let presses = 0;
  while ((await focused()) !== lead.key) {
    await page.keyboard.press("Tab");
    presses += 1;
    assert.ok(presses < 90, "the lead can be reached by Tab");
  }
  await page.keyboard.press("Enter");
  const panel = page.locator(`[data-lead="${lead.key}"] .explanation`);
  const sumIs = async (score) => {
    await panel.locator(`[data-sum="${score.total}"]`).waitFor();
    const lines = await panel.locator("[data-points]").evaluateAll((cells) => cells.map((cell) => [Number(cell.dataset.points), cell.textContent]));
    assert.equal(lines.reduce((sum, [points]) => sum + Math.round(points * 1000), 0), Math.round(score.total * 1000));
    for (const [points, shown] of lines) assert.equal(numberIn(shown), points);
    assert.equal(await panel.locator(".error").count(), 0);
  };
  await sumIs(lead.score_at_mql);
  assert.match(await panel.innerText(), /What is missing[\s\S]*industry[\s\S]*Stages passed[\s\S]*lead → MQL[\s\S]*by the score/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowRight");
  await sumIs(lead.score);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await panel.waitFor({ state: "hidden" });
});

onPage("each MQL shows its grade, its stage with since, and whether it waits for too long", {}, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  const { leads } = collector.leads({ ...THIRTY, limit: 20 });
  const words = { mql: "MQL", sal: "Accepted by sales" };
  for (const lead of leads) {
    const shown = page.locator(`[data-lead="${lead.key}"]`);
    assert.match(await shown.locator(".grade").innerText(), new RegExp(`${lead.grade}$`));
    assert.match(await shown.locator(`[data-stage="${lead.stage}"]`).innerText(), new RegExp(`${words[lead.stage]} since \\d+ Nov 2026$`));
    assert.equal(await shown.locator(".overdue").count(), lead.sla.overdue ? 1 : 0);
  }
  assert.deepEqual([...new Set(leads.map(({ sla }) => sla.overdue))].sort(), [false, true], "some wait for too long and some do not");
  const late = leads.find(({ sla }) => sla.overdue);
  assert.match(await page.locator(`[data-lead="${late.key}"] .overdue`).textContent(), /^Overdue since \d+ Nov 2026, the limit is (24 hours|7 days)$/);
});

onPage("who is verified is said to be, in words", {}, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  const shown = await page.locator("#leads > li").evaluateAll((nodes) => nodes.map((node) => node.dataset.lead));
  const leads = collector.mqls.map(({ lead }) => lead).filter((lead) => shown.includes(lead.key));
  for (const is of [true, false]) {
    const lead = leads.find(({ verified_at: at }) => Boolean(at) === is);
    const item = page.locator(`[data-lead="${lead.key}"]`);
    assert.equal(/^verified$/m.test(await item.locator(".lead-body").innerText()), is);
    await item.locator("h3 button").click();
    const panel = item.locator(".explanation");
    await panel.locator("[data-sum]").waitFor();
    assert.match(await panel.innerText(), is ? /Who it is\s+verified by your server since \d+ Nov 2026/ : /Who it is\s+said in a form, not verified/);
  }
});

onPage("an explanation tells the machine's lines from people's, and what comes by itself", {}, async ({ page, collector, open }) => {
  const right = collector.explanation.bind(collector);
  let stage = "mql";
  const given = { id: 1, effect: "fit", points: -7, from: "2026-11-20T10:00:00.000Z", until: "2026-12-20T10:00:00.000Z", reason: "no budget", actor: "owner", ended_at: null, ended_by: null, counts: true };
  collector.explanation = (...asked) => {
    const told = right(...asked);
    const line = { kind: "override", axis: "fit", group: "", id: "override_1", label: "Override by the owner", points: -7, count: 1, first_at: given.from, last_at: given.from, detail: "until 2026-12-20: no budget" };
    const total = told.score.total - 7;
    return {
      ...told, lines: [...told.lines, line], machine_score: told.score, score: { ...told.score, total, fit: told.score.fit - 7 }, cooling_until: "2026-12-01T00:00:00.000Z",
      overrides: [given, { ...given, id: 2, effect: "hold", points: null, reason: "a holiday", counts: false, ended_at: "2026-11-20T12:00:00.000Z", ended_by: "operator" }],
      stage, transitions: stage === "mql" ? told.transitions : [...told.transitions, { from: "mql", to: "sal", at: "2026-11-21T11:00:00.000Z", reason: "accepted by sales", actor: "owner", score: null }],
    };
  };
  await open();
  await page.locator("#leads h3 button").first().click();
  const panel = page.locator("#leads > li").first().locator(".explanation");
  await panel.locator("[data-sum]").waitFor();
  assert.equal(await panel.locator(".error").count(), 0, "the lines still sum");
  assert.match(await panel.locator("tr.by-people").innerText(), /Override by the owner[\s\S]*no budget[\s\S]*−7/);
  const sum = Number(await panel.locator("[data-sum]").getAttribute("data-sum"));
  assert.equal(Number(await panel.locator("[data-machine]").getAttribute("data-machine")), Math.round((sum + 7) * 1000) / 1000);
  const words = await panel.innerText();
  assert.match(words, /without what people said/);
  assert.match(words, /What people said[\s\S]*−7 points of fit · no budget · by the owner[\s\S]*Held back from being an MQL \(does not count at this moment\) · a holiday[\s\S]*ended 20 Nov 2026, 13:00 by the operator/);
  assert.match(words, /If nothing new happens[\s\S]*below 40 points[\s\S]*21 Dec 2026/);
  assert.match(words, /Cooldown[\s\S]*cannot qualify again before 1 Dec 2026/);
  assert.match(words, /Time limit[\s\S]*(24 hours|7 days), (until|overdue since)/);
  stage = "sal";
  await panel.locator("input[value=now]").check({ force: true });
  await panel.getByText("MQL → SAL · accepted by sales · by the owner").waitFor();
  assert.doesNotMatch(await panel.innerText(), /If nothing new happens/, "what sales works on falls out by nothing");
});

onPage("an explanation that does not add up says so", {}, async ({ page, collector, open }) => {
  const right = collector.explanation.bind(collector);
  collector.explanation = (...asked) => ({ ...right(...asked), score: { total: 61, fit: 1, engagement: 60 }, lines: right(...asked).lines.slice(0, 1) });
  await open();
  await page.locator("#leads h3 button").first().click();
  await withText(page, ".explanation .error", "the score says 61");
});

onPage("the plot is read column by column with the arrow keys", {}, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  const { series } = collector.report(THIRTY);
  await page.locator("#plot-cursor").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  const words = await page.locator("#plot-cursor").getAttribute("aria-valuetext");
  assert.match(words, new RegExp(`^Sat,? 24 Oct: ${series[1].mqls} MQLs?.*before, Thu,? 24 Sep: ${series[1].previous.mqls}$`));
  assert.match(await text(page, "#plot-tip"), /Sat,? 24 Oct/);
  await page.locator("#as-table").press("Enter");
  await page.locator("#plot-table:not(.sr-only)").waitFor();
});

onPage("a new MQL appears within one poll, and nothing is lost by it", {}, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  const opened = page.locator("#leads > li").nth(2);
  const key = await opened.getAttribute("data-lead");
  await opened.locator("h3 button").click();
  await opened.locator("[data-sum]").waitFor();
  await opened.locator("h3 button").focus();
  await collector.answered(REPORT, 304);
  const scrolled = await page.evaluate(() => scrollY);
  const mqls = collector.report(THIRTY).totals.mqls;
  const lead = collector.addMql("paid_search", { domain: "brand-new.example" });
  collector.asked.length = 0;
  await value(page, "mqls").filter({ hasText: String(mqls + 1) }).waitFor();
  const polls = collector.asked.filter((line) => line.includes(REPORT)).length;
  assert.ok(polls <= 2, `shown after ${polls} polls: one may have been under way already`);
  await withText(page, `[data-lead="${lead.key}"]`, "brand-new.example");
  assert.match(await page.locator("#announcer").textContent(), /^1 new MQL under Paid Search\. \d+ MQLs in this period\.$/);
  assert.equal(await page.locator(`[data-lead="${lead.key}"] .new-mark`).innerText(), "new");
  assert.equal(await page.evaluate(() => document.activeElement.closest("[data-lead]")?.dataset.lead), key, "the focus stayed");
  assert.ok(await page.locator(`[data-lead="${key}"] [data-sum]`).isVisible(), "what was open stayed open");
  assert.ok((await page.evaluate(() => scrollY)) >= scrolled, "the page did not jump up");
  const row = collector.report(THIRTY).rows.find((one) => one.key === "paid_search");
  assert.equal(numberIn(await page.locator('#rows tr[data-key="paid_search"] [data-cell="mqls"]').innerText()), row.mqls);
});

onPage("it asks with the entity tag, and only about the report, while nothing changes", {}, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  await collector.answered(REPORT, 304);
  collector.asked.length = 0;
  await collector.answered(REPORT, 304);
  assert.deepEqual([...new Set(collector.asked.map((line) => line.split("?")[0]))], [`GET ${REPORT}`]);
});

onPage("it rests while nobody looks, and asks at once when somebody does", {}, async ({ page, collector, open }) => {
  await page.clock.install();
  await open();
  await listed(page);
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await hide(true);
  await withText(page, "#live", "Paused");
  collector.asked.length = 0;
  await page.clock.runFor(30_000);
  assert.deepEqual(collector.asked, []);
  const answered = collector.answered(REPORT, 304);
  await hide(false);
  await answered;
  await withText(page, "#live", "Live");
});

onPage("a new day moves the period along", {}, async ({ page, collector, open }) => {
  await page.clock.install();
  await open();
  await listed(page);
  collector.today = "2026-11-22";
  await page.clock.runFor(61_000);
  await withText(page, "#headline-title", "24 Oct – 22 Nov 2026 against 24 Sep – 23 Oct 2026");
});

onPage("the view is in the address: links, back and forward", {}, async ({ page, collector, open }) => {
  await open(`/?site=${SITE}&from=2026-10-01&to=2026-10-31&by=source&attribution=last&sort=visits&order=asc`);
  await withText(page, "#headline-title", "1 Oct – 31 Oct 2026 against 31 Aug – 30 Sep 2026 · last touch");
  assert.equal(await page.locator("#rows-title").innerText(), "By source, last touch");
  assert.equal(await page.locator('[data-column="visits"]').getAttribute("aria-sort"), "ascending");
  assert.ok(collector.asked.some((line) => line.includes("from=2026-10-01&to=2026-10-31&interval=day&by=source&compare=previous&attribution=last")));
  await page.getByRole("radio", { name: "Channel" }).check({ force: true });
  await withText(page, "#rows-title", "By channel, last touch");
  await page.locator('#rows tr[data-key="email"] button').click();
  await withText(page, "#leads-filter", "Only Email, last touch");
  await page.locator("#leads:not([aria-busy])").waitFor();
  assert.match(page.url(), /channel=email/);
  const only = collector.leads({ site: SITE, from: "2026-10-01", to: "2026-10-31", channel: "email" });
  await withText(page, "#leads-note", only.total > 20 ? `of ${only.total} MQLs` : `${only.total} MQL`);
  assert.deepEqual([...new Set(await page.locator("#leads .channel").allInnerTexts())].map((words) => words.replace(/channel\s/, "").trim()), ["Email"]);
  await page.goBack();
  await page.locator("#leads-filter").waitFor({ state: "hidden" });
  await page.goBack();
  await withText(page, "#rows-title", "By source, last touch");
  await page.goForward();
  await withText(page, "#rows-title", "By channel, last touch");
});

onPage("the table sorts by each column", {}, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  await page.getByRole("button", { name: "Visits", exact: true }).click();
  await page.locator('[data-column="visits"][aria-sort="descending"]').waitFor();
  const shown = (await page.locator('#rows [data-cell="visits"]').allInnerTexts()).map(numberIn);
  assert.deepEqual(shown, collector.report(THIRTY).rows.map((row) => row.visits).sort((one, other) => other - one));
  assert.equal(await page.evaluate(() => document.activeElement.closest("th")?.dataset.column), "visits", "the focus stays on the header");
  await page.getByRole("button", { name: "Channel", exact: true }).click();
  await page.locator('[data-column="label"][aria-sort="ascending"]').waitFor();
  assert.equal(await page.locator("#rows tbody th").first().innerText(), "Affiliates");
});

onPage("further leads come when asked for", {}, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  const total = collector.report(THIRTY).totals.mqls;
  assert.equal(await page.locator("#leads > li").count(), 20);
  await page.locator("#leads-more").click();
  await page.locator("#leads > li").nth(39).waitFor();
  assert.equal(await page.evaluate(() => [...document.querySelectorAll("#leads > li")].indexOf(document.activeElement.closest("li"))), 20, "the focus goes to the first of them");
  collector.addMql("email");
  await page.locator("#leads > li").nth(40).waitFor();
  assert.match(await text(page, "#leads-note"), new RegExp(`The latest 41 of ${total + 1} MQLs`));
});

onPage("log-in: a wrong password, too many, the right one, and out", { prepare: (collector) => { collector.authenticated = false; }, expected: ["401", "429"] }, async ({ page, collector, open }) => {
  await open("/?by=country");
  await page.locator("#log-in").waitFor();
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await withText(page, "#log-in-error", "This password is not right.");
  assert.equal(await page.locator("#password").getAttribute("aria-invalid"), "true");
  collector.tooMany = true;
  await page.keyboard.press("Enter");
  await withText(page, "#log-in-error", "Too many attempts. Please wait 30 seconds.");
  collector.tooMany = false;
  await page.locator("#password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await withText(page, "#rows-title", "By country, first touch");
  await page.locator("#log-out").click();
  await withText(page, "#log-in-reason", "You are logged out.");
  assert.equal(collector.authenticated, false);
});

onPage("a session that ends: the numbers go, the view stays", { expected: ["401"] }, async ({ page, collector, open }) => {
  await open("/?by=source&period=90d");
  await listed(page);
  collector.authenticated = false;
  await withText(page, "#log-in-reason", "Your session has ended.");
  assert.equal(await page.locator("#leads > li, #rows tbody tr, #plot-table tr, #legend li, #plot svg").count(), 0, "nothing measured is left in the page");
  assert.doesNotMatch(await page.locator("#totals").textContent(), /\d/);
  await page.locator("#password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await listed(page);
  assert.match(page.url(), /period=90d&by=source/);
  assert.equal(await page.locator("#rows-title").innerText(), "By source, first touch");
});

onPage("set-up: short, common, spent link, and done", { prepare: (collector) => Object.assign(collector, { setupRequired: true, authenticated: false }), expected: ["400", "403"] }, async ({ page, collector, open }) => {
  await open();
  await page.locator("#setup-required").waitFor();
  await open("/setup");
  await page.locator("#no-token").waitFor();
  await open(`/setup#${"f".repeat(32)}`);
  await page.locator("#password").fill("eleven chrs");
  await page.keyboard.press("Enter");
  await withText(page, "#error", "has 11 characters; it needs at least 12");
  assert.equal(collector.asked.filter((line) => line.includes("setup")).length, 0, "nothing was sent");
  await page.locator("#password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await withText(page, "#error", "no longer valid");
  await open(`/setup#${TOKEN}`);
  await page.reload();
  await page.locator("#password").fill("password1234");
  await page.keyboard.press("Enter");
  await withText(page, "#error", "among the most common");
  await page.locator("#reveal").click();
  assert.equal(await page.locator("#password").getAttribute("type"), "text");
  await page.locator("#password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await listed(page);
  assert.equal(new URL(page.url()).hash, "", "the token has left the address");
  assert.ok(collector.asked.every((line) => !line.includes(TOKEN)), "the token was never part of an address");
});

onPage("set-up by an auditor's link says as whom", { prepare: (collector) => Object.assign(collector, { authenticated: false, setupRole: "auditor" }) }, async ({ page, collector, open }) => {
  await open(`/setup#${TOKEN}`);
  await page.locator("#password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await withText(page, "#done", "logged in as the auditor");
  assert.equal(await page.locator("#done-link").getAttribute("href"), "/audit");
  assert.ok(collector.asked.some((line) => line.startsWith("POST /api/v1/session")), "it logs in");
});

const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202e{{7*7}}`;
onPage("what visitors send is text and nothing else", {
  prepare: (collector) => {
    // Several, so that they are many enough for a colour of their own in the plot.
    for (let times = 0; times < 12; times += 1) {
      collector.addMql("email", { campaign: HOSTILE, source: HOSTILE, domain: HOSTILE, channel_label: HOSTILE, country: HOSTILE,
        attributes: { job_title: HOSTILE, company: HOSTILE, company_size: HOSTILE, [HOSTILE]: HOSTILE } });
      const { lead, lines } = collector.mqls.at(-1);
      lead.reasons = [{ label: HOSTILE, points: 35 }];
      lines[0].label = lines[0].detail = HOSTILE;
    }
    collector.suppressed = { total: 1, by_signal: { [HOSTILE]: 1 } };
    const right = collector.explanation.bind(collector);
    collector.explanation = (...asked) => ({ ...right(...asked), missing: [HOSTILE], overrides: [{ id: 1, effect: HOSTILE, points: null, reason: HOSTILE, actor: HOSTILE, until: HOSTILE, from: HOSTILE, counts: true }] });
  },
}, async ({ page, open }) => {
  await open("/?by=source&channel=%3Cimg%20src%3Dx%20onerror%3D%22window.hacked%3D1%22%3E");
  await withText(page, "#rows tbody th", HOSTILE);
  await withText(page, "#leads-empty", "No lead");
  await page.locator("#leads-all").click();
  await withText(page, "#leads .who", HOSTILE);
  await page.locator("#leads h3 button").first().click();
  await withText(page, ".explanation .missing", HOSTILE);
  await withText(page, ".explanation th", HOSTILE);
  await withText(page, ".explanation .said", HOSTILE);
  await withText(page, "#legend", HOSTILE);
  await page.locator("#plot-cursor").focus();
  await open(`/?by=campaign&site=${encodeURIComponent(HOSTILE)}`);
  await withText(page, "#notice", HOSTILE);
  await withText(page, "#rows tbody th", HOSTILE);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator("main img, main script, main [onerror], main [style]:not(#plot-tip)").count(), 0);
});

onPage("an empty site shows the tag, and comes to life by itself", { prepare: (collector) => collector.sites.push("second.example"), context: { permissions: ["clipboard-read", "clipboard-write"] } }, async ({ page, collector, open }) => {
  await open();
  await listed(page);
  await page.locator("#site").selectOption("second.example");
  await withText(page, "#empty-title", "No events yet");
  const tag = `<script defer src="${collector.origin}/mq.js" data-site="second.example"></script>`;
  assert.equal(await page.locator("#tag").textContent(), tag);
  await page.locator("#copy-tag").click();
  await withText(page, "#copy-tag", "Copied");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), tag);
  assert.ok(await page.locator("#numbers").isHidden());
  collector.secondIsBusy = true;
  await listed(page);
  assert.ok(await page.locator("#empty").isHidden());
});

onPage("a period without events is not called an empty site", {}, async ({ page, open }) => {
  await open("/?from=2025-01-01&to=2025-01-07");
  await withText(page, "#empty-title", "No visits in this period");
  await page.locator("#wider").click();
  await listed(page);
  assert.match(page.url(), /period=90d/);
});

onPage("the collector is away: at the start, and in the middle", { prepare: (collector) => { collector.down = "reset"; }, expected: ["net::ERR", "500"] }, async ({ page, collector, open }) => {
  await open("/?by=source");
  await withText(page, "#failed-title", "The collector does not answer");
  collector.down = 500;
  await page.locator("#try-again").click();
  await withText(page, "#failed-detail", "The database is locked.");
  collector.down = null;
  await page.locator("#try-again").click();
  await listed(page);
  const shown = await value(page, "mqls").innerText();
  collector.down = "reset";
  await withText(page, "#notice", "The collector does not answer. These are the last numbers it gave");
  assert.equal(await value(page, "mqls").innerText(), shown, "the numbers stay");
  assert.equal(await text(page, "#live"), "Not live");
  collector.down = null;
  await page.locator("#notice").waitFor({ state: "hidden" });
  await withText(page, "#live", "Live");
});

onPage("dates of one's own, and what is wrong with them", {}, async ({ page, open }) => {
  await open();
  await listed(page);
  await page.getByRole("radio", { name: "Dates of your choice" }).check({ force: true });
  await page.locator("#from").fill("2026-11-20");
  await withText(page, "#headline-title", "20 Nov – 21 Nov 2026 against 18 Nov – 19 Nov 2026");
  await page.locator("#to").fill("2026-11-10");
  await withText(page, "#dates-error", "The first day lies after the last.");
  await page.locator("#from").fill("2026-11-10");
  await withText(page, "#headline-title", "10 Nov 2026 against 9 Nov 2026");
  assert.match(page.url(), /from=2026-11-10&to=2026-11-10/);
});

onPage("every headline number leads to its definition by keyboard", {}, async ({ page, open }) => {
  await open();
  await listed(page);
  for (const name of ["mqls", "visits", "leads", "visit_to_lead", "lead_to_mql"]) {
    await page.locator(`[data-total="${name}"] a`).focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), `means-${name}`);
    assert.ok(await page.locator(`#means-${name}`).isVisible());
  }
});

onPage("demo data is called demo data", { prepare: (collector) => { collector.demo = true; } }, async ({ page, open }) => {
  await open();
  await listed(page);
  assert.match(await text(page, "#demo-banner"), /^Demo data: ninety days of generated visits/);
  assert.equal(await page.locator("#demo-banner a").getAttribute("href"), "/demo/");
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390, 320]) {
    onPage(`everything can be read, named and reached, ${colorScheme} at ${width}`, { context: { colorScheme, viewport: { width, height: 844 }, reducedMotion: "reduce" }, prepare: (collector) => { collector.demo = true; } }, async ({ page, open }) => {
      await open("/?channel=email");
      await listed(page);
      await page.locator("#leads h3 button").first().click();
      await page.locator("[data-sum]").waitFor();
      await page.locator("#as-table").click();
      await page.locator("#means summary").click();
      assert.deepEqual(await faults(page), { faint: [], nameless: [], twice: [], wide: 0, moving: 0 });
    });
  }
}
