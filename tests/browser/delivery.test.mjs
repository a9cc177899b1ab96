// Invariant: what happened arrives once, or is tried again under the same id; nothing else goes anywhere.
import { assert, both } from './harness.mjs';

const lookAgain = async (scene) => {
  await scene.setHidden(true);
  await scene.setHidden(false);
};

for (const [what, answer] of [['503', 503], ['429', 429], ['a connection that breaks', 'drop']]) {
  both(`after ${what} the same event comes again when the page is looked at, with its age`, async (scene) => {
    let down = true;
    await scene.open('/');
    scene.collector.answer = () => (down ? answer : 202);
    await scene.page.evaluate(() => window.mq('event', 'lost', { x: 1 }));
    const first = await scene.collector.event('lost');
    await scene.quiet();
    down = false;
    await lookAgain(scene);
    await scene.collector.until((collector) => collector.accepted('lost').length > 0, 'the event again');
    const [second] = scene.collector.accepted('lost');
    const { a: early, ...before } = first;
    const { a: late, ...after } = second;
    assert.deepEqual(after, before);
    assert.ok(late >= early && late < 20_000);
    await lookAgain(scene);
    await scene.quiet();
    assert.equal(scene.collector.accepted('lost').length, 1, 'it was taken, and yet it came again');
    // Chromium itself repeats a request whose connection broke, so the number of attempts is not ours alone.
  }, { compare: answer !== 'drop' });
}

for (const answer of [400, 403, 413, 415]) {
  both(`after ${answer} it is not tried again`, async (scene) => {
    await scene.open('/');
    scene.collector.answer = () => answer;
    await scene.page.evaluate(() => window.mq('event', 'refused'));
    await scene.collector.event('refused');
    await scene.quiet();
    await lookAgain(scene);
    await scene.quiet();
    assert.equal(scene.collector.named('refused').length, 1);
  });
}

both('what happens offline is sent when the network is back', async (scene) => {
  await scene.open('/');
  await scene.context.setOffline(true);
  await scene.page.evaluate(() => window.mq('event', 'offline'));
  await scene.page.evaluate(() => fetch('/x').catch(() => {}));
  assert.equal(scene.collector.named('offline').length, 0);
  await scene.context.setOffline(false);
  const event = await scene.collector.event('offline');
  assert.ok(event.a >= 0);
});

both('at most fifty are kept in memory', async (scene) => {
  await scene.open('/');
  let down = true;
  scene.collector.answer = () => (down ? 503 : 202);
  await scene.page.evaluate(() => {
    for (let i = 0; i < 60; i++) window.mq('event', 'many', { i });
  });
  await scene.collector.event('many', 60);
  await scene.quiet();
  down = false;
  await lookAgain(scene);
  await scene.collector.event('many', 110);
  await scene.quiet();
  assert.equal(scene.collector.named('many').length, 110);
}, { compare: false });

both('what is kept is not sent once consent is withdrawn', async (scene) => {
  await scene.open('/');
  scene.collector.answer = () => 503;
  await scene.page.evaluate(() => window.mq('event', 'kept'));
  await scene.collector.event('kept');
  await scene.quiet();
  await scene.page.evaluate(() => window.mq('consent', { measure: false }));
  await lookAgain(scene);
  await scene.quiet();
  assert.equal(scene.collector.named('kept').length, 1);
});

both('requests say no more than they must: no page address in the referrer, no cookie of the collector', async (scene) => {
  await scene.context.addCookies([
    { name: 'session', value: 'dashboard', url: scene.api, sameSite: 'Lax' },
  ]);
  await scene.open('/a/secret-path', { query: '?email=joe@acme.example', headers: { 'referrer-policy': 'unsafe-url' } });
  const [{ headers }] = scene.collector.requests;
  assert.equal(headers.cookie, undefined);
  assert.equal(headers.referer, `${scene.origin}/`);
  assert.equal(headers.origin, scene.origin);
  await scene.context.clearCookies();
});

both('nothing is requested but the script and the endpoint', async (scene) => {
  const urls = new Set();
  scene.page.on('request', (request) => urls.add(request.url()));
  await scene.open('/', { tag: 'data-auto="outbound,downloads,forms,engagement"' });
  await scene.page.evaluate(() => window.mq('event', 'e'));
  await scene.collector.event('e');
  assert.deepEqual([...urls].filter((url) => !url.endsWith('/favicon.ico')).sort(), [
    `${scene.origin}/`,
    scene.api,
    scene.script,
  ].sort());
});

both('an event at the very moment of leaving arrives', async (scene) => {
  scene.put('/far', { tag: false, body: 'far' });
  await scene.open('/');
  await Promise.all([
    scene.page.waitForURL('**/far'),
    scene.page.evaluate(() => {
      addEventListener('pagehide', () => window.mq('event', 'leaving'));
      location.href = '/far';
    }),
  ]);
  await scene.collector.event('leaving');
});

both('each request outlives its page and carries nothing along', async (scene) => {
  await scene.open('/', {
    head: `<script>
      window.inits = [];
      const original = window.fetch;
      window.fetch = (url, init) => { inits.push({ url: String(url), ...init }); return original(url, init) };
    </script>`,
  });
  const [{ url, body, ...init }] = await scene.page.evaluate(() => window.inits);
  assert.equal(url, scene.api);
  assert.deepEqual(init, { method: 'POST', keepalive: true, credentials: 'omit', referrerPolicy: 'origin' });
});
