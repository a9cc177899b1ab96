// What the snippet costs the main thread in Chromium at a quarter of its speed. Called by the bench:
// node snippet-cost.mjs MINIFIED-SNIPPET ROUNDS. Prints JSON: milliseconds of each load and of each event.
//
// Counted is the time that the page's thread compiles and runs scripts, on a page whose only script is the snippet,
// less the same of that page without it; beside it, a script that only calls fetch() at the same moments, which is what
// the browser itself takes for a request. It is processor time, so that whatever else the machine does is not in it;
// the slow-down is, for it keeps the thread busy. What the browser does for a request beside that thread is not.
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
};
const BARE = `
  const send = () =>
    fetch('/api/event', { method: 'POST', body: 'x'.repeat(250), credentials: 'omit', keepalive: true, referrerPolicy: 'origin' });
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
  const script = { '/mq.js': snippet, '/bare.js': BARE }[request.url];
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

/** What a load and a click cost on a page with the snippet, with a bare fetch(), or with no script. */
const cost = async (browser, path) => {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const cdp = await context.newCDPSession(tab);
  await tab.goto(`${origin}/without`);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
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
  return { load: loaded - before, event: (clicked - loaded) / CLICKS };
};

const browser = await launch();
const result = { browser: browser.version().split('.')[0], load: [], event: [], bareLoad: [], bareEvent: [] };
// The first of a browser's life is slower than any that a visitor meets.
await cost(browser, '/with');
for (let round = 0; round < Number(rounds); round += 1) {
  const without = await cost(browser, '/without');
  const withIt = await cost(browser, '/with');
  result.load.push(withIt.load - without.load);
  result.event.push(withIt.event - without.event);
  const bare = await cost(browser, '/bare');
  result.bareLoad.push(bare.load - without.load);
  result.bareEvent.push(bare.event - without.event);
}
await browser.close();
server.closeAllConnections();
server.close();
console.log(JSON.stringify(result));
