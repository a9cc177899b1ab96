// Invariant: a test waits for a signal and never for a length of time; what it sees is what a server received.
//
// One server plays the site (pages) and, on a second port, the collector: another origin, as in life, so that a
// preflight or a cookie would show. Both forms of the snippet are served, /source/mq.js and /minified/mq.js, and
// `both()` runs each test on one and then on the other, and compares what the collector received.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';

const FORMS = ['source', 'minified'];
const PATIENCE = 60_000;

const snippets = () => {
  let folder = process.env.SNIPPET_DIR;
  if (!folder) {
    folder = mkdtempSync(join(tmpdir(), 'mqlite-snippet-'));
    execFileSync('cargo', ['run', '-q', '-p', 'mqlite-snippet', '--example', 'emit', '--', folder], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  const read = (name) => readFileSync(join(folder, name));
  return {
    source: { 'mq.js': read('mq.source.js'), 'mq-ask.js': read('mq-ask.source.js') },
    minified: { 'mq.js': read('mq.js'), 'mq-ask.js': read('mq-ask.js') },
  };
};

const listen = (handler) =>
  new Promise((resolve) => {
    const server = createServer(handler);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });

const bodyOf = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
};

/** The collector's stand-in: records what it gets, answers what it is told. */
class Collector {
  constructor() {
    this.requests = [];
    this.answer = () => 202;
    // What forms ask (mq-ask.js), and what they are answered: a status and a body, or nothing at all.
    this.questions = [];
    this.reply = () => ({ status: 200, body: { ask: [] } });
    this.waiting = [];
  }

  /** All events received, in the order of arrival, whether they were accepted or not. */
  get events() {
    return this.requests.filter(({ method }) => method === 'POST').flatMap(({ events }) => events);
  }

  /** Those of a name that were answered with 202. */
  accepted(name) {
    return this.requests.filter(({ answer }) => answer === 202).flatMap(({ events }) => events.filter(({ n }) => n === name));
  }

  named(name) {
    return this.events.filter((event) => event.n === name);
  }

  /** Resolves when `predicate` holds of this collector; now or after some later request. */
  until(predicate, what) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`waited in vain for ${what}; got ${JSON.stringify(this.events, null, 1)}`)),
        PATIENCE,
      );
      const look = () => {
        if (!predicate(this)) return false;
        clearTimeout(timer);
        resolve(this);
        return true;
      };
      if (!look()) this.waiting.push(look);
    });
  }

  /** Resolves with the `count`-th event of that name. */
  async event(name, count = 1) {
    await this.until(() => this.named(name).length >= count, `${count} × ${name}`);
    return this.named(name)[count - 1];
  }

  receive(request) {
    if (request) this.requests.push(request);
    this.waiting = this.waiting.filter((look) => !look());
  }
}

class World {
  constructor(files) {
    this.files = files;
    this.pages = new Map();
    this.loads = [];
    this.collector = new Collector();
  }

  async start() {
    this.siteServer = await listen((request, response) => this.servePage(request, response));
    this.collectorServer = await listen((request, response) => this.serveCollector(request, response));
    this.origin = `http://127.0.0.1:${this.siteServer.address().port}`;
    this.insecureOrigin = `http://site.test:${this.siteServer.address().port}`;
    this.collectorOrigin = `http://localhost:${this.collectorServer.address().port}`;
  }

  stop() {
    for (const server of [this.siteServer, this.collectorServer]) {
      server.closeAllConnections();
      server.close();
    }
  }

  async servePage(request, response) {
    await bodyOf(request);
    const path = new URL(request.url, 'http://site').pathname;
    this.loads.push(path);
    const page = this.pages.get(path);
    if (!page) {
      response.writeHead(path === '/favicon.ico' ? 204 : 404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...page.headers });
    response.end(page.html);
  }

  async serveCollector(request, response) {
    const body = await bodyOf(request);
    const [, form, file] = request.url.split(/[/?]/);
    const cors = { 'access-control-allow-origin': '*' };
    if (request.method === 'GET') {
      if (this.files[form]?.[file]) {
        response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'no-store', ...cors });
        response.end(this.files[form][file]);
        return;
      }
      response.writeHead(request.url === '/ping' ? 204 : 404, cors).end();
      return;
    }
    const { method, url, headers } = request;
    const parsed = method === 'POST' ? JSON.parse(body) : [];
    if (url.endsWith('/api/ask')) {
      this.collector.questions.push({ method, headers, body, asked: parsed });
      const reply = this.collector.reply(parsed);
      if (reply) response.writeHead(reply.status, { 'content-type': 'application/json', ...cors }).end(JSON.stringify(reply.body));
      this.collector.receive();
      return;
    }
    const events = Array.isArray(parsed) ? parsed : [parsed];
    const answer = method === 'POST' ? this.collector.answer(events, this.collector.requests.length) : 204;
    if (answer === 'drop') request.socket.destroy();
    else response.writeHead(answer, cors).end();
    this.collector.receive({ method, url, headers, body, events, answer });
  }
}

/** What differs from run to run without meaning anything. */
const normalised = (event) => {
  const { k, a, e, ...rest } = event;
  assert.match(k, /^[0-9a-f]{32}$/);
  assert.ok(Number.isInteger(a) && a >= 0, `a is ${a}`);
  return { ...rest, ...(e === undefined ? {} : { e: 'some' }) };
};

const comparable = (events) => events.map((event) => JSON.stringify(normalised(event))).sort();

let browser;
let world;

before(async () => {
  world = new World(snippets());
  await Promise.all([world.start(), launch().then((started) => (browser = started))]);
});

after(async () => {
  await browser?.close();
  world?.stop();
});

/** One test's view of the world: a fresh browser context, an empty collector, and helpers. */
class Scene {
  constructor(form) {
    this.form = form;
    this.errors = [];
    this.outside = [];
  }

  get collector() {
    return world.collector;
  }

  get origin() {
    return world.origin;
  }

  get insecureOrigin() {
    return world.insecureOrigin;
  }

  get api() {
    return `${world.collectorOrigin}/${this.form}/api/event`;
  }

  get script() {
    return `${world.collectorOrigin}/${this.form}/mq.js`;
  }

  /** The tag for forms that ask. */
  get askTag() {
    return `<script defer src="${world.collectorOrigin}/${this.form}/mq-ask.js"></script>`;
  }

  get loads() {
    return world.loads;
  }

  async begin() {
    world.collector = new Collector();
    world.pages.clear();
    world.loads.length = 0;
    this.context = await browser.newContext();
    this.page = await this.context.newPage();
    this.watch(this.page);
  }

  watch(page) {
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('request', (request) => {
      const base = `${world.collectorOrigin}/${this.form}`;
      const ours = [this.api, this.script, `${base}/mq-ask.js`, `${base}/api/ask`, `${world.collectorOrigin}/ping`];
      const known = [world.origin, world.insecureOrigin, ...ours];
      if (!known.some((prefix) => request.url().startsWith(prefix))) this.outside.push(request.url());
    });
  }

  /** The tag as a site owner pastes it, with more attributes where a test wants them. */
  tag(attributes = '') {
    return `<script defer src="${this.script}" data-site="example.com" ${attributes}></script>`;
  }

  /** Puts a page on the site. `tag: false` leaves the snippet out, a string is the tag's attributes. */
  put(path, { body = '', head = '', tag = '', headers = {} } = {}) {
    const snippet = tag === false ? '' : this.tag(tag);
    const html = `<!doctype html><html><head><title>t</title>${head}${snippet}</head><body>${body}</body></html>`;
    world.pages.set(path, { html, headers });
  }

  /** Puts a page and goes there; with `seen`, waits until its page view has arrived. */
  async open(path = '/', { seen = true, query = '', origin = this.origin, referer, ...page } = {}) {
    const had = this.collector.named('pageview').length;
    this.put(path.split('#')[0], page);
    await this.page.goto(origin + path.replace(/(#.*)?$/, (hash) => query + hash), { referer });
    if (seen) return this.collector.event('pageview', had + 1);
  }

  /** Resolves when everything that the page sent before has surely arrived: two round trips after it. */
  async quiet(page = this.page) {
    const ping = `${world.collectorOrigin}/ping`;
    await page.evaluate(async (url) => {
      await new Promise((resolve) => setTimeout(resolve));
      await fetch(url, { cache: 'no-store' });
      await fetch(url, { cache: 'no-store' });
    }, ping);
  }

  /** Makes the page believe that it is hidden or visible, and tells it so. */
  async setHidden(hidden, page = this.page) {
    await page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
      Object.defineProperty(document, 'visibilityState', {
        configurable: true,
        get: () => (value ? 'hidden' : 'visible'),
      });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, hidden);
  }
}

/**
 * Runs `act(scene)` on the source and then on the minified bytes, each with everything fresh, and compares what the
 * collector received. Whatever the test is about, no error may reach the page, no request go elsewhere, no preflight
 * be asked, no cookie travel, and nothing be stored.
 */
export const both = (name, act, { compare = true, errors = [] } = {}) =>
  test(name, async (context) => {
    const received = {};
    for (const form of FORMS) {
      await context.test(form, async () => {
        const scene = new Scene(form);
        await scene.begin();
        try {
          await act(scene);
          for (const page of scene.context.pages()) {
            if (page.url().startsWith('http')) await assertNothingStored(page);
          }
          assert.deepEqual(await scene.context.cookies(), []);
          assert.deepEqual(scene.outside, [], 'requests went elsewhere');
          assert.deepEqual(scene.errors, errors, 'errors reached the page');
          for (const { method, headers } of [...scene.collector.requests, ...scene.collector.questions]) {
            assert.equal(method, 'POST', 'a preflight was asked');
            assert.equal(headers['content-type'], 'text/plain;charset=UTF-8');
            assert.equal(headers.cookie, undefined);
            assert.ok(headers.origin);
          }
          received[form] = comparable(scene.collector.events);
        } finally {
          await scene.context.close();
        }
      });
    }
    if (compare && received.source && received.minified) {
      assert.deepEqual(received.minified, received.source, 'minifying changed what is sent');
    }
  });

const assertNothingStored = async (page) => {
  const stored = await page
    .evaluate(async () => ({
      cookie: document.cookie,
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
      databases: (await indexedDB.databases?.()) ?? [],
      caches: window.caches ? await caches.keys() : [],
    }))
    .catch((error) => ({ unreadable: String(error) }));
  if (stored.unreadable) return;
  assert.deepEqual(stored, { cookie: '', local: [], session: [], databases: [], caches: [] });
};

export { assert };
