// Invariant: an address is hashed in the browser; neither it nor anything that was not declared ever leaves it.
import { createHash } from 'node:crypto';
import { assert, both } from './harness.mjs';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const wire = (scene) => JSON.stringify(scene.collector.requests).toLowerCase();

const FORM = `<form action="/thanks" method="post" data-mq-event="demo_request" data-mq-identify>
  <input id="mail" type="email" name="email">
  <input type="email" name="confirm" value="second@other.example">
  <input id="title" name="t" data-mq-field="job_title">
  <select id="size" data-mq-field="company_size"><option>10</option><option value="500">500+</option></select>
  <input name="secret" value="undeclared-secret">
  <input type="hidden" name="h" value="hidden-secret">
  <input type="password" data-mq-field="role" value="pass-secret">
  <input data-mq-field="company" value="me@mine.example">
  <input data-mq-field="department" value="">
  <input type="radio" name="r" data-mq-field="seniority" value="junior">
  <input type="radio" name="r" data-mq-field="seniority" value="c-level" checked>
  <textarea data-mq-field="industry">software</textarea>
  <input id="agree" type="checkbox" data-mq-consent="qualify">
  <button id="go">Go</button></form>`;

both('a form that identifies sends the hash, the domain and the declared fields, in its one event', async (scene) => {
  scene.put('/thanks', { body: 'thanks' });
  await scene.open('/demo', { body: FORM });
  await scene.page.fill('#mail', '  Joe.Doe@Acme.Example ');
  await scene.page.fill('#title', 'Head of IT');
  await scene.page.selectOption('#size', '500');
  await Promise.all([scene.page.waitForURL('**/thanks'), scene.page.click('#go')]);
  const event = await scene.collector.event('demo_request');
  assert.deepEqual(event.l, {
    h: sha256('joe.doe@acme.example'),
    d: 'acme.example',
    f: { job_title: 'Head of IT', company_size: '500', seniority: 'c-level', industry: 'software' },
  });
  await scene.collector.event('pageview', 2);
  await scene.quiet();
  assert.equal(scene.collector.events.length, 3);
  for (const never of ['@', '%40', 'joe', 'secret', 'second', 'mine.example']) {
    assert.ok(!wire(scene).includes(never), `${never} left the browser`);
  }
});

both('the box is the consent of the person', async (scene) => {
  scene.put('/thanks', { body: 'thanks' });
  await scene.open('/demo', { body: FORM });
  await scene.page.check('#agree');
  // Enter submits at once: the address is hashed between the key and the page's end.
  await scene.page.fill('#mail', 'joe@gmail.com');
  await Promise.all([scene.page.waitForURL('**/thanks'), scene.page.press('#mail', 'Enter')]);
  const { l } = await scene.collector.event('demo_request');
  assert.equal(l.q, 1);
  assert.equal(l.h, sha256('joe@gmail.com'));
  assert.equal(l.d, 'free');
  await scene.collector.event('pageview', 2);
});

both('an identifying form without a name is form_submit; one that is not marked gives no lead', async (scene) => {
  await scene.open('/demo', {
    tag: 'data-auto="forms"',
    body: `<script>addEventListener('submit', (e) => e.preventDefault())</script>
      <form id="one" data-mq-identify><input id="m" type="text" data-mq-field="email"><button id="a">a</button></form>
      <form id="two"><input type="email" value="x@y.example"><input data-mq-field="company" value="Y">
        <button id="b">b</button></form>`,
  });
  await scene.page.fill('#m', 'a@b.example');
  await scene.page.click('#a');
  await scene.page.click('#b');
  await scene.collector.event('form_submit', 2);
  const [one, two] = ['one', 'two'].map((id) => scene.collector.named('form_submit').find(({ p }) => p.form === id));
  assert.deepEqual(one.l, { h: sha256('a@b.example'), d: 'b.example', f: {} });
  assert.equal(two.l, undefined);
});

both('controls tied to the form from outside count; a form without an address is an event like another', async (scene) => {
  await scene.open('/demo', {
    body: `<script>addEventListener('submit', (e) => e.preventDefault())</script>
      <form id="f" data-mq-event="ask" data-mq-identify><button id="go">go</button></form>
      <input id="m" form="f" type="email"><input form="f" data-mq-field="company" value="Acme">`,
  });
  await scene.page.click('#go');
  assert.equal((await scene.collector.event('ask')).l, undefined);
  await scene.page.fill('#m', 'a@b.example');
  await scene.page.click('#go');
  assert.deepEqual((await scene.collector.event('ask', 2)).l, {
    h: sha256('a@b.example'),
    d: 'b.example',
    f: { company: 'Acme' },
  });
});

both('free mail is a class, a company is its domain', async (scene) => {
  await scene.open('/');
  const free = ['gmail.com', 'googlemail.com', 'yahoo.co.uk', 'hotmail.fr', 'outlook.com', 'live.de', 'icloud.com'];
  const more = ['gmx.de', 'web.de'];
  const companies = ['acme.com', 'outlook.acme.com', 'mygmail.com', 'gmail.acme.co.uk', 'live.acme.example'];
  const domains = [...free, ...more, ...companies];
  await scene.page.evaluate((list) => list.forEach((domain) => window.mq('identify', { email: `x@${domain}` })), domains);
  await scene.collector.event('identify', domains.length);
  const byHash = new Map(scene.collector.named('identify').map(({ l }) => [l.h, l.d]));
  for (const domain of domains) {
    const expected = companies.includes(domain) ? domain : 'free';
    assert.equal(byHash.get(sha256(`x@${domain}`)), expected, domain);
  }
});

both("mq('identify') sends a lead, with the consent that it was given", async (scene) => {
  await scene.open('/');
  await scene.page.evaluate(() => {
    const person = { email: ' Joe@Acme.Example', job_title: 'CTO', contact: 'joe@acme.example' };
    window.mq('identify', person, true);
    window.frozen = JSON.stringify(person);
  });
  const event = await scene.collector.event('identify');
  assert.equal(event.l.h, sha256('joe@acme.example'));
  assert.equal(event.l.q, 1);
  assert.equal(event.l.f.job_title, 'CTO');
  assert.ok(!wire(scene).includes('@'));
  assert.ok((await scene.page.evaluate('window.frozen')).includes('Joe@'), "the caller's object is left alone");
  await scene.page.evaluate(() => window.mq('identify', { email: 'nonsense', role: 'x' }));
  assert.equal((await scene.collector.event('identify', 2)).l, undefined);
});

both('a proof of the site passes as it is, from a form and from a script', async (scene) => {
  const proof = `1.1790000000.${sha256('signed')}`;
  await scene.open('/account', {
    body: `<script>addEventListener('submit', (e) => e.preventDefault())</script>
      <form data-mq-event="ask" data-mq-identify><input type="email" value="a@b.example"><button id="go">go</button>
        <input type="hidden" data-mq-field="mq_proof" value="${proof}"></form>`,
  });
  await scene.page.click('#go');
  assert.deepEqual((await scene.collector.event('ask')).l.f, { mq_proof: proof });
  await scene.page.evaluate((mq_proof) => window.mq('identify', { email: 'a@b.example', mq_proof }), proof);
  assert.deepEqual((await scene.collector.event('identify')).l.f, { mq_proof: proof });
});

both('no address leaves in a property, a page address, a referrer or a campaign', async (scene) => {
  await scene.open('/u/joe@acme.example/edit', {
    query: '?utm_source=joe%40acme.example&utm_medium=mail&email=joe@acme.example',
    referer: 'https://mail.example/joe@acme.example/',
    body: `<button id="b" data-mq-event="e" data-mq-who="joe@acme.example" data-mq-line="say &quot;joe@acme.example&quot;">b</button>`,
  });
  await scene.page.click('#b');
  await scene.collector.event('e');
  await scene.page.evaluate(() =>
    window.mq('event', 'deep', {
      a: { b: ['x\njoe@acme.example\n'] },
      'joe@acme.example': 'key',
      profile: 'https://social.example/@acme',
      tail: 'C:\\joe@acme.example\\x',
    }),
  );
  const deep = await scene.collector.event('deep');
  assert.equal(deep.p.profile, 'https://social.example/@acme');
  const [view] = scene.collector.named('pageview');
  assert.equal(new URL(view.u).searchParams.get('utm_medium'), 'mail');
  assert.ok(!/joe|acme\.example/.test(wire(scene)), wire(scene));
});

both('where nothing can be hashed the event goes without the lead', async (scene) => {
  await scene.open('/demo', { body: FORM, origin: scene.insecureOrigin });
  await scene.page.evaluate(() => addEventListener('submit', (submit) => submit.preventDefault()));
  assert.equal(await scene.page.evaluate(() => typeof crypto.subtle), 'undefined');
  await scene.page.fill('#mail', 'joe@acme.example');
  await scene.page.click('#go');
  const event = await scene.collector.event('demo_request');
  assert.equal(event.l, undefined);
  assert.ok(!wire(scene).includes('joe'));
}, { compare: true });

both('an address in a form that is sent by GET reaches no request of ours', async (scene) => {
  await scene.open('/thanks', { query: '?email=joe@acme.example&utm_source=x' });
  await scene.page.evaluate(() => window.mq('event', 'e'));
  await scene.collector.event('e');
  assert.ok(!/joe|acme/.test(wire(scene)));
});
