// The note on the dashboard about odd days, in a real browser, against a collector made of fixtures.

import assert from "node:assert/strict";
import { listed, withText } from "./browser.mjs";
import { Collector, SITE, TODAY } from "./dashboard-fixtures.mjs";
import { pagesOf } from "./on-page.mjs";

const onPage = pagesOf(Collector);

onPage("odd days are said, with what to type, and nothing when there are none", {
  prepare: (collector) => {
    collector.anomalies = ["visits", "leads", "mqls", "leads_of_visits"].map((what, place) => ({
      day: TODAY, channel: "referral", what, value: 900 + place, usual: 12, limit: 200,
      sentence: `Referral: ${900 + place} <b>${what}</b> on ${TODAY}, usually 12`, command: `mqlite void --site ${SITE} --from ${TODAY} --to ${TODAY} --channel referral --dry-run`,
    }));
  },
}, async ({ page, collector, open }) => {
  await open();
  await withText(page, "#anomalies", `Referral: 900 <b>visits</b> on ${TODAY}, usually 12. mqlite void --site ${SITE}`);
  assert.equal(await page.locator("#anomalies li").count(), 4, "three, and how many more");
  await withText(page, "#anomalies li:last-child", `1 more: mqlite anomalies --site ${SITE}`);
  collector.anomalies = [];
  await open();
  await listed(page);
  assert.ok(await page.locator("#anomalies").isHidden());
});
