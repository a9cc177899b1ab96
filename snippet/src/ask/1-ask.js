// MQLite for forms that ask for what is not known yet. A page adds it beside mq.js, and a form opts in:
//
//   <form data-mq-ask> … <label data-mq-ask="company_size">Company size <input data-mq-field="company_size"></label>
//
// The collector says which of these fields are worth asking whoever fills in the form for; the others are hidden and
// disabled. Where consent does not reach that far, where nothing is answered within a second and wherever anything
// goes wrong, the form stays as it is. It keeps to the subset of JavaScript that ../js/1-start.js names.

let own = document.currentScript,
  { site, consent } = { ...document.querySelector('script[data-site]')?.dataset, ...own.dataset },
  // Who has begun to fill in is left alone.
  begun,
  asked,
  ask = async () => {
    try {
      // As mq.js hears it: the tag, and Google's consent mode, of whose defaults a no stays a no. The strictest wins.
      let words = { granted: 1, true: 1, denied: 0, false: 0 },
        tag = words[consent],
        mode;
      for (let entry of window.dataLayer || []) {
        let answer = entry[0] === 'consent' ? words[entry[2]?.ad_user_data] : undefined;
        mode = answer >= 0 && (entry[1] === 'update' || !(mode < answer)) ? answer : mode;
      }
      if (asked || navigator.globalPrivacyControl || !(tag || mode) || tag === 0 || mode === 0) {
        return;
      }
      let forms = document.querySelectorAll('form[data-mq-ask]');
      if (!forms.length) {
        return;
      }
      asked = 1;
      let answer = await fetch(own.src.replace(/[^/]*$/, 'api/ask'), {
          method: 'POST',
          referrerPolicy: 'origin',
          body: JSON.stringify({
            d: site,
            t: new URLSearchParams(location.search).get('mq') || undefined,
            c: { m: 1, q: 1, s: mode ? 'consent_mode' : 'tag' },
            b: navigator.webdriver ? 1 : undefined,
          }),
          credentials: 'omit',
          signal: AbortSignal.timeout(1000),
        }),
        names = (await answer.json()).ask;
      // Nothing to ask for, or nobody known: everybody sees the whole form.
      if (begun || !names[0]) {
        return;
      }
      for (let form of forms) {
        for (let field of form.querySelectorAll('[data-mq-ask]')) {
          let hide = !names.includes(field.dataset.mqAsk);
          field.hidden = hide;
          for (let control of [field, ...field.querySelectorAll('input,select,textarea')]) {
            control.disabled = hide;
          }
        }
      }
    } catch (error) {
      // The form stays as it is.
    }
  };

addEventListener('input', () => (begun = 1), true);
ask();
// A consent tool may answer while the page loads.
addEventListener('load', ask);
