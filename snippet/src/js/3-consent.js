// Part 3: who said what about consent. The server enforces; the snippet is only the first to know.
// m is "may measure", q is "may qualify as a lead"; 1 is yes, 0 is no, absent is "nobody said".

let // By right, and then by who said it.
  signals = { q: {}, m: {} },
  /** The strictest of what was said; `s` names who decided m, or q where nobody spoke of m. */
  verdict,
  /** `name` said something about measuring, about qualifying, or both. */
  hear = (name, said, keepNo) => {
    verdict = {};
    for (let right in signals) {
      let answers = signals[right],
        answer = { granted: 1, true: 1, denied: 0, false: 0 }[said[right]];
      if (answer >= 0 && !(answers[name] < keepNo)) {
        answers[name] = answer;
      }
      for (let source in answers) {
        // What a page adds to every object's prototype is no number, and so not less.
        if (answers[source] < (verdict[right] ?? 2)) {
          verdict[right] = answers[source];
          verdict.s = source;
        }
      }
    }
    flush();
    pageview({});
  },
  /** One entry of the data layer: gtag('consent', 'default' | 'update', {...}) arrives as its arguments. */
  readConsentMode = (entries) =>
    entries.forEach(
      guard(([command, action, types]) => {
        if (command === 'consent') {
          // Defaults may be given per region. We know no region, so among defaults a no stays a no.
          // Waits first, so that a default of no is not taken for the decision.
          wait(types.wait_for_update);
          hear('consent_mode', { m: types.analytics_storage, q: types.ad_user_data }, action !== 'update');
        }
      })
    );
