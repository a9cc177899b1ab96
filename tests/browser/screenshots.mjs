// Takes the README's pictures and those that a reviewer looks at, from a running demo:
//   node tests/browser/screenshots.mjs http://127.0.0.1:8787 docs      (docs/dashboard.png, docs/audit.png)
//   node tests/browser/screenshots.mjs http://127.0.0.1:8787 DIR all   (every page, desktop and phone, light and dark)
//   node tests/browser/screenshots.mjs http://127.0.0.1:8787 DIR audit (the audit page alone, the same way)
import { join } from "node:path";
import { launch } from "./browser.mjs";

const [origin, folder, all] = process.argv.slice(2);
if (!origin || !folder) {
  console.error("usage: node tests/browser/screenshots.mjs http://127.0.0.1:8787 FOLDER [all|audit]");
  process.exit(2);
}
const browser = await launch();

async function shoot(name, path, options, ready, clip) {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(origin + path);
  for (const selector of ready) await page.locator(selector).first().waitFor();
  await page.screenshot({ path: join(folder, `${name}.png`), ...clip });
  await page.context().close();
}

const dashboard = ['[data-total="mqls"] .value', "[data-lead]"];
const audit = ["#verified .finding", "#ladder table", ".bars svg"];
if (!all) await shoot("audit", "/audit", { viewport: { width: 1280, height: 1120 }, colorScheme: "light" }, audit, {});
if (all !== "audit") await shoot("dashboard", "/", { viewport: { width: 1280, height: 1120 }, colorScheme: "light" }, dashboard, {});
if (all) {
  const demo = ["", "product", "pricing", "case-studies/harbour-logistics", "blog", "webinar", "request-a-demo", "thanks"];
  const looks = [
    ["desktop", { width: all === "audit" ? 1440 : 1280, height: 900 }],
    ["phone", { width: 390, height: 844 }],
  ];
  for (const [kind, viewport] of looks) {
    for (const colorScheme of ["light", "dark"]) {
      const options = { viewport, colorScheme };
      const look = `${kind}-${colorScheme}`;
      await shoot(`audit-${look}`, "/audit", options, ["#verified .finding", "#ladder table", ".bars svg", "#fields-list details", "#salts-body h3", "#retention-rules table", ".log tbody tr", ".documents li"], { fullPage: true });
      if (all === "audit") continue;
      await shoot(`dashboard-${look}`, "/", options, dashboard, { fullPage: true });
      await shoot(`setup-${look}`, "/setup", options, ["h1"], { fullPage: true });
      for (const page of demo) {
        const name = page.replaceAll("/", "-") || "front";
        await shoot(`demo-${name}-${look}`, `/demo/${page}`, options, ["h1"], { fullPage: true });
      }
    }
  }
}
await browser.close();
