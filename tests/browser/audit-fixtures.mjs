// The fixture collector with an audit: fields, ladder, counts, salts, retention, one log and three people, the
// same on every run. What an act changes shows in the next answer, as it does with the real one.

import { createHash } from "node:crypto";
import { Collector, SITE, TODAY } from "./dashboard-fixtures.mjs";

const sha = (text) => createHash("sha256").update(text).digest("hex");
const day = (date, by) => new Date(Date.parse(`${date}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);
export const ADDRESS = "Vera.Beispiel@acme.com";
export const ADDRESS_HASH = sha(ADDRESS.toLowerCase());
export const KEY = sha("key of vera").slice(0, 32);

const EVENTS = { basis: "Legitimate interest, below the rung qualified; consent at it.", retention: "395 days, the site’s setting for events.", source: "The visitor’s browser.", seen_by: "Owner, in reports; command line.", handoff: "Only in an export of events." };
const LEADS = { basis: "Consent to be qualified, or the site’s declared basis.", retention: "1,095 days after the lead’s last event.", source: "A form that the person sent.", seen_by: "Owner, in the list of leads.", handoff: "In the export of a person." };
const OPS = { basis: "Legal obligation to keep the processing secure.", retention: "For as long as the installation lives.", source: "The collector itself.", seen_by: "Owner and auditor.", handoff: "Never." };
const SECRET = { ...OPS, seen_by: "Nobody: the program reads it.", retention: "Until it is replaced." };
const SUMS = { ...OPS, basis: "None needed: counts about many people.", retention: "760 days, the site’s setting for aggregates.", seen_by: "Owner, in reports." };
const f = (rules, category) => (name, type, meaning, purpose, sample = null) => ({ name, type, meaning, purpose, category, ...rules, sample });
const [pseudo, lead, profile, tech, ops, agg, secret] = [f(EVENTS, "pseudonymous"), f(LEADS, "pseudonymous"), f(LEADS, "profile"), f(EVENTS, "technical"), f(OPS, "technical"), f(SUMS, "aggregate"), f(SECRET, "secret")];
const t = (store, table, kind, meaning, rows, oldest, fields) => ({ store, table, kind, meaning, rows, rows_are: rows === null ? null : "exactly", oldest, fields });

const TABLES = [
  t("events.db", "events", "database", "One row for each thing a visitor did and the consent under which it may be kept.", 184_221, "2025-10-24T06:12:09.114Z", [
    tech("seq", "INTEGER", "The place in the log.", "Order, and how far scoring has come.", "184221"), pseudo("at", "INTEGER", "When it happened, in milliseconds.", "Reports by day; decay of scores.", "2026-11-21T18:04:55.120Z"),
    tech("id", "BLOB", "The event’s random number, given by the browser.", "To recognise an event that is sent twice.", "5f0c…91ab"), tech("site", "INTEGER", "Which site.", "Keeps sites apart.", "1"),
    tech("name", "INTEGER", "What happened, by number.", "Rules of the scoring model.", "page_view"), pseudo("rung", "INTEGER", "The rung of the consent ladder.", "Decides what may be scored.", "measured"),
    pseudo("signal", "INTEGER", "The signal that decided the rung.", "Proof of consent.", "consent_mode"), tech("policy", "INTEGER", "The version of the site’s policy.", "Proof of consent.", "3"),
    pseudo("visitor", "BLOB", "The pseudonym of the day.", "To count visits.", "b8c1…0e47"), pseudo("lead", "BLOB", "The lead key, if the person may be qualified.", "To score a lead.", null),
    pseudo("path", "INTEGER", "The page’s path, without query; personal data in it redacted.", "Reports by page.", "/pricing"), pseudo("details", "TEXT", "Declared properties, redacted.", "Rules of the scoring model.", "{ plan: team }"),
  ]),
  t("events.db", "touches", "database", "Each way to arrive, once.", 412, null, [
    tech("channel", "INTEGER", "The channel.", "Reports by channel.", "Paid Search"), tech("source", "TEXT", "Who sent the visitor.", "Reports by source.", "google"), tech("campaign", "TEXT", "The campaign’s name.", "Reports by campaign.", "brand"), tech("referrer", "TEXT", "The host that the visitor came from.", "Finding the channel.", "www.google.com"),
  ]),
  t("events.db", "outcomes", "database", "What became of events that were not stored, counted.", 2_113, "2025-10-24T00:00:00Z", [agg("day", "INTEGER", "The site’s local day.", "Counts by day.", "2026-11-21"), agg("reason", "TEXT", "Why it was not stored.", "To say what is not seen.", "suppressed.gpc"), agg("count", "INTEGER", "How often.", "To say how much is not seen.", "31")]),
  t("ledger.db", "leads", "database", "One row for each person who left an address and may be qualified.", 1_204, "2024-02-03T09:41:00Z", [
    lead("key", "BLOB", "HMAC of the address’s hash under the site’s secret.", "To know a lead again without its address.", "c01d…77aa"), profile("domain", "TEXT", "The company’s mail domain, or `free`.", "Fit: which company.", "acme.com"),
    profile("attributes", "TEXT", "Fields that the form declared: role, company, size.", "Fit.", "job_title Head of IT"), profile("stage", "INTEGER", "How far the lead has come.", "Reports and hand-over.", "mql"), profile("total", "INTEGER", "The score, in thousandths.", "Qualification.", "72,500"),
    profile("reasons", "TEXT", "What the score is made of, shortest form.", "Explaining the score.", "Asked for a demo +35"), profile("restricted", "INTEGER", "When processing was restricted.", "The right to restriction.", null),
  ]),
  t("ledger.db", "hits", "database", "What leads did that a rule of the model matches.", 18_930, "2024-02-03T09:41:00Z", [profile("lead", "BLOB", "The lead.", "Scoring.", "c01d…77aa"), profile("rule", "TEXT", "The rule.", "Scoring.", "pricing"), profile("at", "INTEGER", "When.", "Decay.", "2026-11-20T10:11:12Z")]),
  t("ledger.db", "rollups", "database", "What reports read: counts by site, day, channel and group.", 40_212, "2024-10-23T00:00:00Z", [agg("key", "TEXT", "The value of the dimension.", "Reports.", "paid_search"), agg("visits", "INTEGER", "Visits.", "Reports.", "18"), agg("mqls", "INTEGER", "MQLs.", "Reports.", "2")]),
  t("ledger.db", "sites", "database", "The sites and what their owners decided.", 2, null, [ops("domain", "TEXT", "The site’s domain.", "Keeps sites apart.", SITE), ops("policy", "TEXT", "The owner’s decisions.", "Consent and retention.", "version 3"), secret("secret", "BLOB", "What lead keys are made under.", "So that a key cannot be guessed from an address.")]),
  t("ledger.db", "audit_log", "database", "Who did what, each entry with the hash of the one before.", 312, "2026-09-01T08:00:00Z", [ops("seq", "INTEGER", "The entry’s number.", "Order.", "312"), ops("who", "TEXT", "Who did it.", "Accountability.", "owner"), ops("hash", "BLOB", "SHA-256 over the entry and the hash before.", "To find a change.", "9fc2…e0b1")]),
  t("ledger.db", "audit_subjects", "database", "Which lead a reference in the log means, until the lead is erased.", 87, null, [lead("reference", "BLOB", "What the log calls the lead.", "Finding the entries about a person.", "7be0…12cd"), secret("nonce", "BLOB", "What makes the reference unguessable.", "So that erasure unties it.")]),
  t("ledger.db", "owner", "database", "The password of each role.", 2, null, [secret("password", "TEXT", "Salted hash, Argon2id.", "Log-in.")]),
  t("salts/", "salt", "file", "The random salt of one site and day, mode 0600.", 3, "2026-11-21T00:00:02Z", [secret("salt", "BLOB", "256 random bits.", "Pseudonyms of the day.")]),
  t("memory", "clients", "memory", "How many requests each address prefix sent in the last minute.", null, null, [tech("prefix", "hash", "A keyed hash of the client’s address prefix; never written.", "Limits.", null)]),
];

const LADDER = {
  rule: "The strictest signal wins; a box ticked for this one request goes before a page’s general no to qualification, never before a no to measurement.",
  steps: [
    { rung: "denied", title: "Denied", when: "The page, a consent tool, Global Privacy Control or (by setting) Do Not Track said no.", kept: "A counter by site, day and signal.", purpose: "Knowing what is not seen.", scored_on: "Nothing.", basis: "None needed: nothing about the person is kept." },
    { rung: "unset", title: "Unset", when: "Nobody said anything.", kept: "The event, under a pseudonym that dies with the day’s salt; campaign source, medium and name.", purpose: "Counting visits.", scored_on: "What happened that day.", basis: "Legitimate interest (GDPR article 6(1)(f))." },
    { rung: "measured", title: "Measured", when: "Measurement was granted.", kept: "The same, and campaign content and term.", purpose: "The same.", scored_on: "What happened that day.", basis: "Consent (article 6(1)(a))." },
    { rung: "qualified", title: "Qualified", when: "Qualification was granted, and an address given.", kept: "The event, tied to a lead key.", purpose: "Telling who is ready to buy.", scored_on: "Everything inside the model’s window.", basis: "Consent, or the basis the site declares." },
  ],
  signals: [["tag", "Tag", "`data-consent` on the tag.", true, true], ["api", "Consent call", "mq('consent', …) on the page.", true, true], ["gpc", "Global Privacy Control", "The header Sec-GPC or the browser’s own property; always honoured.", false, true],
    ["dnt", "Do Not Track", "The header DNT, where the site honours it.", false, true], ["consent_mode", "Consent Mode", "Google Consent Mode, default and update.", true, true], ["tcf", "TCF", "A consent banner that speaks IAB TCF.", true, true], ["form", "Box in the form", "A ticked box marked data-mq-consent.", true, false], ["policy", "The site’s declared basis", "The operator’s setting for people who ask for something.", true, false]]
    .map(([signal, title, how, raises, denies]) => ({ signal, title, how, raises, denies })),
};

const TITLES = {
  "session.opened": "Logged in", "session.refused": "Log-in refused", "session.closed": "Logged out", "site.changed": "Site settings changed", "salt.destroyed": "Salt destroyed", "retention.ran": "Retention ran",
  "person.found": "Person looked for", "person.exported": "Person exported", "person.restricted": "Person restricted", "person.unrestricted": "Restriction lifted", "person.withdrew": "Consent withdrawn", "person.erased": "Person erased", "lead.viewed": "Lead viewed", "leads.listed": "Leads listed",
  "backup.made": "Backup made", "audit.exported": "Audit exported", "collector.started": "Collector started", "model.changed": "Scoring model changed",
};

export class AuditCollector extends Collector {
  constructor() {
    super();
    this.sites = [SITE, "shop.example.com"];
    this.log = [];
    this.findings = [];
    this.broken = new Set();
    this.people = new Map([[ADDRESS_HASH, { key: KEY, restricted: false, withdrawn: false }]]);
    this.due = [{ site: SITE, kind: "events", before: "2025-10-23", rows: 1_204 }, { site: SITE, kind: "leads", before: "2023-11-23", rows: 3 }, { site: SITE, kind: "aggregates", before: "2024-10-23", rows: 0 }, { site: "shop.example.com", kind: "events", before: "2025-10-23", rows: 96 }];
    this.runs = [];
    this.erase = 0;
    const at = (date, time) => `${date}T${time}Z`;
    this.note(at("2026-09-01", "08:00:00.101"), "collector", "collector", "collector.started", null, { version: "0.1.0" });
    for (let back = 61; back >= 0; back -= 1) {
      const date = day(TODAY, -back);
      this.note(at(date, "01:00:04.210"), "collector", "collector", "salt.destroyed", SITE, { day: day(date, -2), site_no: 1 });
      const ran = this.note(at(date, "02:10:00.512"), "collector", "collector", "retention.ran", SITE, { aggregates: { before: day(date, -760), rows: 0 }, events: { before: day(date, -395), rows: 300 + (back * 37) % 90 }, leads: { before: day(date, -1095), rows: 0 } });
      if (back < 20) this.runs.unshift(...this.runsOf(ran));
      this.note(at(date, "08:31:44.020"), "owner", "owner", "session.opened", null, {});
      if (back % 3 === 0) this.note(at(date, "09:02:10.881"), "owner", "owner", "lead.viewed", SITE, {}, sha(`lead ${back}`).slice(0, 32));
      if (back % 7 === 0) this.note(at(date, "10:15:00.300"), "stranger", "stranger", "session.refused", null, { reason: "password", role: "owner", others: back % 3 });
      if (back % 20 === 5) this.note(at(date, "11:40:12.009"), "auditor", "auditor", "person.erased", SITE, { receipt: sha(`r${back}`).slice(0, 32), counts: { events: 12 + back, hits: 4, transitions: 2, leads: 1 } }, sha(`gone ${back}`).slice(0, 32));
      if (back % 30 === 8) this.note(at(date, "16:20:00.000"), "operator", "operator", "site.changed", SITE, { changed: { honour_dnt: { from: false, to: true }, retention: { from: { events: 760, leads: 1095 }, to: { events: 395, leads: 1095 } } } });
    }
  }

  note(at, role, who, action, site, details = {}, subject = null) {
    const previous = this.log.at(-1)?.hash ?? "0".repeat(64);
    const entry = { seq: this.log.length + 1, at, role, who, action, title: TITLES[action] ?? action, site, subject, details, previous };
    this.log.push({ ...entry, hash: sha(JSON.stringify(entry)) });
    return this.log.at(-1);
  }

  /** An entry of the log as the retention part tells it: a row for each kind. */
  runsOf({ at, role, who, site, seq, details }) {
    return Object.entries(details).map(([kind, went]) => ({ seq, at, role, who, site, kind, ...went }));
  }

  get head() {
    const last = this.log.at(-1);
    return last ? { seq: last.seq, hash: last.hash } : null;
  }

  consent({ site, from, to }) {
    const days = [];
    for (let date = from; date <= to && site === SITE; date = day(date, 1)) {
      const visits = this.counts(date, date).visits;
      days.push({ day: date, unset: Math.round(visits * 1.1), measured: Math.round(visits * 1.9), qualified: this.counts(date, date).leads * 4, suppressed: Math.round(visits * 0.32) });
    }
    const sum = (name) => days.reduce((all, one) => all + one[name], 0);
    const [unset, measured, qualified, suppressed] = ["unset", "measured", "qualified", "suppressed"].map(sum);
    const part = (all, share) => Math.floor(all * share);
    return {
      site, from, to, days,
      stored: days.length ? [{ rung: "unset", signal: "none", count: unset }, { rung: "measured", signal: "consent_mode", count: measured - part(measured, 0.2) }, { rung: "measured", signal: "tcf", count: part(measured, 0.2) }, { rung: "qualified", signal: "form", count: qualified - part(qualified, 0.3) }, { rung: "qualified", signal: "policy", count: part(qualified, 0.3) }] : [],
      suppressed: days.length ? [{ signal: "gpc", count: suppressed - part(suppressed, 0.4) - part(suppressed, 0.1) }, { signal: "consent_mode", count: part(suppressed, 0.4) }, { signal: "dnt", count: part(suppressed, 0.1) }] : [],
      dropped: days.length ? [{ reason: "bot", count: 1_911 }, { reason: "automation", count: 14 }, { reason: "spam", count: 207 }] : [],
      identity_dropped: days.length ? 38 : 0, identity_limited: days.length ? 2 : 0, identity_unproven: days.length ? 3 : 0, consent_capped: days.length ? 5 : 0, redacted: days.length ? 61 : 0, property_dropped: days.length ? 12 : 0,
      policy: { version: 3, hosts: [], allow_automation: false, honour_dnt: true, link_same_day: true, form_basis: "contract", signals: ["tag", "api", "consent_mode", "tcf", "form", "policy"], ceiling: "qualified", props: ["plan", "team_size"], ask: [], retention: { events: 395, leads: 1095, aggregates: 760 } },
    };
  }

  salts() {
    const live = (date, site) => ({ site, day: date, made_at: `${date}T00:00:02Z`, destroyed_after: new Date(Date.now() + 5 * 3_600_000).toISOString() });
    const destroyed = this.log.filter(({ action }) => action === "salt.destroyed").map(({ seq, at, site, details }) => ({ site, day: details.day, at, seq })).reverse();
    return { grace_ms: 7_200_000, live: this.lateSalt ? [live(TODAY, SITE), { ...live(day(TODAY, -5), SITE), destroyed_after: "2026-11-17T01:00:00Z" }] : [live(TODAY, SITE), live(TODAY, "shop.example.com")], destroyed };
  }

  entries(query) {
    const found = this.log.filter((one) => (!query.action || one.action === query.action) && (!query.role || one.role === query.role) && (!query.site || one.site === query.site)
      && (!query.from || one.at.slice(0, 10) >= query.from) && (!query.to || one.at.slice(0, 10) <= query.to)).reverse();
    const below = found.filter(({ seq }) => !query.before || seq < Number(query.before));
    const entries = below.slice(0, Number(query.limit ?? 50));
    return { entries, total: found.length, next: below.length > entries.length ? entries.at(-1).seq : null, actions: Object.entries(TITLES).map(([action, title]) => ({ action, title })), head: this.head };
  }

  counted() {
    return { events: 42, same_pseudonym_events: 9, hits: 11, transitions: 2, overrides: 0, visits: 6, leads: 1, rollup_cells: 3 };
  }

  person(act, body) {
    const names = ["email", "email_hash", "token", "key"].filter((name) => name in body);
    if (names.length !== 1) return { status: 400, body: { title: "Bad request", status: 400, detail: "Name the person in exactly one way." } };
    const hash = body.email_hash ?? (body.email ? sha(body.email.trim().toLowerCase()) : null);
    const known = [...this.people].find(([one, person]) => one === hash || person.key === body.key || (body.token && body.token === person.key));
    const now = `${TODAY}T19:20:21.000Z`;
    const reference = sha(`reference ${known?.[1].key}`).slice(0, 32);
    if (act === "find") {
      this.note(now, this.role, this.role, "person.found", body.site, { found: Boolean(known) }, known ? reference : null);
      if (!known || body.site !== SITE) return { body: { found: false, site: body.site, key: null, token: null, reference: null, stage: null, first_seen: null, last_seen: null, restricted: false, withdrawn: false, counts: { ...Object.fromEntries(Object.keys(this.counted()).filter((name) => !["leads", "rollup_cells"].includes(name)).map((name) => [name, 0])), audit_entries: 0 } } };
      const { rollup_cells: _cells, leads: _leads, ...counts } = this.counted();
      return { body: { found: true, site: body.site, key: known[1].key, token: `${known[1].key}.sig`, reference, stage: "mql", first_seen: "2026-09-14T08:11:00Z", last_seen: `${TODAY}T09:30:00Z`, restricted: known[1].restricted, withdrawn: known[1].withdrawn, counts: { ...counts, audit_entries: 4 } } };
    }
    if (!known) return { status: 404, body: { title: "Nobody found", status: 404, detail: "Nobody is stored under this." } };
    if (act === "export") {
      this.note(now, this.role, this.role, "person.exported", body.site, { format: body.format }, reference);
      return body.format === "csv" ? { text: "kind,at\nevent,2026-11-20\n", headers: { "content-type": "text/csv" } } : { body: { made_at: now, site: body.site, time_zone: "Europe/Berlin", about: [], profile: { key: known[1].key }, requests: {}, events: [], scoring: null, decided: null, kept: [], recipients: [], rights: [] } };
    }
    const action = { erase: "person.erased", withdraw: "person.withdrew", restrict: body.restricted ? "person.restricted" : "person.unrestricted" }[act];
    const answer = { action, dry_run: body.dry_run, site: body.site, reference, counts: act === "restrict" ? { ...Object.fromEntries(Object.keys(this.counted()).map((name) => [name, 0])), visits: 1 } : this.counted(), receipt: null,
      cannot_reach: act === "restrict" ? [] : [{ what: "backup", at: "2026-11-20T03:00:00Z", sentence: "A backup was made then; it still holds this person until it is replaced." }, { what: "log", at: null, sentence: "The log keeps the entries, under a reference that nobody can tie to the person any more." }] };
    if (body.dry_run) return { body: answer };
    if (act === "restrict") known[1].restricted = body.restricted;
    else this.people.delete(known[0]);
    const id = sha(`receipt ${act}`).slice(0, 32);
    const entry = this.note(now, this.role, this.role, action, body.site, { receipt: id, counts: answer.counts }, reference);
    return { body: { ...answer, receipt: { receipt: id, action, site: body.site, at: now, counts: answer.counts, entry: { seq: entry.seq, hash: entry.hash } } } };
  }

  answerMore(route, query, body) {
    const [method, path] = route.split(" ");
    if (!/^\/api\/v1\/(audit|privacy)\//.test(path)) return null;
    const name = path.replace(/^\/api\/v1\//, "");
    if (this.broken.has(name)) return { status: 500, body: { title: "Internal error", status: 500, detail: "The database is locked." } };
    if (method === "POST" && name === "privacy/receipt") {
      const entry = this.log[(body.entry?.seq ?? 0) - 1];
      const valid = entry?.hash === body.entry?.hash && entry?.details.receipt === body.receipt;
      return { body: { valid, sentence: valid ? `Entry ${entry.seq} of the log says the same.` : "The log has no such entry." } };
    }
    if (method === "POST" && name === "audit/retention/run") {
      const runs = this.due.map((one) => ({ ...one }));
      if (!body.dry_run) {
        for (const one of this.due) {
          if (one.rows === 0) continue;
          const entry = this.note(`${TODAY}T19:21:00.000Z`, this.role, this.role, "retention.ran", one.site, { [one.kind]: { before: one.before, rows: one.rows } });
          this.runs.unshift(...this.runsOf(entry));
          one.rows = 0;
        }
      }
      return { body: { dry_run: body.dry_run, runs } };
    }
    if (method === "POST") return this.person(name.replace("privacy/", ""), body);
    if (name === "audit/fields") return query.format && query.format !== "json" ? { text: "fields", headers: { "content-type": "text/plain", "content-disposition": `attachment; filename="stored-fields.${query.format}"` } } : { body: { generated_at: `${TODAY}T19:00:00Z`, tables: this.tables ?? TABLES } };
    if (name === "audit/ladder") return { body: LADDER };
    if (name === "audit/consent") return { body: this.consent(query) };
    if (name === "audit/salts") return { body: this.salts() };
    if (name === "audit/retention") {
      return { body: {
        kinds: [{ kind: "events", title: "Pseudonymous events", what: "What visitors did, under pseudonyms.", default_days: 395, longest_days: 395 }, { kind: "leads", title: "Leads", what: "Profiles with their events and scores, after the last event.", default_days: 1095, longest_days: 1825 }, { kind: "aggregates", title: "Counts", what: "Counts that reports read.", default_days: 760, longest_days: 760 }],
        sites: this.sites.map((site, index) => ({ site, events_days: index ? 180 : 395, leads_days: 1095, aggregates_days: 760 })), runs: this.runs, next_run_at: "2026-11-22T02:10:00Z",
      } };
    }
    if (name === "audit/log") return query.format === "ndjson" ? { text: this.log.map(({ hash, ...entry }) => JSON.stringify({ entry, hash })).join("\n"), headers: { "content-type": "application/x-ndjson", "content-disposition": 'attachment; filename="mqlite-audit.ndjson"' } } : { body: this.entries(query) };
    if (name === "audit/verify") return { body: { ok: this.findings.every(({ kind }) => ["no_anchor", "anchor_begun_late"].includes(kind)), checked_at: `${TODAY}T19:00:01Z`, entries: this.log.length, head: this.head, anchor: this.anchored === false ? null : { path: "/var/lib/mqlite/anchor.log", lines: 61, seq: 200 }, findings: this.findings } };
    if (name === "audit/documents") {
      return { body: { documents: this.documents ?? [{ name: "record-of-processing", title: "Record of processing", about: "GDPR article 30: purposes, categories, recipients, retention, security." }, { name: "cnil-self-assessment", title: "CNIL self-assessment", about: "Audience measurement: what is inside the exemption, and what is not." },
        { name: "stored-fields", title: "Stored fields", about: "Every table and field with its meaning, basis and retention." }, { name: "consent-ladder", title: "Consent ladder", about: "Signals, rungs, and what is kept at each." }] } };
    }
    if (name.startsWith("audit/documents/")) return { text: `# ${name}\n\n${query.site}\n`, headers: { "content-type": "text/markdown", "content-disposition": `attachment; filename="${name.split("/")[2]}-${query.site}.md"` } };
    return null;
  }
}
