// Invariant: the strictest of what the signals say holds, and each event names the signal that decided.
import { assert, both } from './harness.mjs';

const GTAG = 'window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) }';
const say = (command, action, what) => `gtag('${command}', '${action}', ${JSON.stringify(what)});`;
const withGtag = (...calls) => `<script>${GTAG} ${calls.join(' ')}</script>`;

const TCF = `<script>
  window.__tcfapi = (command, version, callback) => {
    if (command === 'addEventListener' && version === 2) window.tcf = callback;
  };
</script>`;
// The same, and the snippet waits for it as long as a busy machine takes to say it.
const PATIENT_TCF = `${TCF}<script>
  const later = setTimeout;
  window.setTimeout = (then, ms) => later(then, ms === 500 ? 60000 : ms);
</script>`;
const tcfSays = (scene, eventStatus, purposes, gdprApplies = true) =>
  scene.page.evaluate(
    ([status, list, applies]) => {
      const consents = Object.fromEntries(list.map((purpose) => [purpose, true]));
      window.tcf({ eventStatus: status, gdprApplies: applies, purpose: { consents }, listenerId: 1 }, true);
    },
    [eventStatus, purposes, gdprApplies],
  );

const withGpc = (scene) =>
  scene.context.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }),
  );

/** A refused visit sends this and nothing else. */
const assertOnlySignal = async (scene, source, { q = 0 } = {}) => {
  await scene.collector.event('pageview');
  await scene.page.evaluate(() => {
    window.mq('event', 'no', { secret: 1 });
    window.mq('identify', { email: 'joe@acme.example' });
    history.pushState({}, '', '/deeper');
  });
  await scene.quiet();
  assert.equal(scene.collector.events.length, 1);
  const [{ k, a, v, b, ...rest }] = scene.collector.events;
  const c = { m: 0, s: source, ...(q === null ? {} : { q }) };
  assert.deepEqual(rest, { n: 'pageview', u: `${scene.origin}/`, d: 'example.com', c });
};

both('the tag says it', async (scene) => {
  assert.deepEqual((await scene.open('/a', { tag: 'data-consent="granted"' })).c, { m: 1, q: 1, s: 'tag' });
  assert.deepEqual((await scene.open('/b', { tag: 'data-consent="measured"' })).c, { m: 1, s: 'tag' });
  assert.deepEqual((await scene.open('/c', { tag: 'data-consent="nonsense"' })).c, {});
});

both('denied by the tag: the visit is counted, and that is all', async (scene) => {
  await scene.open('/', {
    tag: 'data-consent="denied" data-auto="engagement,forms,outbound,downloads"',
    query: '?utm_source=x',
    referer: 'https://search.example/',
  });
  await assertOnlySignal(scene, 'tag');
});

both('Global Privacy Control is always a no, whatever else is said', async (scene) => {
  await withGpc(scene);
  await scene.open('/', { tag: 'data-consent="granted"', query: '?utm_source=x' });
  await scene.page.evaluate(() => window.mq('consent', { measure: true, qualify: true }));
  await assertOnlySignal(scene, 'gpc');
});

both('a refused visit is counted where it arrives and not on its way through the site', async (scene) => {
  await withGpc(scene);
  scene.put('/two', { body: '<a id="go" href="/three">go</a>' });
  scene.put('/three', { body: 'three' });
  await scene.open('/', { body: '<a id="go" href="/two">go</a>' });
  await Promise.all([scene.page.waitForURL('**/two'), scene.page.click('#go')]);
  await Promise.all([scene.page.waitForURL('**/three'), scene.page.click('#go')]);
  await scene.quiet();
  assert.equal(scene.collector.events.length, 1);
});

both('the API changes its own word, and what it does not mention stays', async (scene) => {
  assert.deepEqual((await scene.open('/')).c, {});
  const after = async (said, name) => {
    await scene.page.evaluate(([what, event]) => {
      window.mq('consent', what);
      window.mq('event', event);
    }, [said, name]);
    return (await scene.collector.event(name)).c;
  };
  assert.deepEqual(await after({ measure: true }, 'a'), { m: 1, s: 'api' });
  assert.deepEqual(await after({ qualify: true }, 'b'), { m: 1, q: 1, s: 'api' });
  assert.deepEqual(await after({ qualify: false }, 'c'), { m: 1, q: 0, s: 'api' });
  await scene.page.evaluate(() => {
    window.mq('consent', { measure: false });
    window.mq('event', 'never');
  });
  await scene.quiet();
  assert.deepEqual(await after({ measure: true }, 'd'), { m: 1, q: 0, s: 'api' });
  assert.equal(scene.collector.named('never').length, 0);
});

both('the strictest wins, and its signal is named', async (scene) => {
  const first = await scene.open('/', {
    tag: 'data-consent="granted"',
    head: withGtag(say('consent', 'default', { analytics_storage: 'granted', ad_user_data: 'denied' })),
  });
  assert.deepEqual([first.c.m, first.c.q], [1, 0]);
  await scene.page.evaluate(say('consent', 'update', { analytics_storage: 'denied' }));
  await scene.page.evaluate(() => window.mq('event', 'never'));
  await scene.quiet();
  assert.equal(scene.collector.events.length, 1);
  await scene.page.evaluate(say('consent', 'update', { analytics_storage: 'granted', ad_user_data: 'granted' }));
  await scene.page.evaluate(() => window.mq('event', 'now'));
  assert.deepEqual((await scene.collector.event('now')).c, { m: 1, q: 1, s: 'tag' });
});

both('a no by Consent Mode is named when the tag says yes', async (scene) => {
  await scene.open('/', {
    tag: 'data-consent="granted"',
    head: withGtag(say('consent', 'default', { analytics_storage: 'denied', ad_user_data: 'granted' })),
  });
  await assertOnlySignal(scene, 'consent_mode', { q: 1 });
});

both('Consent Mode: denied by default, then granted: the page view that was held back is sent whole', async (scene) => {
  await scene.open('/landing', {
    head: withGtag(say('consent', 'default', { analytics_storage: 'denied', ad_user_data: 'denied' })),
    query: '?utm_source=google',
    referer: 'https://search.example/',
  });
  await scene.page.evaluate(say('consent', 'update', { analytics_storage: 'granted', ad_user_data: 'granted' }));
  const second = await scene.collector.event('pageview', 2);
  assert.deepEqual(second.c, { m: 1, q: 1, s: 'consent_mode' });
  assert.equal(second.u, `${scene.origin}/landing?utm_source=google`);
  assert.equal(second.r, 'https://search.example/');
  const [first] = scene.collector.events;
  assert.notEqual(first.k, second.k, 'or the second would be taken for the first');
  await scene.page.evaluate(say('consent', 'update', { analytics_storage: 'granted' }));
  await scene.quiet();
  assert.equal(scene.collector.events.length, 2);
});

both('Consent Mode: events wait for the update, and go with it', async (scene) => {
  await scene.open('/', {
    seen: false,
    head: withGtag(say('consent', 'default', { analytics_storage: 'denied', wait_for_update: 60000 })),
  });
  await scene.page.evaluate(() => window.mq('event', 'meanwhile'));
  await scene.quiet();
  assert.equal(scene.collector.events.length, 0);
  await scene.page.evaluate(say('consent', 'update', { analytics_storage: 'granted' }));
  assert.deepEqual((await scene.collector.event('pageview')).c, { m: 1, s: 'consent_mode' });
  assert.deepEqual((await scene.collector.event('meanwhile')).c, { m: 1, s: 'consent_mode' });
  assert.equal(scene.collector.events.length, 2);
});

both('Consent Mode: no update in time, and they go with what is known', async (scene) => {
  await scene.open('/', {
    head: withGtag(say('consent', 'default', { analytics_storage: 'granted', wait_for_update: 200 })),
  });
  assert.deepEqual(scene.collector.events[0].c, { m: 1, s: 'consent_mode' });
});

both('Consent Mode: when the page goes nobody waits any longer', async (scene) => {
  scene.put('/far', { tag: false, body: 'far' });
  await scene.open('/', {
    seen: false,
    body: '<a id="far" href="/far">far</a>',
    head: withGtag(say('consent', 'default', { analytics_storage: 'granted', wait_for_update: 60000 })),
  });
  await scene.quiet();
  assert.equal(scene.collector.events.length, 0);
  await Promise.all([scene.page.waitForURL('**/far'), scene.page.click('#far')]);
  await scene.collector.event('pageview');
});

both('Consent Mode: defaults for regions: a no stays a no until the update', async (scene) => {
  await scene.open('/', {
    head: withGtag(
      say('consent', 'default', { analytics_storage: 'denied', region: ['DE'] }),
      say('consent', 'default', { analytics_storage: 'granted' }),
    ),
  });
  await assertOnlySignal(scene, 'consent_mode', { q: null });
});

both('the data layer stays what it was for everyone else', async (scene) => {
  await scene.open('/', {
    head: `<script>
      window.dataLayer = [{ event: 'x' }];
      window.pushed = [];
      const push = dataLayer.push;
      dataLayer.push = function (...items) { pushed.push([this === dataLayer, items.length]); return push.apply(this, items) };
    </script>`,
  });
  const seen = await scene.page.evaluate(() => {
    const length = window.dataLayer.push({ event: 'y' }, null, 'consent', ['consent'], { 0: 'consent', 1: 'update' });
    return { length, pushed: window.pushed, real: window.dataLayer.length };
  });
  assert.deepEqual(seen, { length: 6, pushed: [[true, 5]], real: 6 });
  assert.ok(await scene.page.evaluate(() => Array.isArray(window.dataLayer)));
});

both('TCF: purposes 1 and 8 measure, and events wait for what the tool says', async (scene) => {
  await scene.open('/', { head: PATIENT_TCF, seen: false });
  await tcfSays(scene, 'tcloaded', [1, 8]);
  assert.deepEqual((await scene.collector.event('pageview')).c, { m: 1, s: 'tcf' });
  await tcfSays(scene, 'useractioncomplete', [1]);
  await scene.page.evaluate(() => window.mq('event', 'never'));
  await scene.quiet();
  assert.equal(scene.collector.events.length, 1);
});

both('TCF: a no is a no, even when the tag says yes', async (scene) => {
  await scene.open('/', { head: PATIENT_TCF, tag: 'data-consent="granted"', seen: false });
  await tcfSays(scene, 'tcloaded', [1]);
  await assertOnlySignal(scene, 'tcf', { q: 1 });
});

both('TCF: where it does not apply, or only asks, it has said nothing', async (scene) => {
  await scene.open('/a', { head: PATIENT_TCF, seen: false });
  await tcfSays(scene, 'tcloaded', [], false);
  assert.deepEqual((await scene.collector.event('pageview')).c, {});
  await scene.open('/b', { head: PATIENT_TCF, seen: false });
  await tcfSays(scene, 'cmpuishown', []);
  assert.deepEqual((await scene.collector.event('pageview', 2)).c, {});
});

both('TCF: a tool that never answers does not stop the events', async (scene) => {
  await scene.open('/', { head: TCF });
  assert.deepEqual(scene.collector.events[0].c, {});
});

both('refused, then accepted: what follows is counted, with engagement asked for', async (scene) => {
  await scene.open('/landing', { tag: 'data-auto="engagement"' });
  await scene.page.bringToFront();
  await scene.page.evaluate(() => window.mq('consent', { measure: false }));
  // Until a second of it was looked at: only then is there engagement to speak of.
  await scene.page.waitForFunction(() => performance.now() > 2500 && document.hasFocus());
  // At once: a second that is looked at between them would be engagement, in one form and not in the other.
  await scene.page.evaluate(() => {
    window.mq('consent', { measure: true });
    history.pushState({}, '', '/next');
  });
  const paths = () => scene.collector.named('pageview').map(({ u }) => new URL(u).pathname);
  await scene.collector.event('pageview', 3);
  assert.deepEqual(paths(), ['/landing', '/landing', '/next']);
});

both('a page that adds to every object: consent holds, a yes and a no', async (scene) => {
  const head = '<script>Object.prototype.extra = function () {}</script>';
  assert.deepEqual((await scene.open('/a', { head, tag: 'data-consent="granted"' })).c, { m: 1, q: 1, s: 'tag' });
  await scene.open('/b', { head, tag: 'data-consent="denied"', seen: false });
  await scene.page.evaluate(() => window.mq('event', 'never'));
  await scene.quiet();
  assert.equal(scene.collector.named('never').length, 0);
});

both('Consent Mode after the snippet: a default that waits is not taken for the decision', async (scene) => {
  await scene.open('/', { head: withGtag(), tag: 'data-consent="measured"' });
  await scene.page.evaluate(say('consent', 'default', { analytics_storage: 'denied', wait_for_update: 60000 }));
  await scene.page.evaluate(() => window.mq('event', 'meanwhile'));
  await scene.page.evaluate(say('consent', 'update', { analytics_storage: 'granted' }));
  await scene.collector.event('meanwhile');
  await scene.quiet();
  assert.equal(scene.collector.named('pageview').length, 1);
});

both('withdrawal: nothing more is sent, and what waits in memory is dropped', async (scene) => {
  const lookAgain = async () => {
    await scene.setHidden(true);
    await scene.setHidden(false);
  };
  await scene.open('/', { head: withGtag(), tag: 'data-consent="granted" data-auto="engagement,forms,outbound"' });
  // One that the collector did not take, and two that wait for a consent tool, one of them with an address.
  scene.collector.answer = () => 503;
  await scene.page.evaluate(() => window.mq('event', 'refused'));
  await scene.collector.event('refused');
  await scene.quiet();
  scene.collector.answer = () => 202;
  await scene.page.evaluate(say('consent', 'default', { wait_for_update: 60000 }));
  await scene.page.evaluate(() => {
    window.mq('event', 'waiting');
    window.mq('identify', { email: 'joe@acme.example' }, true);
  });
  await scene.quiet();
  const before = scene.collector.events.map(({ n }) => n);
  assert.deepEqual(before, ['pageview', 'refused']);

  await scene.page.evaluate(() => window.mq('consent', { measure: false }));
  // A yes by somebody else does not outvote it, whatever would let go what waits.
  await scene.page.evaluate(say('consent', 'update', { analytics_storage: 'granted', ad_user_data: 'granted' }));
  await scene.page.evaluate(() => {
    window.mq('event', 'after');
    window.mq('identify', { email: 'joe@acme.example' }, true);
    history.pushState({}, '', '/deeper');
  });
  await lookAgain();
  await scene.quiet();
  assert.deepEqual(scene.collector.events.map(({ n }) => n), before, 'the visit was counted before, and nothing is added');

  // Nor does it come back with a new yes: it was dropped, not kept.
  await scene.page.evaluate(() => window.mq('consent', { measure: true }));
  await scene.page.evaluate(() => window.mq('event', 'again'));
  await scene.collector.event('again');
  await lookAgain();
  await scene.quiet();
  const later = scene.collector.events.slice(before.length).map(({ n }) => n);
  assert.deepEqual(later.filter((name) => !['pageview', 'engagement'].includes(name)), ['again']);
});

both('withdrawal of qualifying: who it is is not sent any more, unless the person agrees for this one request', async (scene) => {
  await scene.open('/', {
    tag: 'data-consent="granted"',
    body: `<form id="form" data-mq-identify data-mq-event="demo_request"><input type="email" id="mail" name="email">
      <input data-mq-field="company" id="company" value="Acme"><input type="checkbox" id="box" data-mq-consent="qualify">
      <button id="go">go</button></form>`,
  });
  await scene.page.evaluate(() => addEventListener('submit', (submit) => submit.preventDefault()));
  await scene.page.fill('#mail', 'joe@acme.example');
  const submitted = async (count) => {
    await scene.page.click('#go');
    return scene.collector.event('demo_request', count);
  };
  const company = (event) => event.l && [event.l.h.length, event.l.f.company, event.l.q];
  assert.deepEqual(company(await submitted(1)), [64, 'Acme', undefined]);

  await scene.page.evaluate(() => window.mq('consent', { qualify: false }));
  const refused = await submitted(2);
  assert.deepEqual([refused.l, refused.c], [undefined, { m: 1, q: 0, s: 'tag' }]);
  await scene.page.evaluate(() => window.mq('identify', { email: 'joe@acme.example', company: 'Acme' }));
  assert.equal((await scene.collector.event('identify')).l, undefined);
  assert.ok(!JSON.stringify([refused, scene.collector.named('identify')]).includes('Acme'));

  await scene.page.check('#box');
  assert.deepEqual(company(await submitted(3)), [64, 'Acme', 1], 'the box is the word about this request');
  await scene.page.uncheck('#box');
  await scene.page.evaluate(() => window.mq('consent', { qualify: true }));
  assert.deepEqual(company(await submitted(4)), [64, 'Acme', undefined]);
});
