// MQLite browser snippet, part 1 of 6: the tag, and what every other part leans on.
//
// build.rs joins the parts in the order of their numbers and wraps them in `(() => { try { ... } catch {} })()`, so
// that nothing here is global and nothing is thrown into the page, and minifies them with minify-js 0.6.0. That
// minifier changes what some code does. All parts keep to what it gets right, and the browser suite runs on its output:
//
// - arrow functions only: it turns `function` into an arrow even where `this`, `arguments` or `new` is used;
// - no `else`: it panics on one whose branches do not return. Return early, or use ?: and &&;
// - no `if` outside a function, which the wrapping takes care of;
// - no 'use strict' (it becomes a template literal), and nothing here relies on strict mode;
// - no getters, setters or classes (getters become methods), no `(a, b)` sequences, no `(-2) ** 2`;
// - no object literal that is used at once as an arrow's body, `() => ({ a: 1 })[b]`: it loses its parentheses;
// - `async (x) =>` with parentheses; no `for await`, `import()`, tagged templates or `1_000`, which it does not parse.
//
// What it must not weigh is in build.rs. It is kept small by having one way for each thing: one queue, one place that
// decides what may go, one listener for everything that may change the page, one clock that ticks once a second.

// A module or an injected script has no currentScript, so the tag is looked for by its attributes.
let tag = document.currentScript || document.querySelector('script[data-site]'),
  { site, api, exclude = '', auto = '', hashRouting, consent: tagConsent } = tag?.dataset || {},
  stub = window.mq || {};

// Two tags on a page count once.
if (!site || stub.loaded) {
  return site || console.warn('no data-site');
}

let /** Runs `action` so that whatever goes wrong in it stays in it. Every entry from the page goes through here. */
  guard =
    (action) =>
    (...args) => {
      try {
        return action(...args);
      } catch (error) {
        // The page comes first: an event less is better than a page that breaks.
      }
    },
  /** Listens on the window in the capture phase, so that a page's stopPropagation() hides nothing from us. */
  listen = (types, action) => types.split(' ').forEach((type) => addEventListener(type, guard(action), true)),
  hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => (byte + 256).toString(16).slice(1)).join(''),
  /** Calls `afterwards(args)` after each call of `object[method]`, which stays what it was for everyone else. */
  wrap = (object, method, afterwards) => {
    let original = object[method];
    object[method] = (...args) => {
      let result = original.apply(object, args);
      guard(afterwards)(args);
      return result;
    };
  },
  /** What the data-mq-... attributes of an element say; `p` are those that are properties of its event. */
  marksOf = (element) => {
    let marks = {};
    for (let attribute of element.attributes) {
      let name = attribute.name.split('data-mq-')[1];
      if (name) {
        // data-mq-plan-name="pro" is plan_name.
        marks[name.replace(/-/g, '_')] = attribute.value;
      }
    }
    let { event, view, identify, field, consent, ...p } = marks;
    marks.p = p;
    return marks;
  };
