// The real binary with `serve` on a free port and a folder of its own, its owner logged in: for tests that fill it
// themselves.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { binary } from "./demo-collector.mjs";

const PASSWORD = "correct horse battery staple";

/** `sites` are arguments of `mqlite site add`, `env` is the collector's and the commands' environment. */
export async function startOwn({ sites, env = {} }) {
  const folder = mkdtempSync(join(tmpdir(), "mqlite-own-test-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const log = join(folder, "log");
  const environment = { ...process.env, ...env };
  const command = (...args) => execFileSync(binary, [...args, "--data", data], { env: environment, encoding: "utf8", maxBuffer: 1 << 28 });
  for (const site of sites) command("site", "add", ...site);
  const collector = spawn(binary, ["serve", "--listen", "127.0.0.1:0", "--data", data], { env: environment, stdio: ["ignore", "pipe", openSync(log, "a")] });
  let origin;
  let token;
  for await (const line of createInterface({ input: collector.stdout })) {
    origin = line.match(/listens on (http:\S+)/)?.[1] ?? origin;
    token = line.match(/\/setup#(\S+)/)?.[1] ?? token;
    if (line.startsWith("Dashboard:")) break;
  }
  assert.ok(origin && token, "it says where it listens, and prints a link for the password");
  const post = (path, body, headers = {}) => fetch(`${origin}${path}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
  assert.equal((await post("/api/v1/setup", { token, password: PASSWORD })).status, 200);
  const session = await post("/api/v1/session", { password: PASSWORD });
  const [name, value] = session.headers.get("set-cookie").split(";")[0].split("=");
  return {
    origin,
    command,
    post,
    /** For a browser's context. */
    cookie: { name, value, url: origin, httpOnly: true, sameSite: "Strict" },
    /** For requests of ours. */
    headers: { cookie: `${name}=${value}` },
    log: () => readFileSync(log, "utf8"),
    async stop() {
      if (collector.exitCode === null) {
        collector.kill("SIGTERM");
        await new Promise((done) => collector.once("exit", done));
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
