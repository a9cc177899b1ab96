// Part 4: people who say who they are. The address is hashed here and never leaves the browser.

let // Hashing is asynchronous and a submit does not wait, so the address is hashed while the form is filled.
  leads = {},
  /** What of an address may leave the browser, later: its hash, and its company's domain or that it is a free one. */
  leadOf = (email) => {
    let address = email.trim().toLowerCase();
    return (leads[email] ||= crypto.subtle
      .digest('SHA-256', new TextEncoder().encode(address))
      .then((digest) => ({
        h: hex(digest),
        d: address
          .replace(/.*@/, '')
          .replace(/^((google|hot|g)mail|yahoo|outlook|live|icloud|gmx|web)\.(co\.)?\w+$/, 'free'),
      })));
  },
  /** Sends `event` with the lead that this person is, or without, if there is no address, no hashing or no leave. */
  identify = async (event, { email, qualify, ...fields }) => {
    try {
      // Where qualifying was refused, who it is stays here, unless this person agreed to it for this one request.
      if (/@\w/.test(email) && (qualify || verdict.q !== 0)) {
        event.l = { ...(await leadOf(email)), f: fields, q: qualify ? 1 : undefined };
      }
    } catch (error) {
      // No hashing here: the page is not on https.
    }
    send(event);
  },
  /** What the form says and the page declared: never a password, and of boxes only the ticked ones. */
  personOf = (form) => {
    let person = {};
    for (let control of 'identify' in marksOf(form) ? form.elements : []) {
      let marks = marksOf(control),
        name = marks.field || marks.consent || (control.type === 'email' && control.type);
      if (
        name &&
        control.value &&
        (name === 'email' || !/@/.test(control.value)) &&
        (control.checked || !/pass|check|radio/.test(control.type))
      ) {
        person[name] ||= control.value;
      }
    }
    return person;
  };

listen('change', ({ target }) => leadOf(personOf(target.form).email));
