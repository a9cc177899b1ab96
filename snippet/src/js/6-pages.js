// Part 6: page views, how long and how far each was read, the page's own words, and the start.

let engaged = 0,
  deepest = 0,
  sendEngagement = () => {
    if (auto.includes('engagement') && engaged && page) {
      send(eventOf('engagement', { u: page, i: false, e: engaged, sd: Math.min(100, deepest) | 0 }));
    }
    engaged = deepest = 0;
  },
  /** A page is on screen. The same path again is no new page view: routers replace their state, and the query, freely. */
  pageview = (cause) => {
    let event = eventOf('pageview', { r: page || document.referrer.replace(/\?[^#]*/, '') }),
      url = event.u.replace(/\?[^#]*/, '');
    // Back from the back-forward cache it is one: the script does not run again, the pageshow says `persisted`.
    if (url !== page || cause.persisted) {
      sendEngagement();
      page = url;
      send(event);
    }
  };

wrap(history, 'pushState', pageview);
wrap(history, 'replaceState', pageview);
listen('visibilitychange pageshow online popstate prerenderingchange', (change) => {
  pageview(change);
  queue.push(...failed.splice(0));
  if (document.hidden) {
    // Nobody can wait any longer: what is known of consent has to do.
    wait();
    sendEngagement();
  }
  flush();
});
// Once a second: is somebody looking, how far down, and what is there to be seen?
setInterval(
  guard(() => {
    // A page that has the focus is also seen.
    if (document.hasFocus()) {
      engaged += 1000;
      deepest = Math.max(deepest, (100 * (scrollY + innerHeight)) / document.documentElement.scrollHeight);
    }
    // Elements may have come. To observe what is observed does nothing.
    document.querySelectorAll('[data-mq-view]').forEach((element) => observer.observe(element));
  }),
  1000
);

// The page view is made first and waits until the end, so that it goes first and with every consent given.
pageview({});
if (navigator.globalPrivacyControl) {
  hear('gpc', { m: false, q: false });
}
hear('tag', { m: tagConsent === 'measured' || tagConsent, q: tagConsent });
guard(() => {
  // Made here where it is missing, so that a consent tool that comes later pushes where we look.
  let layer = (window.dataLayer ||= []);
  readConsentMode(layer);
  wrap(layer, 'push', readConsentMode);
  // IAB TCF v2: purposes 1 and 8 are measurement. It has no purpose that means "qualify me as a lead".
  if (window.__tcfapi) {
    wait(500);
    __tcfapi(
      'addEventListener',
      2,
      guard((data) => {
        if (data.gdprApplies && data.eventStatus !== 'cmpuishown') {
          hear('tcf', { m: (data.purpose.consents[1] && data.purpose.consents[8]) || false });
        }
        wait();
      })
    );
  }
})();
let commands = {
  event: track,
  identify: (person, agreed) => identify(eventOf('identify'), { qualify: agreed, ...person }),
  consent: (said) => hear('api', { m: said.measure, q: said.qualify }),
};
window.mq = guard((command, ...rest) => commands[command](...rest));
mq.loaded = 1;
stub.q?.forEach((call) => mq(...call));
ready = 1;
flush();
