// What somebody may do about a person, while the collector is busy with it: one act at a time, and the page says so.

import assert from "node:assert/strict";
import { ADDRESS, AuditCollector } from "./audit-fixtures.mjs";
import { withText } from "./browser.mjs";
import { pagesOf } from "./on-page.mjs";

const onPage = pagesOf(AuditCollector);

onPage("while one act runs no other does, and all of them look so", {}, async ({ page, collector, open }) => {
  await open("/audit");
  await page.locator("#person-who").fill(ADDRESS);
  await page.locator("#person-find").click();
  await page.locator("[data-act=restrict]").waitFor();
  const cursors = () => page.locator("[data-act]").evaluateAll((all) => all.map((act) => `${getComputedStyle(act).cursor} ${getComputedStyle(act).opacity}`));
  assert.deepEqual(await cursors(), Array(5).fill("pointer 1"));
  let answer;
  const held = new Promise((resolve) => { answer = resolve; });
  await page.route("**/restrict", async (route) => {
    await held;
    await route.continue();
  });
  await page.locator("[data-act=restrict]").click();
  assert.deepEqual(await cursors(), Array(5).fill("progress 0.6"));
  await page.locator("[data-act=erase]").click({ force: true });
  assert.equal(await page.locator("#confirm[open]").count(), 0);
  answer();
  await withText(page, "[data-act=restrict]", "Lift the restriction");
  assert.deepEqual(await cursors(), Array(5).fill("pointer 1"));
  assert.deepEqual(["restrict", "erase"].map((act) => collector.bodies.filter(({ path }) => path.endsWith(`/${act}`)).length), [1, 0]);
});
