// A collector that exists only for the dashboard's tests: serves dashboard/static/ under the strict
// Content-Security-Policy and answers the API from leads it makes up, always the same ones.

import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const STATIC = fileURLToPath(new URL("../../dashboard/static/", import.meta.url));
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
  + "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml" };
export const SITE = "example.com";
export const TODAY = "2026-11-21";
export const PASSWORD = "correct horse battery";
export const TOKEN = "0123456789abcdef0123456789abcdef";
const ZONE = "Europe/Berlin";
const MODEL = { name: "Default B2B", hash: "9f2c41d07ab3".padEnd(64, "0"), threshold: 60 };

const CHANNELS = [
  // key, label, weight of visits, leads per visit, MQLs per lead, source, medium, campaigns
  ["paid_search", "Paid Search", 17, 0.088, 0.25, "google", "cpc", ["brand", "crm-comparison"]],
  ["organic_search", "Organic Search", 27, 0.062, 0.19, "google", "organic", [null]],
  ["email", "Email", 8, 0.11, 0.24, "newsletter", "email", ["november-webinar", "case-study-acme"]],
  ["paid_social", "Paid Social", 9, 0.045, 0.16, "linkedin", "paid_social", ["it-leaders-dach"]],
  ["direct", "Direct", 15, 0.05, 0.15, null, null, [null]],
  ["referral", "Referral", 7, 0.07, 0.2, "omr.com", "referral", [null]],
  ["ai_assistants", "AI Assistants", 5, 0.1, 0.26, "chatgpt.com", "referral", [null]],
  ["organic_social", "Organic Social", 6, 0.03, 0.1, "linkedin.com", "social", [null]],
  ["display", "Display", 4, 0.012, 0.1, "dv360", "display", ["retargeting-q4"]],
  ["affiliates", "Affiliates", 2, 0.03, 0.1, "partnerstack", "affiliate", ["partners"]],
];
const COMPANIES = [["acme.com", "Acme", "500"], ["nordlicht-energie.de", "Nordlicht Energie", "1200"], ["free", "", ""], ["helvetia-tools.ch", "Helvetia Tools", "85"],
  ["blauwerk.at", "Blauwerk", "240"], ["verylongcompanynamewithoutanyspaces-international-holdings.example", "Very Long Company Name International Holdings", "10000"],
  ["brightwater.co.uk", "Brightwater", "60"], [null, "", ""], ["mistral-logistique.fr", "Mistral Logistique", "730"]];
const TITLES = ["Head of IT", "Marketing Director", "CTO", "Operations Manager", "", "Chief Digital and Information Officer"];
const BEHAVIOUR = [["demo_request", "Asked for a demo", 35, "intent"], ["case_study", "Read a case study", 15, "content"], ["pricing", "A minute on the pricing page", 20, "intent"],
  ["webinar", "Registered for the webinar", 18, "content"], ["blog", "Read the blog", 3, "content"], ["mail_open", "Opened a mail", 3, "mail"]];

/** The same "random" numbers on every run. */
function dice(seed) {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
const day = (date, by) => new Date(Date.parse(`${date}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);
const sha = (text) => createHash("sha256").update(text).digest("hex");
const third = (value) => Math.round(value * 1000) / 1000;

/** One lead with the lines of its score. */
export function makeLead(index, date, channel, roll = dice(index + 7)) {
  const [key, label, , , , source, medium, campaigns] = CHANNELS.find(([name]) => name === channel);
  const [domain, company, size] = COMPANIES[Math.floor(roll() * COMPANIES.length)];
  const title = TITLES[Math.floor(roll() * TITLES.length)];
  const at = `${date}T${String(7 + Math.floor(roll() * 11)).padStart(2, "0")}:${String(Math.floor(roll() * 60)).padStart(2, "0")}:11.123Z`;
  const line = (id, text, points, axis, group, count = 1) => ({
    kind: axis === "fit" ? "attribute" : "rule", axis, group, id, label: text, points: third(points * count), count,
    first_at: axis === "fit" ? null : at.replace(/T\d\d/, "T06"), last_at: axis === "fit" ? null : at, detail: axis === "fit" ? "declared in the form" : `${count} × ${points}`,
  });
  const lines = [line("form", "Filled a form", 10, "engagement", "intent"), line("demo_request", "Asked for a demo", 35, "engagement", "intent")];
  for (const [id, text, points, group] of BEHAVIOUR.slice(1)) if (roll() > 0.45) lines.push(line(id, text, points, "engagement", group, points === 3 ? 1 + Math.floor(roll() * 4) : 1));
  const content = lines.filter(({ group }) => group === "content").reduce((sum, { points }) => sum + points, 0);
  if (content > 25) lines.push({ kind: "group_cap", axis: "engagement", group: "content", id: "content", label: "Content counts for at most 25 points", points: third(25 - content), count: 1, first_at: null, last_at: null, detail: `${content} → 25` });
  if (title) lines.push(line("role", `Role: ${title}`, 20, "fit", "role"));
  if (size) lines.push(line("size", `Company size ${size}`, Number(size) >= 500 ? 20 : 5, "fit", "company"));
  if (lines.reduce((sum, { points }) => sum + points, 0) < 60) lines.push(line("pricing_again", "Came back to the pricing page", 20, "engagement", "intent"));
  const part = (axis) => third(lines.filter((one) => one.axis === axis).reduce((sum, { points }) => sum + points, 0));
  const score = { total: third(part("fit") + part("engagement")), fit: part("fit"), engagement: part("engagement") };
  // What has decayed since: the score now is a little lower, in thousandths.
  const decayed = { kind: "rule", axis: "engagement", group: "mail", id: "decay", label: "Older than two weeks: decays", points: -1.875, count: 1, first_at: at, last_at: at, detail: "15 × −0.125" };
  const now = index % 3 === 0 ? [...lines, decayed] : lines;
  const scoreNow = index % 3 === 0 ? { ...score, total: third(score.total - 1.875), engagement: third(score.engagement - 1.875) } : score;
  const stage = index % 4 === 1 ? "sal" : "mql";
  const limit = stage === "sal" ? 168 : 24;
  const due = new Date(Date.parse(at) + limit * 3_600_000).toISOString();
  return {
    lead: {
      key: sha(`lead ${index}`).slice(0, 32), stage, stage_since: at, sla: { limit_hours: limit, due_at: due, overdue: due <= `${TODAY}T20:00:00.000Z` },
      grade: `${score.fit >= 35 ? "A" : score.fit >= 20 ? "B" : "D"}${score.engagement >= 40 ? 1 : 2}`, became_mql_at: at, first_seen: `${day(date, -9)}T08:15:00.000Z`, last_seen: `${TODAY}T09:00:00.000Z`, verified_at: index % 4 === 2 ? `${day(date, -1)}T10:00:00.000Z` : null,
      score: scoreNow, score_at_mql: score, channel: key, channel_label: label, source, medium, campaign: campaigns[Math.floor(roll() * campaigns.length)],
      country: ["DE", "AT", "CH", "GB", null][Math.floor(roll() * 5)], domain,
      attributes: Object.fromEntries(Object.entries({ job_title: title, company, company_size: size }).filter(([, value]) => value)),
      reasons: [...lines].sort((one, other) => other.points - one.points).slice(0, 4).map(({ label: text, points }) => ({ label: text, points })),
    },
    date, lines, now,
  };
}

/** Everything that happened in 200 days, and what the API says about it. */
export class Collector extends EventEmitter {
  constructor() {
    super();
    Object.assign(this, { role: "owner", roles: ["owner"], bodies: [], authenticated: true, demo: false, setupRequired: false, sites: [SITE], days: new Map(), mqls: [], down: null, today: TODAY, asked: [], suppressed: { total: 42, by_signal: { gpc: 30, tag: 5, api: 7 } } });
    const roll = dice(42);
    let index = 0;
    for (let back = 199; back >= 0; back -= 1) {
      const date = day(TODAY, -back);
      const weekend = [0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay());
      const counts = {};
      for (const [key, , weight, leadRate, mqlRate] of CHANNELS) {
        const visits = Math.round(weight * 1.75 * (weekend ? 0.45 : 1) * (0.7 + roll() * 0.6) * (1.15 - back / 1000) * (back === 0 ? 0.5 : 1));
        let leads = 0;
        for (let visit = 0; visit < visits; visit += 1) {
          if (roll() >= leadRate) continue;
          leads += 1;
          if (roll() < mqlRate) this.mqls.push(makeLead(index++, date, key));
        }
        counts[key] = { visits, leads };
      }
      this.days.set(date, counts);
    }
  }

  /** One more MQL, today, as if somebody had just asked for a demo. */
  addMql(channel, change = {}) {
    const made = makeLead(90_000 + this.mqls.length, TODAY, channel);
    Object.assign(made.lead, change, { became_mql_at: `${TODAY}T19:30:00.000Z` });
    this.mqls.push(made);
    const today = this.days.get(TODAY)[channel];
    today.visits += 1;
    today.leads += 1;
    return made.lead;
  }

  counts(from, to, channel) {
    const sum = { visits: 0, leads: 0, mqls: 0 };
    for (const [date, channels] of this.days) {
      if (date < from || date > to) continue;
      for (const [key, { visits, leads }] of Object.entries(channels)) {
        if (channel && key !== channel) continue;
        sum.visits += visits;
        sum.leads += leads;
      }
    }
    sum.mqls = this.mqls.filter((one) => one.date >= from && one.date <= to && (!channel || one.lead.channel === channel)).length;
    return sum;
  }

  report(query) {
    const { site, from, to, by, interval, attribution } = query;
    const length = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
    const previous = query.compare === "none" ? null : { from: day(from, -length), to: day(from, -1) };
    if (site !== SITE && !this.secondIsBusy) {
      // A second site, on which nothing has happened.
      const zero = { visits: 0, leads: 0, mqls: 0 };
      return { site, time_zone: ZONE, from, to, previous, by, attribution, interval, totals: zero, previous_totals: previous && zero, rows: [], series: [], suppressed: { total: 0, by_signal: {} }, model: MODEL };
    }
    const valueOf = { channel: ({ channel }) => channel, source: ({ source }) => source ?? "(direct)", campaign: ({ campaign }) => campaign, country: ({ country }) => country, page: ({ channel }) => `/from/${channel}`, rule: null }[by];
    const keysOf = (one) => (by === "rule" ? one.lines.filter(({ kind }) => kind === "rule").map(({ id }) => id) : [valueOf(one.lead)].filter(Boolean));
    const labelOf = (key) => (by === "channel" ? CHANNELS.find(([name]) => name === key)[1] : by === "rule" ? BEHAVIOUR.find(([id]) => id === key)?.[1] ?? key : key);
    const inside = (one, span) => one.date >= span.from && one.date <= span.to;
    const keys = by === "channel" ? CHANNELS.map(([key]) => key) : [...new Set(this.mqls.flatMap(keysOf))];
    const rowIn = (key, span) => ({
      ...(by === "channel" ? this.counts(span.from, span.to, key) : { visits: 40, leads: 12 }),
      mqls: this.mqls.filter((one) => inside(one, span) && keysOf(one).includes(key)).length,
    });
    const rows = keys.map((key) => ({ key, label: labelOf(key), ...rowIn(key, { from, to }), previous: previous && rowIn(key, previous) }))
      .sort((one, other) => other.mqls - one.mqls || other.leads - one.leads || other.visits - one.visits);
    const starts = [];
    for (let date = from; date <= to; date = day(date, 1)) {
      const first = interval === "day" || date === from || (interval === "week" ? new Date(`${date}T00:00:00Z`).getUTCDay() === 1 : date.endsWith("-01"));
      if (first) starts.push(date);
    }
    const series = starts.map((start, index) => {
      const span = { from: start, to: index + 1 < starts.length ? day(starts[index + 1], -1) : to };
      const before = previous && { from: day(span.from, -length), to: day(span.to, -length) };
      return {
        from: start, ...this.counts(span.from, span.to),
        rows: Object.fromEntries(keys.map((key) => [key, rowIn(key, span)]).filter(([, row]) => row.mqls + row.leads > 0).map(([key, { mqls, leads }]) => [key, { mqls, leads }])),
        previous: before && { from: before.from, ...this.counts(before.from, before.to) },
      };
    });
    return {
      site, time_zone: ZONE, from, to, previous, by, attribution, interval, totals: this.counts(from, to),
      previous_totals: previous && this.counts(previous.from, previous.to), rows, series, suppressed: this.suppressed, model: MODEL,
    };
  }

  leads({ site, from, to, channel, limit, cursor }) {
    const found = this.mqls.filter(({ date, lead }) => (site === SITE || this.secondIsBusy) && date >= from && date <= to && (!channel || lead.channel === channel)).map(({ lead }) => lead)
      .sort((one, other) => other.became_mql_at.localeCompare(one.became_mql_at));
    const start = Number(cursor ?? 0);
    const end = start + Number(limit ?? 50);
    return { leads: found.slice(start, end), total: found.length, next: end < found.length ? String(end) : null };
  }

  explanation(key, { site, as_of: asOf }) {
    const found = this.mqls.find(({ lead }) => lead.key === key);
    if (!found) return null;
    const { lead } = found;
    const atMql = asOf !== undefined;
    return {
      key, site, as_of: asOf ?? `${TODAY}T20:00:00.000Z`, known: true, verified_at: lead.verified_at, stage: lead.stage, model: MODEL, grade: lead.grade, sla: lead.sla, overrides: [],
      machine_score: atMql ? lead.score_at_mql : lead.score, exit: { below: 40, falls_at: `${day(TODAY, 30)}T00:00:00.000Z` }, cooling_until: null, score: atMql ? lead.score_at_mql : lead.score, threshold: 60,
      qualifies: (atMql ? lead.score_at_mql : lead.score).total >= 60, lines: atMql ? found.lines : found.now,
      missing: ["Nothing is known about the industry: up to 10 more points."],
      transitions: [{ from: "visitor", to: "lead", at: lead.first_seen, reason: "left an address in a form", actor: "collector", score: null, model_hash: MODEL.hash },
        { from: "lead", to: "mql", at: lead.became_mql_at, reason: "reached 60 points", actor: "collector", score: lead.score_at_mql, model_hash: MODEL.hash }],
    };
  }

  /** Resolves when a request for this path has been answered with this status; gives up after 15 seconds. */
  answered(path, status) {
    return new Promise((done, giveUp) => {
      const patience = setTimeout(() => giveUp(new Error(`no ${status} for ${path}`)), 60_000);
      const look = (answeredPath, answeredStatus) => {
        if (answeredPath !== path || answeredStatus !== status) return;
        this.off("answered", look);
        clearTimeout(patience);
        done();
      };
      this.on("answered", look);
    });
  }

  /** Starts to serve; `origin` says where. */
  async listen(port = 0) {
    this.server = createServer((request, answer) => void this.#answer(request, answer));
    await new Promise((done) => this.server.listen(port, "127.0.0.1", done));
    this.port = this.server.address().port;
    this.origin = `http://127.0.0.1:${this.port}`;
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  async #answer(request, answer) {
    const url = new URL(request.url, this.origin);
    const send = (status, body, headers = {}) => {
      const json = body === undefined ? "" : JSON.stringify(body);
      answer.writeHead(status, { "content-type": status >= 400 ? "application/problem+json" : "application/json", "cache-control": "no-store", ...headers }).end(json);
      this.emit("answered", url.pathname, status);
    };
    const refuse = (status, title, detail, pointer) => send(status, { type: "about:blank", title, status, detail, pointer });
    try {
      if (!url.pathname.startsWith("/api/")) return await this.#file(url.pathname, answer);
      this.asked.push(`${request.method} ${url.pathname}${url.search}`);
      let text = "";
      for await (const chunk of request) text += chunk;
      const body = text ? JSON.parse(text) : null;
      if (text) this.bodies.push({ path: url.pathname, text });
      const query = Object.fromEntries(url.searchParams);
      if (this.down === "reset") return request.socket.destroy();
      if (this.down === 500) return refuse(500, "Internal error", "The database is locked.");
      const route = `${request.method} ${url.pathname}`;
      if (route === "GET /api/v1/session") return send(200, { authenticated: this.authenticated, demo: this.demo, setup_required: this.setupRequired, version: "0.1.0", role: this.authenticated ? this.role : null, roles: this.roles });
      if (route === "POST /api/v1/session") {
        if (this.tooMany) return send(429, { type: "about:blank", title: "Too many attempts", status: 429, detail: "Please wait 30 seconds." }, { "retry-after": "30" });
        if (body.password !== PASSWORD) return refuse(401, "Wrong password", "This password is not right.");
        this.authenticated = true;
        this.role = body.role ?? "owner";
        return send(204);
      }
      if (route === "DELETE /api/v1/session") {
        this.authenticated = false;
        return send(204);
      }
      if (route === "POST /api/v1/setup") {
        if (body.token !== TOKEN) return refuse(403, "Wrong token", "This set-up link is not valid.");
        if (body.password === "password1234") return refuse(400, "Weak password", "This password is among the most common ones.", "/password");
        this.setupRequired = false;
        return send(200, { role: this.setupRole ?? "owner" });
      }
      if (!this.authenticated) return refuse(401, "Not logged in", "Please log in.");
      if (route === "GET /api/v1/sites") return send(200, { sites: this.sites.map((site) => ({ site, time_zone: ZONE, today: this.today })) });
      const more = this.answerMore?.(route, query, body);
      if (more) return more.text === undefined ? send(more.status ?? 200, more.body, more.headers) : answer.writeHead(200, more.headers).end(more.text);
      if (this.role === "auditor") return refuse(403, "Not for auditors", "An auditor sees the audit page only.");
      if (route === "GET /api/v1/reports/mql") {
        const report = this.report(query);
        const etag = `"${sha(JSON.stringify(report)).slice(0, 32)}"`;
        if (request.headers["if-none-match"] !== etag) return send(200, report, { etag });
        answer.writeHead(304, { etag }).end();
        return this.emit("answered", url.pathname, 304);
      }
      if (route === "GET /api/v1/anomalies") return send(200, { site: query.site, rule: "four times as many", anomalies: this.anomalies ?? [] });
      if (route === "GET /api/v1/leads") return send(200, this.leads(query));
      const one = /^\/api\/v1\/leads\/([^/]+)\/explanation$/.exec(url.pathname);
      const told = one && this.explanation(decodeURIComponent(one[1]), query);
      return told ? send(200, told) : refuse(404, "Not found", "There is nothing here.");
    } catch (error) {
      return refuse(500, "The test's collector failed", String(error));
    }
  }

  async #file(path, answer) {
    const name = path === "/" ? "index.html" : path === "/setup" ? "setup.html" : path === "/audit" ? "audit.html" : normalize(path.replace(/^\/assets\//, ""));
    try {
      const body = await readFile(join(STATIC, name));
      answer.writeHead(200, { "content-type": TYPES[extname(name)], "content-security-policy": CSP, "x-content-type-options": "nosniff" }).end(body);
    } catch {
      answer.writeHead(404).end();
    }
  }
}
