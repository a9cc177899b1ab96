// Invariant: a page that somebody sees is one page view, however it came to be on the screen.
import { assert, both } from './harness.mjs';

both('a page view says exactly what the contract says', async (scene) => {
  const event = await scene.open('/pricing', {
    query: '?utm_source=google&utm_medium=cpc&secret=1&gclid=abc123&fbclid=xyz&mq=tok&session=9',
    referer: 'https://www.search.example/path?q=private+words',
  });
  const { k, a, ...rest } = event;
  assert.match(k, /^[0-9a-f]{32}$/);
  assert.ok(a < 5000);
  assert.deepEqual(rest, {
    n: 'pageview',
    u: `${scene.origin}/pricing?utm_source=google&utm_medium=cpc&gclid=1&fbclid=1&mq=tok`,
    d: 'example.com',
    r: rest.r,
    v: 1,
    b: 1,
    c: {},
  });
  assert.ok(['https://www.search.example/', 'https://www.search.example/path'].includes(rest.r), rest.r);
  const [request] = scene.collector.requests;
  assert.equal(request.url, `/${scene.form}/api/event`);
  assert.ok(!JSON.stringify(request).includes('private'));
  assert.ok(!request.body.includes('secret') && !request.body.includes('abc123'));
});

both('of the query only campaign names stay, of click ids only the name', async (scene) => {
  const ids = 'gclid gbraid wbraid dclid msclkid fbclid ttclid twclid li_fat_id yclid'.split(' ');
  const campaign = 'utm_source utm_medium utm_campaign utm_content utm_term ref source mq'.split(' ');
  const others = 'email q id sid utm xref gclidx user_id token utm_id'.split(' ');
  const query = '?' + [...others, ...ids, ...campaign].map((name) => `${name}=v%20${name}`).join('&');
  const event = await scene.open('/', { query });
  const params = new URL(event.u).searchParams;
  assert.deepEqual([...params.keys()], [...ids, ...campaign]);
  for (const id of ids) assert.equal(params.get(id), '1');
  for (const name of campaign) assert.equal(params.get(name), `v ${name}`);
});

both('pushState and replaceState to another path are page views, once each, with the page before as referrer', async (scene) => {
  await scene.open('/a');
  await scene.page.evaluate(() => history.pushState({}, '', '/b?tab=1'));
  const second = await scene.collector.event('pageview', 2);
  assert.equal(second.u, `${scene.origin}/b`);
  assert.equal(second.r, `${scene.origin}/a`);
  await scene.page.evaluate(() => {
    history.replaceState({ scroll: 1 }, '');
    history.replaceState({}, '', '/b?tab=2');
    history.pushState({}, '', '/b#there');
    history.replaceState({}, '', '/c');
  });
  const third = await scene.collector.event('pageview', 3);
  assert.equal(third.u, `${scene.origin}/c`);
  assert.equal(third.r, `${scene.origin}/b`);
  await scene.quiet();
  assert.equal(scene.collector.events.length, 3);
});

both('going back is a page view; a fragment is not', async (scene) => {
  await scene.open('/a', { body: '<a id="jump" href="#x">x</a>' });
  await scene.page.evaluate(() => history.pushState({}, '', '/b'));
  await scene.collector.event('pageview', 2);
  await scene.page.evaluate(() => history.back());
  assert.equal((await scene.collector.event('pageview', 3)).u, `${scene.origin}/a`);
  await scene.page.click('#jump');
  await scene.quiet();
  assert.equal(scene.collector.events.length, 3);
});

both('with data-hash-routing a fragment is a page', async (scene) => {
  const first = await scene.open('/#/one', { tag: 'data-hash-routing', body: '<a id="jump" href="#/two">x</a>' });
  assert.equal(first.u, `${scene.origin}/#/one`);
  assert.equal(first.h, 1);
  await scene.page.click('#jump');
  assert.equal((await scene.collector.event('pageview', 2)).u, `${scene.origin}/#/two`);
  await scene.page.evaluate(() => (location.hash = '#/two'));
  await scene.page.evaluate(() => history.back());
  assert.equal((await scene.collector.event('pageview', 3)).u, `${scene.origin}/#/one`);
  await scene.quiet();
  assert.equal(scene.collector.events.length, 3);
});

both('back from the back-forward cache is a page view', async (scene) => {
  scene.put('/other', { tag: false, body: 'other' });
  await scene.open('/a', { body: '<a id="go" href="/other">go</a>' });
  await scene.page.evaluate(() => (window.kept = true));
  await Promise.all([scene.page.waitForURL('**/other'), scene.page.click('#go')]);
  await scene.page.evaluate(() => setTimeout(() => history.back()));
  const second = await scene.collector.event('pageview', 2);
  assert.equal(second.u, `${scene.origin}/a`);
  assert.equal(scene.loads.filter((path) => path === '/a').length, 1, 'the page came from the network, not the cache');
});

both('a prerendered page counts when it is shown, not before', async (scene) => {
  await scene.context.addInitScript(() => {
    let prerendering = true;
    Object.defineProperty(document, 'prerendering', { get: () => prerendering });
    window.show = () => {
      prerendering = false;
      document.dispatchEvent(new Event('prerenderingchange'));
    };
  });
  await scene.open('/next', { seen: false });
  await scene.quiet();
  assert.equal(scene.collector.events.length, 0);
  await scene.page.evaluate(() => window.show());
  await scene.collector.event('pageview');
  await scene.quiet();
  assert.equal(scene.collector.events.length, 1);
});

both('data-exclude keeps pages out: * within a segment, ** across', async (scene) => {
  const tag = 'data-exclude="/admin/*, /intern/**,/exact,/v1.0/*/edit" data-auto="engagement"';
  const all = ['/admin/users', '/admin/users/7', '/intern/a/b', '/exact', '/exact/no', '/v1.0/x/edit', '/v1x0/x/edit'];
  for (const path of all) {
    await scene.open(path, { tag, seen: false });
    await scene.page.evaluate(() => window.mq('event', 'ping'));
    await scene.quiet();
  }
  await scene.collector.event('ping', 3);
  const sent = scene.collector.named('pageview').map(({ u }) => new URL(u).pathname);
  assert.deepEqual(sent, ['/admin/users/7', '/exact/no', '/v1x0/x/edit']);
  assert.equal(scene.collector.named('ping').length, 3);
});

both('two tags on a page count once', async (scene) => {
  await scene.open('/', { head: scene.tag() });
  await scene.page.evaluate(() => window.mq('event', 'once'));
  await scene.collector.event('once');
  await scene.quiet();
  assert.equal(scene.collector.events.length, 2);
});

both('without data-site it warns once and does nothing', async (scene) => {
  const warnings = [];
  scene.page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
  await scene.open('/', { tag: false, head: `<script defer src="${scene.script}"></script>`, seen: false });
  await scene.quiet();
  assert.deepEqual(warnings, ['no data-site']);
  assert.equal(scene.collector.events.length, 0);
  assert.equal(await scene.page.evaluate(() => typeof window.mq), 'undefined');
});

both('a tag that is injected or a module is found by its attributes', async (scene) => {
  await scene.open('/', {
    tag: false,
    head: `<script type="module" src="${scene.script}" data-site="example.com" crossorigin></script>`,
  });
  await scene.open('/two', {
    tag: false,
    body: `<script>
      const tag = document.createElement('script');
      tag.src = '${scene.script}';
      tag.dataset.site = 'example.com';
      document.head.append(tag);
    </script>`,
  });
  assert.equal(scene.collector.events.length, 2);
});

both('data-api names another endpoint', async (scene) => {
  const elsewhere = scene.api.replace('/api/event', '/elsewhere');
  scene.page.on('request', (request) => {
    if (request.url() === elsewhere) scene.outside = scene.outside.filter((url) => url !== elsewhere);
  });
  await scene.open('/', { tag: `data-api="${elsewhere}"` });
  assert.equal(scene.collector.requests[0].url, `/${scene.form}/elsewhere`);
});

both('webdriver is said, and only where it is true', async (scene) => {
  assert.equal((await scene.open('/')).b, 1);
  await scene.context.addInitScript(() => Object.defineProperty(navigator, 'webdriver', { get: () => false }));
  assert.equal('b' in (await scene.open('/two')), false);
});

both('calls made before it loads are kept, and come after the page view', async (scene) => {
  await scene.open('/', {
    head: `<script>
      window.mq = window.mq || function () { (mq.q = mq.q || []).push(arguments) };
      mq('event', 'early', { plan: 'pro', seats: 3, trial: true });
      mq('consent', { measure: true, qualify: false });
    </script>`,
  });
  const early = await scene.collector.event('early');
  assert.deepEqual(early.p, { plan: 'pro', seats: 3, trial: true });
  assert.deepEqual(early.c, { m: 1, q: 0, s: 'api' });
  assert.deepEqual(scene.collector.named('pageview')[0].c, { m: 1, q: 0, s: 'api' });
});
