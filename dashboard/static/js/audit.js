// The audit page: session, site, and nine parts that fetch for themselves. Nothing is kept in the browser; the
// address has the site and the period.

import * as session from "./api.js";
import * as api from "./audit-api.js";
import { showConsent, showLadder } from "./audit-consent.js";
import { dismiss } from "./audit-dialog.js";
import { showFields, wireFields } from "./audit-fields.js";
import { fetchLog, forgetLog, pickEntry, setLogZone, showLog, showVerified, wireLog } from "./audit-log.js";
import { Part, prose } from "./audit-part.js";
import { fillPersonSites, forgetPerson, setPersonZone, wirePerson } from "./audit-person.js";
import { wireReceipt } from "./audit-receipt.js";
import { showRetention, wireRetention } from "./audit-retention.js";
import { showSalts } from "./audit-salts.js";
import { sayErased, sayFields, sayLog, sayRetention, saySalts, unknown } from "./audit-summary.js";
import { roleName } from "./audit-words.js";
import { datesOf, isDate } from "./dates.js";
import { byId, choose, h, segments, setText } from "./dom.js";
import { number } from "./format.js";
import { showLogIn, wireSession } from "./session.js";

const RETRY_MS = 5_000;
const FACES = ["loading", "failed", "setup-required", "log-in", "audit"];
const PERIODS = [["7d", "7 days", "Last 7 days"], ["30d", "30 days", "Last 30 days"], ["90d", "90 days", "Last 90 days"],
  ["month", "This month"], ["last_month", "Last month"], ["custom", "Dates …", "Dates of your choice"]];

const said = new URLSearchParams(location.search);
const dated = isDate(said.get("from")) && isDate(said.get("to")) && said.get("from") <= said.get("to");
const view = { site: said.get("site") ?? "", period: dated ? "custom" : PERIODS.some(([name]) => name === said.get("period")) ? said.get("period") : "30d", from: dated ? said.get("from") : "", to: dated ? said.get("to") : "" };
if (view.period === "custom" && !dated) view.period = "30d";

let roles = [];
let sites = [];
let ladder = null;
let consent = null;
let retry = 0;

const siteNow = () => sites.find(({ site }) => site === view.site);
const zone = () => (siteNow()?.time_zone ?? "UTC").replace("Etc/UTC", "UTC");
const ended = () => askToLogIn("Your session has ended. Log in to go on.");

/** A number of a log entry that shows the entry. */
const toEntry = (seq) => h("button", { type: "button", class: "link", "aria-label": `Show entry ${number(seq)} of the log`, click: () => void showEntry(seq) }, number(seq));

async function showEntry(seq) {
  pickEntry(seq);
  await parts.log.load();
  byId("log-title").scrollIntoView({ block: "start" });
  byId("log-entries-title").focus({ preventScroll: true });
}

const parts = {
  verify: new Part("verified", api.verify, (told) => { showVerified(told, toEntry); sayLog(told); }, ended),
  ladder: new Part("ladder", api.ladder, (told) => { ladder = told; showLadder(told); if (consent) showConsent(consent, ladder, zone()); }, ended),
  consent: new Part("consent-body", (signal) => api.consent({ site: view.site, ...datesNow() }, signal), (told) => { consent = told; showConsent(told, ladder, zone()); }, ended),
  fields: new Part("fields-body", api.fields, (told) => { showFields(told, zone()); sayFields(told); }, ended),
  salts: new Part("salts-body", api.salts, (told) => { showSalts(told, zone(), toEntry); saySalts(told); }, ended),
  retention: new Part("retention-body", api.retention, (told) => { showRetention(told, zone(), toEntry); sayRetention(told, zone()); }, ended),
  log: new Part("log-body", fetchLog, showLog, ended),
  documents: new Part("documents-body", api.documents, showDocuments, ended),
};
const FACTS = { verify: "log", fields: "fields", salts: "salts", retention: "retention" };

async function load(name) {
  if (name === "consent" && !siteNow()) return;
  // Where a part fails, so does its fact in the strip.
  if ((await parts[name].load()) === null && FACTS[name] && byId(FACTS[name] === "log" ? "verified" : `${name}-body`).hidden) unknown(FACTS[name]);
}

async function loadErased() {
  try {
    sayErased(await api.log({ action: "person.erased", limit: 1 }), zone());
  } catch (error) {
    if (error.status === 401) ended();
    else unknown("erased");
  }
}

/** What an act on this page changed: the log at least. */
function changed() {
  void load("log");
  void load("verify");
  void loadErased();
}

function loadAll() {
  setPersonZone(zone());
  setLogZone(zone());
  setText(byId("zone"), zone());
  byId("no-site").hidden = sites.length > 0;
  byId("consent-site").hidden = sites.length === 0;
  for (const name of Object.keys(parts)) void load(name);
  void loadErased();
}

/* Which face is up. */
function face(name) {
  for (const id of FACES) byId(id).hidden = id !== name;
  const inside = name === "audit";
  byId("site-picker").hidden = !inside || sites.length === 0;
  byId("log-out").hidden = !inside || !byId("demo-banner").hidden;
  for (const id of ["role", "to-dashboard"]) byId(id).hidden = !inside || byId(id).dataset.off === "1";
}

async function start() {
  clearTimeout(retry);
  if (FACES.every((id) => byId(id).hidden)) face("loading");
  try {
    const now = await session.session();
    byId("demo-banner").hidden = !now.demo;
    setText(byId("version"), `MQLite ${now.version}`);
    roles = now.roles ?? [];
    if (now.setup_required) return face("setup-required");
    if (!now.authenticated) return askToLogIn();
    const role = now.role ?? "owner";
    setText(byId("role"), now.demo ? "Demo" : roleName(role));
    byId("to-dashboard").dataset.off = role === "auditor" ? "1" : "";
    byId("brand").href = role === "auditor" ? "/audit" : "/";
    sites = await session.sites();
  } catch (error) {
    return error.status === 401 ? askToLogIn() : fail(error);
  }
  face("audit");
  fillSites();
  loadAll();
  if (location.hash && !["", "#main"].includes(location.hash)) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  return undefined;
}

function askToLogIn(reason) {
  dismiss();
  forget();
  face("log-in");
  showLogIn(reason, roles, roles.includes("auditor") ? "auditor" : "owner");
}

/** Takes everything that was told off the page: whoever sits there now has no right to it. */
function forget() {
  for (const part of Object.values(parts)) part.clear();
  ladder = consent = null;
  forgetPerson();
  forgetLog();
  for (const element of document.querySelectorAll("[data-told]")) element.replaceChildren();
  for (const name of ["log", "fields", "retention", "salts", "erased"]) unknown(name);
  byId("alarm").hidden = true;
  byId("receipt-form").reset();
}

function fail(error) {
  face("failed");
  setText(byId("failed-title"), error.status === 0 ? "The collector does not answer" : error.status >= 500 ? "The collector has a problem" : error.title);
  setText(byId("failed-detail"), error.status === 0 ? "Is it running, and is this machine online? This page tries again by itself." : error.message);
  if (error.status === 0 || error.status >= 500) retry = setTimeout(() => void start(), RETRY_MS);
}

function fillSites() {
  if (!siteNow()) view.site = sites[0]?.site ?? "";
  const options = () => sites.map(({ site }) => h("option", { value: site }, site));
  byId("site").replaceChildren(...options());
  byId("site").value = view.site;
  byId("site").hidden = sites.length < 2;
  setText(byId("site-name"), sites.length === 1 ? sites[0].site : "");
  byId("log-site").replaceChildren(h("option", { value: "" }, "All sites"), ...options());
  fillPersonSites(sites, view.site);
  showPeriod();
}

const datesNow = () => (view.period === "custom" ? { from: view.from, to: view.to } : datesOf(view.period, siteNow()?.today ?? new Date().toISOString().slice(0, 10)));

function showPeriod() {
  choose(byId("periods"), view.period);
  byId("custom-dates").hidden = view.period !== "custom";
  const { from, to } = datesNow();
  byId("from").value = from;
  byId("to").value = to;
  setText(byId("dates-error"), "");
}

function writeView() {
  const now = new URLSearchParams();
  if (view.site) now.set("site", view.site);
  if (view.period === "custom") Object.entries(datesNow()).forEach(([name, value]) => now.set(name, value));
  else if (view.period !== "30d") now.set("period", view.period);
  history.replaceState(null, "", `?${now}${location.hash}`);
}

function showDocuments(told) {
  const site = view.site;
  byId("documents-body").replaceChildren(told.documents.length
    ? h("ul", { class: "documents" }, told.documents.map((one) => h("li", null, h("div", null, h("h3", null, one.title), h("p", { class: "muted" }, prose(one.about), ".")),
      h("a", { class: "button", href: api.address(`documents/${encodeURIComponent(one.name)}`, { site }), download: "", "aria-label": `Download ${one.title}${site ? ` for ${site}` : ""}` }, "Download"))))
    : h("p", { class: "muted" }, "There is no document."));
  setText(byId("documents-site"), site ? `For ${site}, as of now, in Markdown.` : "As of now, in Markdown.");
}

/** Marks in the navigation the part that is being read. */
function followReading() {
  const links = new Map([...document.querySelectorAll("#parts a")].map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      for (const [id, link] of links) {
        if (id === target.id) {
          link.setAttribute("aria-current", "true");
          // Sideways only, where the links are one line: the page itself stays where it is.
          const row = link.closest("ul");
          row.scrollLeft = link.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
        } else link.removeAttribute("aria-current");
      }
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const id of links.keys()) watcher.observe(byId(id));
}

segments(byId("periods"), "period", PERIODS, (period) => {
  Object.assign(view, datesNow(), { period });
  showPeriod();
  writeView();
  void load("consent");
});
for (const id of ["from", "to"]) {
  byId(id).addEventListener("change", () => {
    const [from, to] = [byId("from").value, byId("to").value];
    const wrong = !isDate(from) || !isDate(to) ? "Please choose both days." : from > to ? "The first day lies after the last." : "";
    setText(byId("dates-error"), wrong);
    if (wrong) return;
    Object.assign(view, { period: "custom", from, to });
    writeView();
    void load("consent");
  });
}
byId("site").addEventListener("change", (event) => {
  view.site = event.target.value;
  forgetPerson();
  fillSites();
  writeView();
  loadAll();
});
byId("refresh").addEventListener("click", loadAll);
byId("try-again").addEventListener("click", () => void start());
wireSession({ loggedIn: () => void start(), loggedOut: () => askToLogIn("You are logged out."), failed: fail });
wireFields();
wireLog({ reload: () => parts.log.load(), verify: () => load("verify"), ended });
wirePerson({ changed, looked: () => void load("log"), ended, toEntry });
wireReceipt({ ended });
wireRetention({ changed: () => { void load("retention"); void load("fields"); changed(); }, ended });
followReading();
void start();
