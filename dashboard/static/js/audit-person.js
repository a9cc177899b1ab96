// The rights of one person: find, export, restrict, withdraw, erase. Erasing and withdrawing always count first
// and ask; what is sent names the person as it was found, whatever the form says by then.

import * as api from "./audit-api.js";
import { canHash, naming } from "./audit-address.js";
import { confirm } from "./audit-dialog.js";
import { download, finding, pairs, prose, trouble } from "./audit-part.js";
import { showReceipt } from "./audit-receipt.js";
import { countsOf, moment } from "./audit-words.js";
import { byId, h, setText } from "./dom.js";
import { fieldName, number } from "./format.js";

const WAYS = {
  email: ["E-mail address", "off"], hash: ["SHA-256 of the address, 64 characters", "off"], token: ["Lead token", "off"], key: ["Lead key, 32 characters", "off"],
};
const DONE = { erase: "Erased", withdraw: "Consent withdrawn", restrict: "Changed" };

let zone = "UTC";
let told = { changed: () => {}, looked: () => {}, ended: () => {}, toEntry: () => "" };
let found = null; // { who, told }: the person on the page, and how it was named
let asked = 0; // Counts questions, so that a late answer does not show another person.

export const setPersonZone = (shownZone) => { zone = shownZone; };

export function fillPersonSites(sites, site) {
  byId("person-site").replaceChildren(...sites.map((one) => h("option", { value: one.site }, one.site)));
  byId("person-site").value = site ?? "";
  byId("person-find").disabled = sites.length === 0;
}

/** Takes the person off the page. */
export function forgetPerson() {
  asked += 1;
  found = null;
  const site = byId("person-site").value;
  byId("person-form").reset();
  byId("person-site").value = site;
  showWay();
  for (const id of ["person-result", "person-outcome"]) byId(id).replaceChildren();
  setText(byId("person-error"), "");
}

const wayNow = () => byId("person-form").querySelector("[name=way]:checked").value;

function showWay() {
  const way = wayNow();
  setText(byId("person-label"), WAYS[way][0]);
  byId("person-who").inputMode = way === "email" ? "email" : "text";
  byId("person-who").removeAttribute("aria-invalid");
  setText(byId("person-error"), "");
  const note = byId("person-note");
  note.hidden = way !== "email";
  note.classList.toggle("loud", !canHash());
  setText(note, canHash() ? "The address is hashed in this page. Only the hash is sent, and the address is not kept."
    : "This page was not loaded over https, so the browser cannot hash here: the address itself is sent to the collector, which hashes it and forgets it. Use https or localhost if somebody may listen on the way.");
}

async function find(event) {
  event.preventDefault();
  const number_ = ++asked;
  const input = byId("person-who");
  const { body, problem } = await naming(wayNow(), input.value);
  setText(byId("person-error"), problem ?? "");
  input.toggleAttribute("aria-invalid", false);
  if (problem) {
    input.setAttribute("aria-invalid", "true");
    return input.focus();
  }
  found = null;
  byId("person-outcome").replaceChildren();
  byId("person-result").replaceChildren(h("p", { class: "muted" }, "Looking …"));
  return look({ site: byId("person-site").value, ...body }, number_, true);
}

async function look(who, question, focus) {
  try {
    const answer = await api.person("find", who);
    if (question !== asked) return;
    found = answer.found ? { who, told: answer } : null;
    show(answer, who);
    if (focus) told.looked();
    if (focus) byId("person-result").querySelector("h3")?.focus();
  } catch (error) {
    if (question !== asked) return;
    if (error.status === 401) told.ended(error);
    else byId("person-result").replaceChildren(finding("bad", h("p", null, `Nobody could be looked for. ${trouble(error)}`)));
  }
}

function show(answer, who) {
  const result = byId("person-result");
  if (!answer.found) {
    return result.replaceChildren(h("h3", { tabindex: "-1" }, `Nobody known on ${who.site}`),
      h("p", null, "No lead is stored under this. A visitor who never left an address cannot be told from others, and so cannot be found: what such a visit left goes by itself with the retention of events."));
  }
  const yes = (value) => (value ? "yes" : "no");
  const button = (act, words, kind, press) => h("button", { type: "button", "data-act": act, class: kind, click: (event) => void once(event.currentTarget, press) }, words);
  return result.replaceChildren(
    h("h3", { tabindex: "-1" }, `Held on ${answer.site}`),
    pairs([["Reference in the log", h("code", null, answer.reference ?? "none yet")], ["Lead key", h("code", null, answer.key)], ["Stage", !answer.stage ? "no lead" : ["mql", "sal", "sql"].includes(answer.stage) ? answer.stage.toUpperCase() : fieldName(answer.stage)],
      ...(answer.first_seen ? [["First seen", `${moment(answer.first_seen, zone)} (${zone})`], ["Last seen", moment(answer.last_seen, zone)]] : []), ["Restricted", yes(answer.restricted)], ["Consent withdrawn", yes(answer.withdrawn)]], "facts-list"),
    answer.stage || answer.first_seen ? "" : h("p", null, answer.withdrawn ? "Nothing is left but the note that consent was withdrawn, which keeps a page’s general consent from bringing this person back." : "Nothing is left but notes about requests of this person."),
    counted(answer.counts),
    h("div", { class: "acts" },
      h("div", { class: "row" }, button("json", "Export JSON", "", () => save("json")), button("csv", "Export CSV", "", () => save("csv")),
        button("restrict", answer.restricted ? "Lift the restriction" : "Restrict", "", restrict)),
      h("div", { class: "row" }, button("withdraw", "Withdraw consent …", "danger-line", () => undo("withdraw")), button("erase", "Erase …", "danger-line", () => undo("erase")))));
}

const counted = (counts) => pairs(countsOf(counts).map(([label, value]) => [label, number(value)]), "counts");

/** Runs one act at a time; a second press while the first runs does nothing. */
let busy = false;
async function once(button, press) {
  if (busy || !found) return;
  busy = true;
  button.setAttribute("aria-busy", "true");
  const before = asked;
  try {
    await press();
  } catch (error) {
    if (error.status === 401) told.ended(error);
    else if (before === asked) outcome(finding("bad", h("p", null, `That did not work. ${error.status === 404 ? "Nobody is stored under this any more." : trouble(error)}`)));
  } finally {
    busy = false;
    button.removeAttribute("aria-busy");
  }
}

const outcome = (...nodes) => byId("person-outcome").replaceChildren(...nodes);

async function save(format) {
  const { who, told: answer } = found;
  const file = await api.exportPerson({ ...who, format });
  const name = `person-${String(answer.reference ?? answer.key).slice(0, 12)}-${who.site}.${format}`;
  download(name, file);
  outcome(finding("good", h("p", null, `Saved as ${name}. It holds personal data: hand it to the person alone. The log has an entry about this export.`)));
  told.changed("export");
}

async function restrict() {
  const { who, told: answer } = found;
  const restricted = !answer.restricted;
  const done = await api.person("restrict", { ...who, restricted, dry_run: false });
  outcome(finding("good", h("p", null, restricted ? "Restricted: what is stored stays, and is used for nothing." : "The restriction is lifted.")), ...(done.receipt ? [showReceipt(done.receipt, zone, told.toEntry)] : []));
  told.changed("restrict");
  await look(who, asked, false);
  byId("person-result").querySelector("[data-act=restrict]")?.focus();
}

/** Withdraws or erases: first the count, then the question, then the act. */
async function undo(act) {
  const { who } = found;
  const before = asked;
  const dry = await api.person(act, { ...who, dry_run: true });
  if (before !== asked) return;
  const erase = act === "erase";
  const sure = await confirm({
    title: erase ? "Erase this person for good?" : "Withdraw this person’s consent?", yes: erase ? "Erase for good" : "Withdraw consent", word: erase ? "ERASE" : "", danger: true,
    body: [h("p", null, `On ${dry.site}, reference `, h("code", null, dry.reference), ". ", erase ? "This will be deleted, and cannot be brought back:" : "With the consent goes what it allowed to keep:"), counted(dry.counts), unreached(dry.cannot_reach)],
  });
  if (before !== asked) return;
  if (!sure) return outcome(finding("plain", h("p", null, `Cancelled: nothing was ${erase ? "erased" : "withdrawn"}.`)));
  const done = await api.person(act, { ...who, dry_run: false });
  forgetPerson();
  outcome(h("h3", { tabindex: "-1" }, `${DONE[act]} on ${done.site}`), counted(done.counts), unreached(done.cannot_reach) ?? "", done.receipt ? showReceipt(done.receipt, zone, told.toEntry) : "");
  byId("person-outcome").querySelector("h3").focus();
  told.changed(act);
}

function unreached(list) {
  if (!list?.length) return null;
  return h("div", { class: "unreached" }, h("h4", null, "What this cannot reach"),
    h("ul", null, list.map((one) => h("li", null, h("strong", null, fieldName(one.what)), one.at ? ` (${/^\d{4}-\d\d-\d\dT/.test(one.at) ? moment(one.at, zone) : one.at})` : "", ": ", prose(one.sentence)))));
}

export function wirePerson(events) {
  told = events;
  byId("person-form").addEventListener("submit", (event) => void find(event));
  byId("person-ways").addEventListener("change", () => {
    byId("person-who").value = "";
    showWay();
  });
  showWay();
}
