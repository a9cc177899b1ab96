// One page in a real Chromium against a collector of fixtures: what every test of a page watches for.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

/**
 * Runs tests, each on a page of its own against a collector of this class, and afterwards sees that nothing was
 * complained about on the way. `prepare` may change the collector before the page opens.
 */
export const pagesOf = (Collector) => function onPage(name, { context: options = {}, prepare = () => {}, expected = [] }, run) {
  test(name, { timeout: 180_000 }, async () => {
    const collector = new Collector();
    prepare(collector);
    await collector.listen();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
    page.on("console", (message) => {
      // The browser itself logs refused requests; only those a test asks for are all right.
      if (["error", "warning"].includes(message.type()) && !expected.some((words) => message.text().includes(words))) complaints.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(collector.origin)) complaints.push(`asked another host: ${request.url()}`);
    });
    await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`)));
    try {
      await run({ page, collector, open: async (path = "/") => {
        await page.goto(collector.origin + path);
        return page;
      } });
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
      await collector.close();
    }
  });
};

/** What cannot be read, named or reached on the page as it is; all empty and zero if it is as it should be. */
export const faults = (page) => page.evaluate(() => {
  const light = (channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const over = (layers) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const layer of layers) {
      canvas.fillStyle = layer;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    return 0.2126 * light(r / 255) + 0.7152 * light(g / 255) + 0.0722 * light(b / 255);
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(".sr-only, .skip, :disabled, label:has(:disabled)")) continue;
    const style = getComputedStyle(element);
    const behind = [];
    for (let at = element; at; at = at.parentElement) behind.unshift(getComputedStyle(at).backgroundColor);
    const back = over(behind);
    const front = over([...behind, element instanceof SVGElement ? style.fill : style.color]);
    const contrast = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (large ? 3 : 4.5)) faint.push(`${element.tagName}.${element.getAttribute("class")} “${element.textContent.trim().slice(0, 30)}” ${contrast.toFixed(2)}`);
  }
  const nameless = [...document.querySelectorAll("button, a, input, select, textarea, [role=slider], [role=region]")].filter((element) => element.checkVisibility()
    && !(element.textContent.trim() || element.getAttribute("aria-label") || element.getAttribute("aria-labelledby") || element.labels?.length)).map((element) => element.outerHTML);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return { faint, nameless, twice: ids.filter((id, index) => ids.indexOf(id) !== index), wide: document.documentElement.scrollWidth - innerWidth, moving: document.getAnimations().length };
});
