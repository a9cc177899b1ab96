// The audit log: verified as a whole, and read by filter, newest first.

import * as api from "./audit-api.js";
import { isAbort } from "./api.js";
import { finding, pairs, prose, table, trouble } from "./audit-part.js";
import { apart, lines, moment, roleName, ROLE_NAMES, short } from "./audit-words.js";
import { byId, h, setText } from "./dom.js";
import { count, date, number } from "./format.js";

const PAGE = 25;
const HEAD = [["Entry", "num seq"], ["When"], ["Who"], ["What happened", "what"], ["Site"], ["About"]];

let next = null;
let shown = 0;
let zone = "UTC";
let only = null; // The one entry that a link asked for.
let asking = null;

export const setLogZone = (shownZone) => { zone = shownZone; };

/** The first page; the filter's choices come with it. */
export async function fetchLog(signal) {
  asking?.abort();
  const question = only === null ? { ...filter(), limit: PAGE } : { before: only + 1, limit: 1 };
  return api.log(question, signal);
}

function filter() {
  const value = (id) => byId(id).value;
  return { action: value("log-action"), role: value("log-role"), site: value("log-site"), from: value("log-from"), to: value("log-to") };
}

export function showLog(told) {
  const action = byId("log-action");
  const chosen = action.value;
  action.replaceChildren(h("option", { value: "" }, "All actions"), ...told.actions.map((one) => h("option", { value: one.action }, one.title)));
  action.value = chosen;
  const entries = only === null ? told.entries : told.entries.filter(({ seq }) => seq === only);
  const filtered = only !== null || Object.values(filter()).some(Boolean);
  byId("log-all").hidden = !filtered;
  byId("log-entries").replaceChildren(entries.length ? table(`The log, newest first, times in ${zone}`, HEAD, entries.map(row), { name: "log" })
    : h("p", { class: "muted empty-words" }, only !== null ? `There is no entry ${only} in the log. That is a finding: verify the log.` : filtered ? "No entry fits this filter." : "The log is empty."));
  shown = entries.length;
  foot(told);
}

function row(entry) {
  const told = lines(entry.details, zone);
  return {
    "data-seq": entry.seq,
    cells: [number(entry.seq), h("time", { datetime: new Date(entry.at).toISOString() }, moment(entry.at, zone)),
      [h("span", null, roleName(entry.role)), entry.who && entry.who !== entry.role ? h("span", { class: "sub" }, entry.who) : null],
      [h("strong", null, entry.title ?? entry.action), told.length ? pairs(told.map(([label, words]) => [`${label}: `, words]), "details small") : null,
        h("details", { class: "hashes small" }, h("summary", null, entry.subject ? "Reference and hashes" : "Hashes"), pairs([...(entry.subject ? [["Reference", h("code", null, entry.subject)]] : []), ["This entry", h("code", null, entry.hash)], ["The one before", h("code", null, entry.previous)]], "stacked"))],
      entry.site ?? "", entry.subject ? h("code", { title: "A reference that names nobody once the person is erased" }, short(entry.subject)) : ""],
  };
}

function foot(told) {
  next = only === null ? told.next : null;
  byId("log-older").hidden = next === null || next === undefined;
  const all = only === null ? told.total : shown;
  setText(byId("log-shown"), only !== null ? `Only entry ${number(only)}. Times are in ${zone}.` : all === 0 ? "" : `${shown < all ? `The latest ${number(shown)} of ${number(all)} entries` : all === 1 ? "1 entry" : `${number(all)} entries`}. Times are in ${zone}.`);
}

/** What verifying said; loud if the log does not hold. */
export function showVerified(told, toEntry) {
  const entries = told.entries === 1 ? "1 entry" : `${number(told.entries)} entries`;
  const head = told.head ? [["Last entry", number(told.head.seq)], ["Its hash", h("code", null, told.head.hash)]] : [];
  const { wrong, notices } = apart(told.findings);
  const compared = told.anchor && h("p", { class: "small" }, "Compared with the ", count(told.anchor.lines, "line"), " of ", h("code", null, told.anchor.path), told.anchor.seq === null ? "." : `, up to entry ${number(told.anchor.seq)}.`);
  const listed = (findings) => h("ul", null, findings.map((one) => h("li", { "data-finding": one.kind }, prose(one.sentence), " ", one.seq ? h("span", { class: "nowrap" }, "(entry ", toEntry(one.seq), ")") : "")));
  byId("verified").replaceChildren(told.ok
    ? finding("good", h("p", null, h("strong", null, `The log verifies: ${entries}, `), "each with the hash of the one before."), compared)
    : finding("bad", h("h3", null, `The log does not verify: ${count(wrong.length, "finding")}`), listed(wrong),
      h("p", null, "Keep the database and the anchor file as they are, and find out who could write to them."), compared),
  notices.length || !told.anchor ? finding("warn", h("p", null, h("strong", null, notices.length > 1 ? "Less vouches for this than could:" : "Less vouches for this than could.")), notices.length ? listed(notices) : null,
    told.anchor ? null : h("p", { class: "small" }, "Without an anchor, somebody who may write to the database could write the whole log anew. Keep the number and hash below elsewhere.")) : "",
  pairs([["Checked", `${moment(told.checked_at, zone)} (${zone})`], ["Entries", number(told.entries)], ...head], "facts-list"));
}

/** `reload` fetches the first page again, `ended` hears of a lost session. */
export function wireLog({ reload, verify, ended }) {
  const role = byId("log-role");
  role.replaceChildren(h("option", { value: "" }, "All roles"), ...ROLE_NAMES.map(([value, label]) => h("option", { value }, label)));
  byId("log-filter").addEventListener("submit", (event) => event.preventDefault());
  byId("log-filter").addEventListener("change", () => {
    only = null;
    const { from, to } = filter();
    const wrong = from && to && from > to;
    setText(byId("log-error"), wrong ? `${date(from)} lies after ${date(to)}.` : "");
    byId("log-from").setAttribute("aria-invalid", String(Boolean(wrong)));
    if (!wrong) void reload();
  });
  byId("log-all").addEventListener("click", () => {
    only = null;
    byId("log-filter").reset();
    void reload().then(() => byId("log-action").focus());
  });
  byId("log-older").addEventListener("click", () => void older(ended));
  byId("verify-now").addEventListener("click", async () => {
    const button = byId("verify-now");
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    setText(button, "Verifying …");
    await verify();
    setText(button, "Verify now");
    button.removeAttribute("aria-disabled");
  });
}

async function older(ended) {
  const body = byId("log-entries").querySelector("tbody");
  const button = byId("log-older");
  asking?.abort();
  asking = new AbortController();
  button.setAttribute("aria-busy", "true");
  try {
    const told = await api.log({ ...filter(), limit: PAGE, before: next }, asking.signal);
    const known = new Set([...body.rows].map((one) => one.dataset.seq));
    const fresh = told.entries.filter(({ seq }) => !known.has(String(seq)));
    const made = [...table("", HEAD, fresh.map(row)).tBodies[0].rows];
    body.append(...made);
    shown += fresh.length;
    setText(byId("log-error"), "");
    foot(told);
    if (made[0]) {
      made[0].tabIndex = -1;
      made[0].focus();
    }
  } catch (error) {
    if (isAbort(error)) return;
    if (error.status === 401) ended(error);
    else setText(byId("log-error"), `The older entries could not be fetched. ${trouble(error)}`);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Makes the next answer show this entry alone. */
export function pickEntry(seq) {
  only = seq;
  byId("log-filter").reset();
}

/** Forgets what was asked. */
export function forgetLog() {
  asking?.abort();
  only = null;
  next = null;
  byId("log-filter").reset();
  setText(byId("log-error"), "");
}
