// What the snippet costs the main thread in Chromium at a quarter of its speed. Called by the bench:
// node snippet-cost.mjs MINIFIED-SNIPPET ROUNDS. Prints JSON: milliseconds of each load and of each event.
//
// Counted is the time that the page's thread compiles and runs scripts, whatever the snippet set off (tasks, timers and
// listeners too), on a page whose only script is the snippet, less the same of that page without it; beside it, a script
// that only calls fetch(), or sendBeacon(), at the same moments, which is what the browser itself takes for a request.
// What the browser does for a request beside that thread is not in it.
//
// It is processor time at full speed, times four. Chromium's own slow-down lets a thread keep the page's busy, and on a
// machine that does anything else the figure is then of that: the same snippet took 3.5 to 31.7 ms for a load.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { launch } from './browser.mjs';

const [, , file, rounds] = process.argv;
const snippet = readFileSync(file);
const SLOWER = 4;
const CLICKS = 20;

const page = (tag) => `<!doctype html><html><head><title>t</title>${tag}</head>
<body><button data-mq-event="cta_click" data-mq-position="header" data-mq-topic="ports">Ask</button></body></html>`;
const TAGS = {
  '/with': '<script defer src="/mq.js" data-site="example.com" data-auto="outbound,downloads,forms,engagement"></script>',
  '/bare': '<script defer src="/bare.js"></script>',
  '/beacon': '<script defer src="/beacon.js"></script>',
};
const BARE = `
  const send = () =>
    fetch('/api/event', { method: 'POST', body: 'x'.repeat(250), credentials: 'omit', keepalive: true, referrerPolicy: 'origin' });
  addEventListener('click', send);
  send();`;
const BEACON = `
  const send = () => navigator.sendBeacon('/api/event', 'x'.repeat(250));
  addEventListener('click', send);
  send();`;

let arrived = 0;
let heard = () => {};
const server = createServer((request, response) => {
  if (request.method === 'POST') {
    request.resume().on('end', () => {
      response.writeHead(202).end('ok');
      arrived += 1;
      heard();
    });
    return;
  }
  const script = { '/mq.js': snippet, '/bare.js': BARE, '/beacon.js': BEACON }[request.url];
  response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html', 'cache-control': 'no-store' });
  response.end(script ?? page(TAGS[request.url] ?? ''));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

/** Resolves when so many events have arrived. */
const events = (count) =>
  new Promise((resolve) => {
    heard = () => arrived >= count && resolve();
    heard();
  });

/** Milliseconds of scripts so far. */
const scripts = async (cdp) => {
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return (of('ScriptDuration') + of('V8CompileDuration')) * 1000;
};

/** What a load and a click cost on a page with the snippet, with a bare request, or with no script. */
const cost = async (browser, path) => {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const cdp = await context.newCDPSession(tab);
  await tab.goto(`${origin}/without`);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  arrived = 0;
  const sends = path in TAGS;
  const before = await scripts(cdp);
  await tab.goto(origin + path);
  if (sends) await events(1);
  const loaded = await scripts(cdp);
  for (let click = 1; click <= CLICKS; click += 1) {
    await tab.mouse.click(25, 18);
    if (sends) await events(1 + click);
  }
  const clicked = await scripts(cdp);
  await context.close();
  return { load: SLOWER * (loaded - before), event: (SLOWER * (clicked - loaded)) / CLICKS };
};

const browser = await launch();
const result = { browser: browser.version().split('.')[0], load: [], event: [] };
// The first of a browser's life is slower than any that a visitor meets.
await cost(browser, '/with');
for (let round = 0; round < Number(rounds); round += 1) {
  const without = await cost(browser, '/without');
  for (const [path, load, event] of [
    ['/with', 'load', 'event'],
    ['/bare', 'bareLoad', 'bareEvent'],
    ['/beacon', 'beaconLoad', 'beaconEvent'],
  ]) {
    const it = await cost(browser, path);
    (result[load] ??= []).push(it.load - without.load);
    (result[event] ??= []).push(it.event - without.event);
  }
}
await browser.close();
server.closeAllConnections();
server.close();
console.log(JSON.stringify(result));
