// Brings the page together: session, then sites, then one report that is kept fresh and shown in its parts.
// State lives in the URL (view.js); everything shown follows from the view and the latest answers.

import { announce, news } from "./announce.js";
import { clearAnomalies, showAnomalies } from "./anomalies.js";
import * as api from "./api.js";
import { byId, h, setText } from "./dom.js";
import { isEmpty, showEmpty, wireEmpty } from "./empty.js";
import { dateRange, fieldName, number } from "./format.js";
import { Leads } from "./leads.js";
import { Live } from "./live.js";
import { Controls } from "./period.js";
import { Plot, showLegend } from "./plot.js";
import { showPlotTable, wirePlotTable } from "./plot-table.js";
import { Rows, showSum } from "./rows.js";
import { showLogIn, wireSession } from "./session.js";
import { stackOf } from "./stack.js";
import { showSuppressed } from "./suppressed.js";
import { showPeriod, showTotals, wireDefinitions } from "./totals.js";
import { attributionName, listedBy, readView, reportQuery, writeView } from "./view.js";

const RETRY_MS = 5_000;
const SITES_EVERY_MS = 60_000;
const LEADS_EVERY_MS = 10_000;

let view = readView(location.search);
let roles = [];
let sites = [];
let sitesAt = 0;
let shown = null; // { report, question } on the screen
let leadsAsked = "";
let leadsAt = 0;
let retry = 0;
let ever = null; // Whether the site has events outside the period; null while unknown.

const live = new Live({ report: onReport, unchanged: onAnswer, failed: onFailure, paused: () => setLive("paused", "Paused") });
const leads = new Leads((problem) => (problem.status === 401 ? onFailure(problem) : notice(`The list of leads could not be fetched: ${problem.message}`)));
const controls = new Controls((part) => go({ ...view, ...part }));
const plot = new Plot();
const rows = new Rows({
  sort: (sort, order) => go({ ...view, sort, order }, true),
  select: (channel) => go({ ...view, channel }),
});

/* Which of the page's faces is up. */
const FACES = ["loading", "failed", "setup-required", "log-in", "dashboard"];
function face(name) {
  for (const id of FACES) byId(id).hidden = id !== name;
  byId("site-picker").hidden = name !== "dashboard";
  // Under `mqlite demo` everybody is let in, so there is nothing to log out of.
  byId("audit-link").hidden = name !== "dashboard";
  byId("log-out").hidden = name !== "dashboard" || !byId("demo-banner").hidden;
  if (name !== "dashboard") {
    live.stop();
    document.title = "MQLite";
  }
}

async function start() {
  clearTimeout(retry);
  if (FACES.every((id) => byId(id).hidden)) face("loading");
  try {
    const session = await api.session();
    byId("demo-banner").hidden = !session.demo;
    setText(byId("version"), `MQLite ${session.version}`);
    if (session.setup_required) return face("setup-required");
    roles = session.roles ?? [];
    if (!session.authenticated) return askToLogIn();
    // An auditor sees the audit page and nothing of this one.
    if (session.role === "auditor") return location.replace("/audit");
    sites = await api.sites();
    sitesAt = Date.now();
  } catch (error) {
    return error.status === 401 ? askToLogIn() : fail(error);
  }
  if (sites.length === 0) return fail(new api.Problem(1, "No site yet", "Add one where MQLite runs: mqlite site add example.com"));
  face("dashboard");
  fillSites();
  return apply();
}

function askToLogIn(reason) {
  forget();
  face("log-in");
  showLogIn(reason, roles, "owner");
}

/** Takes what was measured off the page: whoever sits there now has no right to it. */
function forget() {
  shown = null;
  leadsAsked = "";
  ever = null;
  leads.clear();
  clearAnomalies();
  for (const id of ["plot", "plot-table", "plot-tip", "legend", "announcer", "rows-sum", "suppressed-words"]) byId(id).replaceChildren();
  byId("plot-cursor").removeAttribute("aria-valuetext");
  for (const element of document.querySelectorAll("#totals .value")) element.textContent = "–";
  for (const element of document.querySelectorAll("#totals .change")) element.textContent = "\u00a0";
  byId("rows").querySelector("tbody")?.replaceChildren();
}

function fail(error) {
  face("failed");
  setText(byId("failed-title"), error.status === 0 ? "The collector does not answer" : error.status >= 500 ? "The collector has a problem" : error.title);
  setText(byId("failed-detail"), error.status === 0 ? "Is it running, and is this machine online? This page tries again by itself." : error.message);
  if (error.status === 0 || error.status >= 500) retry = setTimeout(() => void start(), RETRY_MS);
}

function fillSites() {
  const picker = byId("site");
  picker.replaceChildren(...sites.map(({ site }) => h("option", { value: site }, site)));
  picker.hidden = sites.length < 2;
  setText(byId("site-name"), sites.length < 2 ? sites[0].site : "");
  if (!sites.some(({ site }) => site === view.site)) {
    const asked = view.site;
    view = { ...view, site: sites[0].site, channel: asked ? "" : view.channel };
    history.replaceState(null, "", writeView(view));
    notice(asked ? `There is no site “${asked}” here: this is ${view.site}.` : "");
  }
  picker.value = view.site;
}

/** Goes to another view: into the URL, and onto the page. */
function go(next, quietly) {
  const site = next.site !== view.site;
  view = next;
  if (site) {
    forget();
    notice("");
  }
  history[quietly ? "replaceState" : "pushState"](null, "", writeView(view));
  apply();
}

const siteNow = () => sites.find(({ site }) => site === view.site);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Makes the page follow the view: asks for another report only if the view needs one. */
function apply() {
  const { today, time_zone: zone } = siteNow();
  const question = reportQuery(view, today);
  if (shown === null) void showAnomalies(view.site);
  byId("site").value = view.site;
  controls.show(view, question, today);
  if (shown && same(shown.question, question)) return paint(shown.report, false);
  byId("numbers").setAttribute("aria-busy", "true");
  byId("numbers").dataset.zone = zone;
  setLive("asking", "Asking …");
  return live.watch(question);
}

function onReport(report, question) {
  const before = shown && same(shown.question, question) ? shown.report : null;
  shown = { report, question };
  byId("numbers").removeAttribute("aria-busy");
  paint(report, before !== null);
  if (before) {
    const words = news(before, report);
    if (words) announce(words);
  }
  onAnswer();
}

/** Any good answer: all is well, and now and then the day changes. */
function onAnswer() {
  setLive("live", "Live");
  if (byId("notice").dataset.kind === "lost") notice("");
  if (Date.now() - sitesAt > SITES_EVERY_MS) void refreshSites();
}

async function refreshSites() {
  sitesAt = Date.now();
  void showAnomalies(view.site);
  try {
    const now = await api.sites();
    if (same(now, sites) || now.length === 0) return;
    sites = now;
    fillSites();
    apply();
  } catch (error) {
    if (error.status === 401) onFailure(error);
  }
}

function onFailure(error) {
  if (error.status === 401) return askToLogIn("Your session has ended. Log in to go on where you were.");
  if (error.status === 404 || error.status === 400) {
    byId("numbers").removeAttribute("aria-busy");
    setLive("lost", "Refused");
    return notice(`The collector refused this view: ${error.message}`);
  }
  if (!shown) return fail(error);
  setLive("lost", "Not live");
  return notice(`${error.status === 0 ? "The collector does not answer" : `The collector has a problem (${error.status})`}. These are the last numbers it gave; trying again …`, "lost");
}

function notice(words, kind = "") {
  const box = byId("notice");
  box.dataset.kind = kind;
  setText(box, words);
  box.hidden = !words;
}

function setLive(state, words) {
  byId("live").dataset.state = state;
  setText(byId("live-words"), words);
}

/** Shows a report in all its parts. */
function paint(report, fresh) {
  const today = siteNow().today;
  const touch = attributionName(report.attribution);
  const dimension = fieldName(report.by);
  const empty = isEmpty(report);
  document.title = `${number(report.totals.mqls)} MQLs · ${report.site} · MQLite`;
  byId("numbers").hidden = empty;
  if (empty) void lookFurther(report);
  else showEmpty(null, null);
  showTotals(report, fresh);
  showPeriod(report, today, touch);

  const stack = stackOf(report);
  const before = report.previous ? dateRange(report.previous.from, report.previous.to) : null;
  const words = `${number(report.totals.mqls)} MQLs per ${report.interval}, ${dateRange(report.from, report.to)}, by ${report.by} (${touch})${before ? `; the dashed line is ${before}, ${number(report.previous_totals.mqls)} MQLs` : ""}. The table below says the same.`;
  showLegend(stack, report.by, before);
  plot.show(stack, report.by, words, today);
  showPlotTable(stack, words);
  setText(byId("plot-note"), `MQLs per ${report.interval}, by ${report.by}, ${touch}.${stack.overlap ? ` One lead can stand under several ${report.by === "country" ? "countries" : `${report.by}s`}, so the columns show all MQLs, unsplit.` : ""}`);

  setText(byId("rows-title"), `By ${report.by}, ${touch}`);
  setText(byId("rows-note"), `The bar is this period, the mark on it the period before.${report.by === "channel" ? " Choose a channel to see only its leads below." : ""}${report.leads_attribution && report.leads_attribution !== report.attribution ? " Leads stand under their first touch." : ""}`);
  rows.show(report, view, dimension, fresh);
  showSum(report);
  showSuppressed(report.suppressed);
  showLeads(report, fresh);
}

function showLeads(report, fresh) {
  const { site, from, to } = report;
  const attribution = listedBy(report.attribution);
  const question = { site, from, to, channel: view.channel, attribution };
  const label = report.rows.find((row) => report.by === "channel" && row.key === view.channel)?.label ?? fieldName(view.channel);
  byId("leads-filter").hidden = !view.channel;
  setText(byId("leads-filter-words"), view.channel ? `Only ${label}, ${attributionName(attribution)}` : "");
  const asked = JSON.stringify(question);
  if (asked !== leadsAsked) {
    leadsAsked = asked;
    leadsAt = Date.now();
    void leads.load(question, report.time_zone);
  } else if (fresh && (mqlsMoved(report) || Date.now() - leadsAt > LEADS_EVERY_MS)) {
    leadsAt = Date.now();
    void leads.refresh();
  }
}

let mqlsKnown = "";
function mqlsMoved(report) {
  const now = JSON.stringify([report.totals.mqls, report.totals.leads, report.rows.map((row) => [row.key, row.mqls])]);
  const moved = now !== mqlsKnown;
  mqlsKnown = now;
  return moved;
}

/** Nothing in the period: has the site ever sent anything? */
async function lookFurther(report) {
  if (ever !== null && ever.site === report.site) return showEmpty(report, ever.said);
  try {
    const from = `${Number(report.to.slice(0, 4)) - 3}${report.to.slice(4, 8)}01`;
    const answer = await api.report({ site: report.site, from, to: siteNow().today, interval: "month", by: "channel", compare: "none", attribution: "first" });
    ever = { site: report.site, said: !isEmpty(answer.data) };
  } catch {
    return showEmpty(report, false);
  }
  return shown?.report === report ? showEmpty(report, ever.said) : undefined;
}

byId("site").addEventListener("change", (event) => go({ ...view, site: event.target.value, channel: "" }));
byId("leads-all").addEventListener("click", () => {
  go({ ...view, channel: "" });
  byId("leads-title").scrollIntoView({ block: "nearest" });
});
byId("try-again").addEventListener("click", () => void start());
window.addEventListener("popstate", () => {
  const site = view.site;
  view = readView(location.search);
  if (!sites.length || byId("dashboard").hidden) return;
  if (view.site !== site) forget();
  fillSites();
  apply();
});
wireSession({ loggedIn: () => void start(), loggedOut: () => askToLogIn("You are logged out."), failed: onFailure });
wireDefinitions();
wirePlotTable();
wireEmpty(() => go({ ...view, period: "90d", interval: "" }));
void start();
