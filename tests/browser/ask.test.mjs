// Invariant: a form that asks shows less only where the collector said so in time; in every other case it is the form
// that the page has, and it is sent as the page sends it.
import { assert, both } from './harness.mjs';

const FORM = `<form id="form" action="/thanks" method="get" data-mq-ask>
  <input id="mail" type="email" name="mail">
  <label id="size" data-mq-ask="company_size">Size <input name="size" data-mq-field="company_size" required></label>
  <div id="role" data-mq-ask="job_title">Role <select name="role"><option>one</option><option>two</option></select></div>
  <input id="industry" name="industry" data-mq-ask="industry">
  <button id="go">Go</button></form>`;

const GRANTED = 'data-consent="granted"';

/** Which of the three fields are shown, and which of their controls are sent. */
const shown = (scene) =>
  scene.page.evaluate(() => {
    const seen = (id) => document.getElementById(id).checkVisibility();
    const sent = [...new FormData(document.getElementById('form')).keys()];
    return { seen: ['size', 'role', 'industry'].filter(seen), sent };
  });

const WHOLE = { seen: ['size', 'role', 'industry'], sent: ['mail', 'size', 'role', 'industry'] };

const open = (scene, { tag = GRANTED, body = FORM, head = '', ...more } = {}) =>
  scene.open('/form', { tag, body, head: head + scene.askTag, ...more });

const asked = async (scene) => {
  await scene.collector.until(({ questions }) => questions.length > 0, 'a question');
  return scene.collector.questions[0].asked;
};

/** For a test whose answer may come late on a busy machine: the script waits for it as long as it takes. */
const PATIENT = '<script>AbortSignal.timeout = () => new AbortController().signal</script>';

/** Some turns after the answer has arrived: what follows from it has happened. */
const settled = async (scene) => {
  await scene.quiet();
  await scene.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
};

both('a form that opts in shows what is worth asking for, and nothing else is sent', async (scene) => {
  scene.collector.reply = () => ({ status: 200, body: { ask: ['company_size'] } });
  await open(scene, { query: '?mq=TOKEN&name=jo', head: PATIENT });
  const question = await asked(scene);
  assert.deepEqual(question, { d: 'example.com', t: 'TOKEN', c: { m: 1, q: 1, s: 'tag' }, b: 1 });
  await scene.page.waitForFunction(() => document.getElementById('role').hidden);
  assert.deepEqual(await shown(scene), { seen: ['size'], sent: ['mail', 'size'] });
  assert.equal(scene.collector.questions.length, 1, 'once');
  scene.put('/thanks', { body: 'thanks' });
  await scene.page.fill('#size input', '500');
  await Promise.all([scene.page.waitForURL('**/thanks?*'), scene.page.click('#go')]);
  assert.equal(new URL(scene.page.url()).search, '?mail=&size=500');
  await scene.collector.event('pageview', 2);
});

both('a required field that is not asked for does not hold the form up', async (scene) => {
  scene.collector.reply = () => ({ status: 200, body: { ask: ['industry'] } });
  await open(scene, { head: PATIENT });
  await scene.page.waitForFunction(() => document.getElementById('size').hidden);
  scene.put('/thanks', { body: 'thanks' });
  await Promise.all([scene.page.waitForURL('**/thanks?*'), scene.page.click('#go')]);
  await scene.collector.event('pageview', 2);
});

both('nobody known, nothing to ask for: the whole form', async (scene) => {
  await open(scene);
  await asked(scene);
  await settled(scene);
  assert.deepEqual(await shown(scene), WHOLE);
});

for (const [what, page] of Object.entries({
  'nobody said': { tag: '' },
  'measured only': { tag: 'data-consent="measured"' },
  denied: { tag: 'data-consent="denied"' },
  'consent mode says no': {
    head: '<script>dataLayer = []; (function gtag() { dataLayer.push(arguments) })("consent", "default", { ad_user_data: "denied" })</script>',
  },
  'no form opts in': { body: FORM.replace(' data-mq-ask>', '>') },
})) {
  both(`nothing is asked: ${what}`, async (scene) => {
    await open(scene, { seen: false, ...page });
    await scene.page.waitForFunction(() => document.readyState === 'complete');
    await settled(scene);
    assert.deepEqual(scene.collector.questions, []);
    assert.deepEqual(await shown(scene), WHOLE);
  });
}

both('nothing is asked with Global Privacy Control', async (scene) => {
  await scene.context.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }),
  );
  await open(scene, { seen: false });
  await scene.page.waitForFunction(() => document.readyState === 'complete');
  await settled(scene);
  assert.deepEqual(scene.collector.questions, []);
  assert.deepEqual(await shown(scene), WHOLE);
});

both('consent mode that is updated to yes asks', async (scene) => {
  const gtag = 'window.dataLayer = [{ event: "gtm.js" }]; gtag = function () { dataLayer.push(arguments) };';
  const said = 'gtag("consent", "default", { ad_user_data: "denied" }); gtag("consent", "update", { ad_user_data: "granted" })';
  await open(scene, { tag: '', head: `<script>${gtag}${said}</script>`, seen: false });
  assert.deepEqual((await asked(scene)).c, { m: 1, q: 1, s: 'consent_mode' });
  await settled(scene);
});

for (const [what, reply] of Object.entries({
  'a problem': { status: 403, body: { type: 'about:blank' } },
  'a busy collector': { status: 429, body: {} },
  nonsense: { status: 200, body: 7 },
})) {
  both(`the form stays as it is after ${what}`, async (scene) => {
    scene.collector.reply = () => reply;
    await open(scene);
    await asked(scene);
    await settled(scene);
    assert.deepEqual(await shown(scene), WHOLE);
  });
}

both('the form stays as it is when nothing is answered within a second', async (scene) => {
  scene.collector.reply = () => undefined;
  await open(scene);
  const failed = scene.page.waitForEvent('requestfailed', (request) => request.url().endsWith('/api/ask'));
  await asked(scene);
  assert.match((await failed).failure().errorText, /ABORTED|FAILED/i);
  assert.deepEqual(await shown(scene), WHOLE);
});

both('who has begun to fill in is left alone', async (scene) => {
  let answer;
  scene.collector.reply = () => undefined;
  // Answered by the page's own network, after the first letter.
  await scene.page.route('**/api/ask', async (route) => {
    await new Promise((resolve) => (answer = resolve));
    await route.fulfill({ json: { ask: ['company_size'] }, headers: { 'access-control-allow-origin': '*' } });
  });
  const question = scene.page.waitForRequest('**/api/ask');
  await open(scene, { head: PATIENT });
  await question;
  await scene.page.fill('#industry', 'software');
  const answered = scene.page.waitForResponse('**/api/ask');
  answer();
  await answered;
  await settled(scene);
  assert.deepEqual(await shown(scene), WHOLE);
});

both('without JavaScript the form is whole and is sent', async (scene) => {
  const context = await scene.context.browser().newContext({ javaScriptEnabled: false });
  try {
    const page = await context.newPage();
    scene.put('/form', { body: FORM.replace(' required', ''), head: scene.askTag });
    scene.put('/thanks', { body: 'thanks' });
    await page.goto(`${scene.origin}/form`);
    for (const id of ['size', 'role', 'industry']) assert.ok(await page.locator(`#${id}`).isVisible());
    await page.click('#go');
    await page.waitForURL('**/thanks?*');
    assert.equal(new URL(page.url()).search, '?mail=&size=&role=one&industry=');
  } finally {
    await context.close();
  }
  assert.deepEqual(scene.collector.questions, []);
});
