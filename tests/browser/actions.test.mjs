// Invariant: what the page marked up is counted once for each time a person does it, and the page goes on unchanged.
import { assert, both } from './harness.mjs';

both('data-mq-event with its properties, on clicks on children too', async (scene) => {
  await scene.open('/', {
    body: `<button id="b" data-mq-event="case_study_download" data-mq-plan-name="pro" data-mq-seats="3"
      data-mq-field="x" class="y"><span><b id="inner">Get it</b></span></button>`,
  });
  await scene.page.click('#inner');
  const event = await scene.collector.event('case_study_download');
  assert.deepEqual(event.p, { plan_name: 'pro', seats: '3' });
  assert.equal(event.u, `${scene.origin}/`);
  await scene.quiet();
  assert.equal(scene.collector.events.length, 2);
});

both("a page's stopPropagation and preventDefault hide nothing", async (scene) => {
  await scene.open('/', {
    body: `<a id="a" href="/x" data-mq-event="cta">x</a>
      <script>a.addEventListener('click', (e) => { e.preventDefault(); e.stopImmediatePropagation(); })</script>`,
  });
  await scene.page.click('#a');
  await scene.collector.event('cta');
});

both('a link with an event is counted and still followed', async (scene) => {
  scene.put('/next', { body: 'next' });
  await scene.open('/', { body: '<a id="a" href="/next" data-mq-event="cta">x</a>' });
  await Promise.all([scene.page.waitForURL('**/next'), scene.page.click('#a')]);
  await scene.collector.event('cta');
  await scene.collector.event('pageview', 2);
});

both('the middle button counts on links and only there', async (scene) => {
  scene.put('/next', { tag: false, body: 'next' });
  await scene.open('/', {
    body: `<a id="a" href="/next" data-mq-event="cta">x</a>
      <button id="b" data-mq-event="pressed">y</button>`,
  });
  const popup = scene.context.waitForEvent('page');
  await scene.page.click('#a', { button: 'middle' });
  await (await popup).close();
  await scene.collector.event('cta');
  await scene.page.click('#b', { button: 'middle' });
  await scene.page.click('#a', { button: 'right' });
  await scene.quiet();
  assert.equal(scene.collector.events.length, 2);
});

both('a form with an event is counted on submit, once, and not on clicks in it', async (scene) => {
  scene.put('/thanks', { body: 'thanks' });
  await scene.open('/', {
    tag: 'data-auto="forms"',
    body: `<form action="/thanks" method="post" data-mq-event="newsletter" data-mq-topic="b2b">
      <input id="in" name="id"><input name="attributes2" value="v"><button id="go">Go</button></form>`,
  });
  await scene.page.click('#in');
  await Promise.all([scene.page.waitForURL('**/thanks'), scene.page.click('#go')]);
  const event = await scene.collector.event('newsletter');
  assert.deepEqual(event.p, { topic: 'b2b' });
  assert.equal(event.u, `${scene.origin}/`);
  assert.equal(event.l, undefined);
  await scene.collector.event('pageview', 2);
  await scene.quiet();
  assert.equal(scene.collector.events.length, 3);
});

both('forms that are not marked are counted where data-auto asks, by id, name or nothing', async (scene) => {
  await scene.open('/', {
    tag: 'data-auto="outbound,forms"',
    body: `<script>addEventListener('submit', (e) => e.preventDefault())</script>
      <form id="contact" name="n"><button id="a">1</button></form>
      <form name="search"><button id="b">2</button></form>
      <form><button id="c">3</button></form>`,
  });
  for (const id of ['a', 'b', 'c']) await scene.page.click(`#${id}`);
  await scene.collector.event('form_submit', 3);
  assert.deepEqual(
    scene.collector.named('form_submit').map(({ p }) => p.form).sort(),
    ['', 'contact', 'search'],
  );
  await scene.open('/plain', {
    body: `<form id="f"><button id="a">1</button></form>
      <script>addEventListener('submit', (e) => e.preventDefault())</script>`,
  });
  await scene.page.click('#a');
  await scene.quiet();
  assert.equal(scene.collector.named('form_submit').length, 3);
});

both('data-mq-view counts once, when at least half of it is seen', async (scene) => {
  await scene.page.setViewportSize({ width: 800, height: 600 });
  await scene.open('/', {
    body: `<div style="height: 550px">a</div>
      <div id="v" style="height: 200px" data-mq-view="pricing_seen" data-mq-table="big">b</div>
      <div style="height: 3000px">c</div>`,
  });
  await scene.page.evaluate(() => scrollTo(0, 40));
  await scene.page.evaluate(
    () =>
      new Promise((resolve) => {
        // Two of the snippet's seconds: enough to notice the element and to see it.
        let ticks = 0;
        const timer = setInterval(() => ++ticks === 2 && resolve(clearInterval(timer)), 1000);
      }),
  );
  await scene.quiet();
  assert.equal(scene.collector.events.length, 1, 'less than half is not seen');
  await scene.page.evaluate(() => scrollTo(0, 400));
  const event = await scene.collector.event('pricing_seen');
  assert.deepEqual(event.p, { table: 'big' });
  await scene.page.evaluate(() => scrollTo(0, 2000));
  await scene.page.evaluate(() => scrollTo(0, 400));
  await scene.page.evaluate(() => {
    const late = document.createElement('p');
    late.dataset.mqView = 'late_seen';
    late.textContent = 'late';
    document.getElementById('v').append(late);
  });
  await scene.collector.event('late_seen');
  await scene.quiet();
  assert.equal(scene.collector.named('pricing_seen').length, 1);
});

both('outbound links and downloads are counted where asked, without their query', async (scene) => {
  await scene.open('/', {
    tag: 'data-auto="outbound,downloads"',
    body: `<script>addEventListener('click', (e) => e.preventDefault())</script>
      <a id="out" href="https://www.elsewhere.example:8443/a/b?token=1#x"><i id="icon">out</i></a>
      <a id="file" href="/files/Report%202026.PDF?token=1">file</a>
      <a id="cdn" href="https://cdn.example/x.xlsx">cdn</a>
      <a id="in" href="/inside">in</a>
      <a id="mail" href="mailto:joe@acme.com">mail</a>
      <a id="tel" href="tel:+4930123">tel</a>
      <a id="data" href="data:text/csv,a.csv" download="a.csv">data</a>
      <a id="named" href="https://partner.example/" data-mq-event="partner">named</a>`,
  });
  for (const id of ['icon', 'file', 'cdn', 'in', 'mail', 'tel', 'data', 'named']) await scene.page.click(`#${id}`);
  await scene.collector.until(({ events }) => events.length >= 5, 'five events');
  await scene.quiet();
  const sent = scene.collector.events.map(({ n, p }) => [n, p]);
  assert.deepEqual(
    sent.filter(([n]) => n !== 'pageview').sort(),
    [
      ['file_download', { file: '/files/Report%202026.PDF' }],
      ['file_download', { file: '/x.xlsx' }],
      ['outbound_link', { url: 'www.elsewhere.example:8443/a/b' }],
      ['partner', {}],
    ],
  );
});

both('without data-auto nothing of that is counted', async (scene) => {
  await scene.open('/', {
    body: `<script>addEventListener('click', (e) => e.preventDefault())</script>
      <a id="out" href="https://www.elsewhere.example/">out</a><a id="file" href="/a.pdf">file</a>`,
  });
  await scene.page.click('#out');
  await scene.page.click('#file');
  await scene.setHidden(true);
  await scene.quiet();
  assert.equal(scene.collector.events.length, 1);
});

/** Waits until the snippet's clock has ticked `count` times; it and this one tick alike. */
const ticks = (page, count) =>
  page.evaluate(
    (wanted) =>
      new Promise((resolve) => {
        let seen = 0;
        const timer = setInterval(() => ++seen === wanted && resolve(clearInterval(timer)), 1000);
      }),
    count,
  );

both('engagement: time and depth, when the page is hidden, and again only after more of it', async (scene) => {
  await scene.page.setViewportSize({ width: 800, height: 600 });
  await scene.open('/', { tag: 'data-auto="engagement"', body: '<div style="height: 2384px">tall</div>' });
  await scene.page.evaluate(() => scrollTo(0, 600));
  await ticks(scene.page, 2);
  await scene.setHidden(true);
  const event = await scene.collector.event('engagement');
  assert.equal(event.u, `${scene.origin}/`);
  assert.equal(event.i, false);
  const lived = await scene.page.evaluate(() => performance.now());
  assert.ok(event.e >= 1000 && event.e <= lived, `${event.e} of ${lived} ms`);
  assert.equal(event.sd, 50);
});

both('engagement: a moment is none, however often the page is hidden', async (scene) => {
  await scene.open('/', { tag: 'data-auto="engagement"' });
  await ticks(scene.page, 2);
  // At once: a second that passes between them would be a second of engagement.
  await scene.page.evaluate(() => {
    let hidden;
    Object.defineProperty(document, 'hidden', { get: () => hidden });
    for (hidden of [true, false, true]) document.dispatchEvent(new Event('visibilitychange'));
  });
  await scene.collector.event('engagement');
  await scene.quiet();
  assert.equal(scene.collector.named('engagement').length, 1);
});

both('engagement goes to the page that was left within an application, and when it is left for another site', async (scene) => {
  scene.put('/far', { tag: false, body: 'far' });
  await scene.open('/a', { tag: 'data-auto="engagement"', body: '<a id="far" href="/far">far</a>' });
  await ticks(scene.page, 2);
  await scene.page.evaluate(() => history.pushState({}, '', '/b'));
  assert.equal((await scene.collector.event('engagement')).u, `${scene.origin}/a`);
  await ticks(scene.page, 2);
  await Promise.all([scene.page.waitForURL('**/far'), scene.page.click('#far')]);
  assert.equal((await scene.collector.event('engagement', 2)).u, `${scene.origin}/b`);
});
