// The real binary running its demo on a free port and a folder of its own, for tests that need both.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
export const binary = process.env.MQLITE_BIN ?? join(target, "debug/mqlite");

/** Starts it; answers where it listens, its data folder, and how to end it. */
export async function startDemo() {
  const folder = mkdtempSync(join(tmpdir(), "mqlite-demo-test-"));
  const data = join(folder, "data");
  const collector = spawn(binary, ["demo", "--listen", "127.0.0.1:0", "--data", data], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let origin;
  for await (const line of createInterface({ input: collector.stdout })) {
    origin = line.match(/Dashboard:\s+(http:\S+)\//)?.[1] ?? origin;
    if (line.includes("Open both side by side")) break;
  }
  assert.ok(origin, "the demo prints where its dashboard is");
  return {
    origin,
    data,
    async stop() {
      if (collector.exitCode === null) {
        collector.kill("SIGTERM");
        await new Promise((done) => collector.once("exit", done));
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
