// Invariant: whatever the page is like, the snippet throws nothing into it, stops nothing of it, and delays nothing.
import { assert, both } from './harness.mjs';

both('no default is ever prevented, and links, forms and boxes do what they did', async (scene) => {
  scene.put('/next', { body: 'next' });
  await scene.open('/', {
    tag: 'data-auto="outbound,downloads,forms,engagement"',
    body: `<script>
        window.prevented = [];
        for (const type of ['click', 'auxclick', 'submit', 'change'])
          addEventListener(type, (e) => prevented.push([type, e.defaultPrevented]));
      </script>
      <label id="l" data-mq-event="labelled">box <input id="box" type="checkbox"></label>
      <a id="hash" href="#there" data-mq-event="jump">jump</a>
      <form id="f" target="frame" action="/next" data-mq-event="sent" data-mq-identify><input type="email" value="a@b.example">
        <button id="go">go</button></form><iframe name="frame"></iframe>`,
  });
  await scene.page.click('#box');
  await scene.page.click('#hash');
  await scene.page.click('#go');
  await scene.collector.event('sent');
  assert.equal(await scene.page.isChecked('#box'), true);
  assert.equal(await scene.page.evaluate(() => location.hash), '#there');
  const prevented = await scene.page.evaluate(() => window.prevented);
  assert.ok(prevented.length >= 5);
  assert.ok(prevented.every(([, value]) => value === false), JSON.stringify(prevented));
}, { compare: false });

both('a pushState that is wrapped before and after keeps its receiver, its arguments and its answer', async (scene) => {
  await scene.open('/', {
    head: `<script>
      window.calls = [];
      const native = history.pushState;
      history.pushState = function (...args) {
        calls.push(['before', this === history, args.length]);
        native.apply(this, args);
        return 'answer';
      };
    </script>`,
  });
  const seen = await scene.page.evaluate(() => {
    const ours = history.pushState;
    history.pushState = function (...args) {
      window.calls.push(['after', this === history, args.length]);
      return ours.apply(this, args);
    };
    const answer = history.pushState({ state: 1 }, '', '/b');
    return { answer, calls: window.calls, state: history.state, path: location.pathname };
  });
  assert.deepEqual(seen, {
    answer: 'answer',
    calls: [['after', true, 3], ['before', true, 3]],
    state: { state: 1 },
    path: '/b',
  });
  await scene.collector.event('pageview', 2);
});

both("the page's own errors stay its own", async (scene) => {
  await scene.open('/');
  const thrown = await scene.page.evaluate(() => {
    try {
      history.pushState({}, '', 'https://elsewhere.example/');
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(thrown, 'SecurityError');
  await scene.quiet();
  assert.equal(scene.collector.events.length, 1);
});

both('frozen globals', async (scene) => {
  await scene.open('/', {
    head: `<script>
      Object.freeze(history); Object.freeze(navigator); Object.freeze(location); Object.freeze(document);
      window.dataLayer = Object.freeze([]);
      Object.freeze(Object.prototype); Object.freeze(Array.prototype);
    </script>`,
    body: '<button id="b" data-mq-event="e">b</button>',
  });
  await scene.page.click('#b');
  await scene.collector.event('e');
});

for (const [what, script] of [
  ['a fetch that throws', 'window.fetch = () => { throw new Error("no") }'],
  ['a fetch that is missing', 'delete window.fetch; window.fetch = undefined'],
  ['a fetch that answers nonsense', 'window.fetch = () => 7'],
  ['a fetch that rejects', 'window.fetch = () => Promise.reject(undefined)'],
  ['no observer', 'window.IntersectionObserver = undefined'],
  ['no random numbers', 'Object.defineProperty(window, "crypto", { value: {} })'],
  ['a pushState that is no function', 'history.pushState = 7'],
  ['a data layer that is no list', 'window.dataLayer = "nonsense"'],
  ['a consent tool that throws', 'window.__tcfapi = () => { throw new Error("no") }'],
  ['a consent tool that answers null', 'window.__tcfapi = (a, b, callback) => callback(null, false)'],
  ['a queue of nonsense', 'window.mq = { q: [null, 7, [], ["nope"], ["event"], ["consent"], ["identify"]] }'],
]) {
  both(`${what}: nothing is thrown into the page`, async (scene) => {
    const pinged = scene.context.waitForEvent('requestfinished', (request) => request.url() === scene.script);
    await scene.open('/', {
      seen: false,
      tag: 'data-auto="outbound,downloads,forms,engagement"',
      head: `<script>window.realFetch = window.fetch.bind(window); ${script}</script>`,
      body: `<form id="f" data-mq-event="sent" data-mq-identify><input id="m" type="email"><button id="go">go</button></form>
        <a id="a" href="#x" data-mq-event="a">a</a>`,
    });
    await pinged;
    await scene.page.evaluate(() => addEventListener('submit', (submit) => submit.preventDefault()));
    await scene.page.fill('#m', 'a@b.example');
    await scene.page.click('#go');
    await scene.page.click('#a');
    await scene.setHidden(true);
    await scene.setHidden(false);
    await scene.page.evaluate(async () => {
      window.mq?.('event', 'x');
      window.mq?.('identify', { email: 'a@b.example' });
      await new Promise((resolve) => setTimeout(resolve));
    }).catch((error) => {
      // In the page that brings its own mq, the page's mq may be called.
      if (!String(error).includes('mq is not a function')) throw error;
    });
  }, { compare: false });
}

both('nonsense through the API is swallowed', async (scene) => {
  await scene.open('/');
  const answers = await scene.page.evaluate(() => {
    const circular = {};
    circular.self = circular;
    const hostile = { get email() { throw new Error('no'); } };
    return [
      [], ['nope'], ['event'], ['event', null, 7], ['event', 'x', circular], ['identify'], ['identify', null],
      ['identify', 7], ['identify', { email: 7 }], ['identify', { email: {} }], ['identify', hostile],
      ['consent'], ['consent', null], ['consent', 'yes'], ['constructor'], ['__proto__'], [Symbol('s')],
    ].map((args) => {
      try {
        window.mq(...args);
        return 'quiet';
      } catch (error) {
        return String(error);
      }
    });
  });
  assert.deepEqual([...new Set(answers)], ['quiet']);
  await scene.page.evaluate(() => window.mq('event', 'fine'));
  await scene.collector.event('fine');
});

both('forms whose controls hide their properties', async (scene) => {
  await scene.open('/', {
    tag: 'data-auto="forms"',
    body: `<script>addEventListener('submit', (e) => e.preventDefault())</script>
      <form data-mq-event="clobbered" data-mq-identify><input name="id"><input name="name"><input name="getAttribute">
        <input name="dataset"><input name="submit"><input name="matches"><input name="closest"><input name="action">
        <input name="email" type="email" value="a@b.example"><button id="a">a</button></form>
      <form data-mq-event="more"><input name="elements"><input name="attributes"><button id="b">b</button></form>
      <form><input name="id"><button id="c">c</button></form>`,
  });
  // Not by a real click: the test tool itself stumbles over such forms.
  await scene.page.evaluate(() => ['a', 'b', 'c'].forEach((id) => document.getElementById(id).click()));
  const event = await scene.collector.event('clobbered');
  assert.equal(event.l.d, 'b.example');
  const plain = await scene.collector.event('form_submit');
  assert.equal(typeof plain.p.form, 'string');
});

both('a policy that forbids the endpoint', async (scene) => {
  await scene.open('/', {
    seen: false,
    headers: { 'content-security-policy': `default-src 'self'; script-src ${new URL(scene.script).origin}` },
    body: '<button id="b" data-mq-event="e">b</button>',
  });
  await scene.page.click('#b');
  await scene.setHidden(true);
  await scene.setHidden(false);
  assert.equal(scene.collector.events.length, 0);
});

both('marks that make no sense', async (scene) => {
  await scene.open('/', {
    tag: `data-auto=",,;" data-exclude=",(,[,**(" data-consent="" data-hash-routing="no"`,
    body: `<div id="d" data-mq-event="" data-mq- data-mq-="x" data-mq-__proto__="y" data-mq-view>d</div>
      <svg width="20" height="20"><a id="s" href="#x"><rect width="20" height="20"/></a></svg>`,
  });
  await scene.page.click('#d');
  await scene.page.click('#s');
  await scene.page.evaluate(() => window.mq('event', 'fine'));
  await scene.collector.event('fine');
}, { compare: false });

both('nothing of ours becomes global but mq and the data layer', async (scene) => {
  scene.put('/bare', { tag: false });
  await scene.page.goto(`${scene.origin}/bare`);
  const bare = await scene.page.evaluate(() => Object.getOwnPropertyNames(window));
  await scene.open('/');
  const ours = await scene.page.evaluate(() => Object.getOwnPropertyNames(window));
  assert.deepEqual(ours.filter((name) => !bare.includes(name)).sort(), ['dataLayer', 'mq']);
});

both('a very long text does not hold up the page', async (scene) => {
  await scene.open('/');
  // At the square of its length this would take minutes, and the test would run out of time. The browser itself
  // refuses to send so much when a page may be leaving; what comes after it goes.
  await scene.page.evaluate(() => {
    window.mq('event', 'long', { text: 'a'.repeat(800_000) });
    window.mq('event', 'after');
  });
  await scene.collector.event('after');
});
