// Part 2: from something that happened to bytes at the collector.

let // What waits to be sent: until the snippet is ready, or while a consent tool is about to decide.
  queue = [],
  ready,
  waiting,
  // What the collector did not take. It gets it again when somebody next looks at the page.
  failed = [],
  // A visit that may not be measured is counted where it arrives, once, and not again on its way.
  uncounted = !document.referrer.includes(location.origin),
  // The page on screen; none while its view was refused.
  page = '',
  /** Something happened, now and here; what is not known yet (consent, a hash) is added before it is sent. */
  eventOf = (name, details) => ({
    n: name,
    // Of the query only what names a campaign; of click ids (all end in "id") only that they were there.
    u:
      location.origin +
      location.pathname +
      location.search
        .replace('?', '&')
        .replace(/&(?!(utm_[cmst]\w+|ref|source|mq|\w+(clk?|bra|fat_)id)=)[^&]*/g, '')
        .replace(/id=[^&]*/g, 'id=1')
        .replace('&', '?') +
      (hashRouting === undefined ? '' : location.hash),
    d: site,
    v: 1,
    k: hex(crypto.getRandomValues(new Uint8Array(16))),
    b: navigator.webdriver ? 1 : undefined,
    h: hashRouting === undefined ? undefined : 1,
    // When it happened; what is sent is how long ago that is.
    a: Date.now(),
    ...details,
  }),
  /** Lets go what waits, if it may. */
  flush = () => {
    if (ready && !document.prerendering && !waiting) {
      // Of a visit that may not be measured only this is sent: there was one.
      let refused = verdict.m === 0 && { u: page, r: undefined, p: undefined };
      queue.splice(0).forEach(async (event) => {
        if (!refused || (uncounted && event.n === 'pageview')) {
          try {
            let answer = await fetch(api || tag.src.replace(/[^/]*$/, 'api/event'), {
              method: 'POST',
              referrerPolicy: 'origin',
              // A string is text/plain, so that the browser need not ask for permission first (no preflight).
              // The last door: whatever looks like an e-mail address does not pass it, wherever it came from.
              // (A bare @handle after a slash, as in the address of a profile, does not look like one.)
              // A slash takes its place, because it may follow a backslash in JSON. The part before the @ has at most 64
              // characters (RFC 5321); to look no further back keeps a long text from costing the square of its length.
              body: JSON.stringify({ ...event, c: verdict, a: Date.now() - event.a, ...refused }).replace(
                /[^\s"\\/=&]{1,64}(@|%40)[^\s"\\/=&]+/g,
                '/'
              ),
              credentials: 'omit',
              keepalive: true,
            });
            // Taken, or refused for good. 429 and 5xx are a collector that is busy.
            if (answer.status < 429) {
              return;
            }
          } catch (error) {
            // No network is like a busy collector.
          }
          failed = [...failed, event].slice(-50);
        }
      });
      if (refused) {
        uncounted = page = '';
      }
    }
  },
  send = (event) => {
    // data-exclude as one pattern: `*` stays within a path segment, `**` does not.
    let paths = exclude
      .replace(/\s/g, '')
      .replace(/[^\w*,]/g, '\\$&')
      .replace(/\*+/g, (stars) => (stars[1] ? '.*' : '[^/]*'))
      .replace(/,/g, '|');
    if (!RegExp('^(' + paths + ')$').test(new URL(event.u).pathname)) {
      queue.push(event);
      flush();
    }
  },
  track = (name, properties) => send(eventOf(name, { p: properties })),
  /** Holds everything for so long; without a number, no longer. */
  wait = (milliseconds) => {
    setTimeout((waiting = milliseconds) ? wait : flush, milliseconds);
  };
