// Invariant: whatever the tag, the API, Global Privacy Control, Consent Mode and TCF say together, the built snippet
// claims what the strictest of them says, names one that said it, and after a no sends one arrival and nothing else.
//
// This is the browser's half of the consent table; it ends at the wire format, where collector/src/ingest/tests/consent.rs
// takes over with every claim there can be (and with headers: Sec-GPC and DNT are no business of the snippet).
// Each combination gets a document of its own, and fetch is a list of what was sent. A frame for each would cost more than
// all else, so a batch shares one: what the snippet leaves on its window is taken away before the next.
import { assert, both } from './harness.mjs';

const TAGS = [undefined, 'granted', 'measured', 'denied', 'nonsense'];
const YES_NO = [undefined, true, false];
const APIS = [undefined, ...YES_NO.flatMap((measure) => YES_NO.map((qualify) => ({ measure, qualify })))];
const GPCS = [false, true];
const MODES = [
  undefined,
  { analytics_storage: 'granted', ad_user_data: 'granted' },
  { analytics_storage: 'denied', ad_user_data: 'denied' },
  { analytics_storage: 'granted', ad_user_data: 'denied' },
];
// The purposes that a TCF tool says were granted, or that TCF does not apply here.
const TCFS = [undefined, ['none'], [1, 8], [1]];

const combinations = () =>
  TAGS.flatMap((tag) =>
    APIS.flatMap((api) =>
      GPCS.flatMap((gpc) =>
        MODES.flatMap((first) => MODES.flatMap((update) => TCFS.map((tcf) => ({ tag, api, gpc, first, update, tcf })))),
      ),
    ),
  );

/** Who said what, from docs/PRIVACY.md's words and not from the snippet: [signal, may measure, may qualify]. */
const sayings = ({ tag, api, gpc, first, update, tcf }) => {
  const said = [];
  if (gpc) said.push(['gpc', 0, 0]);
  if (tag === 'granted') said.push(['tag', 1, 1]);
  if (tag === 'measured') said.push(['tag', 1, undefined]);
  if (tag === 'denied') said.push(['tag', 0, 0]);
  const word = { true: 1, false: 0, granted: 1, denied: 0 };
  if (api) said.push(['api', word[api.measure], word[api.qualify]]);
  // The update takes the default's place.
  const mode = update || first;
  if (mode) said.push(['consent_mode', word[mode.analytics_storage], word[mode.ad_user_data]]);
  if (tcf && tcf[0] !== 'none') said.push(['tcf', tcf.includes(1) && tcf.includes(8) ? 1 : 0, undefined]);
  return said;
};

/** The strictest of it, and who may be named for it. */
const expected = (combination) => {
  const said = sayings(combination);
  const strictest = (right) => {
    const words = said.map((saying) => saying[right]).filter((answer) => answer !== undefined);
    return words.length ? Math.min(...words) : undefined;
  };
  const [m, q] = [strictest(1), strictest(2)];
  const [right, answer] = m === undefined ? [2, q] : [1, m];
  const names = said.filter((saying) => answer !== undefined && saying[right] === answer).map(([name]) => name);
  return { m, q, names };
};

/** In the page: runs the snippet for each combination and answers what each sent, the probes last. */
const run = ({ script, list }) => {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const { contentWindow: inside, contentDocument: page } = frame;
  const { pushState, replaceState } = inside.history;
  // The clock looks for what is on screen, and nothing is.
  inside.setInterval = () => 0;
  const answers = list.map(({ tag, api, gpc, first, update, tcf }) => {
    const sent = [];
    // Takes the listeners of the one before away, too, and gives the document the address of the page around it.
    page.open();
    for (const name of ['mq', '__tcfapi']) delete inside[name];
    Object.assign(inside.history, { pushState, replaceState });
    inside.fetch = (url, { body }) => {
      sent.push(JSON.parse(body));
      return Promise.resolve({ status: 202 });
    };
    Object.defineProperty(page, 'referrer', { value: '', configurable: true });
    Object.defineProperty(inside.navigator, 'globalPrivacyControl', { value: gpc, configurable: true });
    inside.dataLayer = [];
    const gtag = function () {
      inside.dataLayer.push(arguments);
    };
    if (first) gtag('consent', 'default', first);
    let answer;
    if (tcf) inside.__tcfapi = (command, version, callback) => (answer = callback);
    const attribute = tag ? `data-consent="${tag}"` : '';
    page.write(`<!doctype html><body><script data-site="example.com" data-api="/api/event" ${attribute}>${script}</script>`);
    page.close();
    const early = sent.length;
    if (tcf) {
      const consents = Object.fromEntries(tcf.map((purpose) => [purpose, true]));
      answer({ eventStatus: 'tcloaded', gdprApplies: tcf[0] !== 'none', purpose: { consents } }, true);
    }
    if (update) gtag('consent', 'update', update);
    if (api) inside.mq('consent', api);
    const before = sent.length;
    inside.mq('event', 'probe');
    inside.mq('identify', {});
    const claims = sent.map(({ n, c, p, l }) => ({ n, c, more: p !== undefined || l !== undefined }));
    return { claims, early, before, waited: Boolean(tcf) };
  });
  frame.remove();
  return answers;
};

const check = (combination, { claims, early, before, waited }) => {
  const what = () => JSON.stringify({ combination, claims });
  const { m, q, names } = expected(combination);
  if (waited) assert.equal(early, 0, `nothing goes before TCF has answered: ${what()}`);
  const denied = claims.filter(({ c }) => c.m === 0);
  // A denial has nothing in it, is a page view, and is said once however often it is heard.
  assert.ok(denied.length <= 1 && denied.every(({ n, more }) => n === 'pageview' && !more), what());
  const views = claims.filter(({ n, c }) => n === 'pageview' && c.m !== 0);
  const probes = claims.slice(before).filter(({ n }) => n !== 'pageview');
  // What nobody takes back was a no from the start: then not even the page view went as one that may be measured.
  if (combination.gpc || combination.tag === 'denied') assert.equal(views.length, 0, what());
  if (m === 0) {
    assert.deepEqual(probes, [], what());
    // Counted as refused, or measured before somebody said no; both where a no was taken back in between.
    assert.ok(denied.length + views.length >= 1 && views.length <= 1, `the visit is counted: ${what()}`);
    assert.ok(denied.every(({ c }) => typeof c.s === 'string'), `somebody said it: ${what()}`);
    return denied.length ? 'refused' : 'withdrawn';
  }
  assert.equal(views.length, 1, `the page was seen once: ${what()}`);
  assert.deepEqual(probes.map(({ n }) => n), ['probe', 'identify'], what());
  for (const { c } of probes) {
    const { s, ...rights } = c;
    assert.deepEqual(rights, { ...(m === undefined ? {} : { m }), ...(q === undefined ? {} : { q }) }, what());
    assert.ok(names.length ? names.includes(s) : s === undefined, `${s} of ${names}: ${what()}`);
  }
  return `m${m ?? '-'}q${q ?? '-'}`;
};

both('every combination of signals gives the claim of the strictest', async (scene) => {
  const script = await (await fetch(scene.script)).text();
  assert.ok(!script.includes('</script'), 'it can stand inside of a page');
  await scene.open('/', { tag: false, seen: false });
  const all = combinations();
  const outcomes = {};
  for (let at = 0; at < all.length; at += 500) {
    const list = all.slice(at, at + 500);
    const results = await scene.page.evaluate(run, { script, list });
    list.forEach((combination, index) => {
      const outcome = check(combination, results[index]);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    });
  }
  assert.equal(all.length, 5 * 10 * 2 * 4 * 4 * 4);
  console.log(`${scene.form}: ${all.length} combinations of signals: ${JSON.stringify(outcomes)}`);
});
