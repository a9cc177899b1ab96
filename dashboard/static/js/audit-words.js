// The audit page's words: instants with their seconds, ages, and details as labelled lines instead of JSON. Pure.

import { isDate } from "./dates.js";
import { count, date, fieldName, number } from "./format.js";
import { SIGNALS } from "./suppressed.js";

const patterns = new Map();
function patternFor(zone) {
  if (!patterns.has(zone)) {
    patterns.set(zone, new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" }));
  }
  return patterns.get(zone);
}

/** An instant to the second: "20 Nov 2026, 15:03:11". */
export function moment(value, zone) {
  const at = value === null || value === undefined ? NaN : new Date(value).getTime();
  return Number.isNaN(at) ? "–" : patternFor(zone).format(at).replace("Sept", "Sep");
}

/** A span of time in its largest two units: "3 days", "5 h 20 min". */
export function span(ms) {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${number(Math.floor(hours / 24))} days`;
  if (hours === 0) return `${minutes} min`;
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

/** A number of days, and in months where they are many. */
export const days = (value) => (value === null || value === undefined ? "–" : `${count(value, "day")}${value >= 60 ? ` (${Math.round(value / 30.4)} months)` : ""}`);

const COUNTS = {
  events: "Events", same_pseudonym_events: "Events of the same pseudonym", visits: "Visits of the last two days", leads: "Lead records",
  hits: "Matches of scoring rules", transitions: "Changes of stage", rollup_cells: "Counts in reports", audit_entries: "Entries in the log",
};
const SETTINGS = {
  honour_dnt: "Honours Do Not Track", link_same_day: "Counts the same day for a lead", hosts: "Further hosts", props: "Allowed properties",
  allow_automation: "Lets automated browsers in",
  geo_file: "Country database", ipv4_prefix: "Bits of an IPv4 address", public_url: "Public address",
  client_rate: "Events a second from one client", client_burst: "Events at once from one client", client_leads: "People a day from one client", site_rate: "Events a second for one site", site_burst: "Events at once for one site", site_no: "Site number", listen: "Address",
  others: "Further ones before it", form_basis: "Basis of forms", retention: "Days kept", ceiling: "Highest rung",
};
const ORDER = Object.keys(COUNTS);
const place = ([name]) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
const REFUSED = { password: "wrong password", setup_link: "set-up link not valid", too_many: "too many attempts" };
/** [[label, number], …] of what was counted: what happened first, then what was made of it. */
export const countsOf = (counts) => Object.entries(counts ?? {}).sort((one, other) => place(one) - place(other)).map(([name, value]) => [COUNTS[name] ?? fieldName(name), value]);

const KINDS = { events: "Pseudonymous events", leads: "Leads", aggregates: "Counts" };
export const kindName = (kind, kinds = []) => kinds.find((one) => one.kind === kind)?.title ?? KINDS[kind] ?? fieldName(kind);

const ROLES = { owner: "Owner", auditor: "Auditor", operator: "Operator", collector: "Collector", stranger: "Not logged in" };
export const ROLE_NAMES = Object.entries(ROLES);
export const roleName = (role) => ROLES[role] ?? fieldName(role ?? "unknown");

export const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);
/** A signal's title: the ladder's where it is known. */
export const signalName = (signal, ladder) => ladder?.signals?.find((one) => one.signal === signal)?.title
  ?? (signal === "none" || !signal ? "Nobody said anything" : capital(SIGNALS[signal] ?? fieldName(signal)));
export const rungName = (rung, ladder) => ladder?.steps?.find((one) => one.rung === rung)?.title ?? fieldName(rung);

/** Findings that say the log is wrong, and those that only say that less vouches for it. */
export function apart(findings) {
  const warns = ({ kind }) => kind === "no_anchor" || kind === "anchor_begun_late";
  return { wrong: findings.filter((one) => !warns(one)), notices: findings.filter(warns) };
}

export const short = (hash) => String(hash ?? "").slice(0, 12);

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function say(value, zone) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return value.length ? value.map((one) => inline(one, zone)).join("; ") : "none";
  if (isDate(value)) return date(value);
  return INSTANT.test(value) ? moment(value, zone) : String(value);
}

const has = (told, ...names) => Object.keys(told).length === names.length && names.every((name) => name in told);
/** Anything on one line. */
const inline = (value, zone) => (isObject(value) ? lines(value, zone).map(([label, words]) => `${label.charAt(0).toLowerCase()}${label.slice(1)} ${words}`).join(", ") : say(value, zone));

/** Whatever stands in an entry's details or in a site's settings, as [[label, words], …]. */
export function lines(told, zone, before = "") {
  if (!isObject(told)) return told === null || told === undefined ? [] : [["Note", say(told, zone)]];
  // Of settings and models all that is now, and of what was before only what was another.
  if (has(told, "now", "before")) {
    return isObject(told.before) ? lines(Object.fromEntries(Object.entries(told.before).map(([name, from]) => [name, { from, to: told.now?.[name] ?? null }])), zone) : lines(told.now, zone);
  }
  return Object.entries(told).flatMap(([name, value]) => {
    // A name with a dot in it is a file’s.
    const own = COUNTS[name] ?? SETTINGS[name] ?? (name.includes(".") ? name : fieldName(name));
    const label = before ? `${before}: ${own.charAt(0).toLowerCase()}${own.slice(1)}` : own;
    if (value === null || value === "" || (name === "others" && value === 0)) return [];
    if (!isObject(value)) return [[label, name === "reason" ? REFUSED[value] ?? say(value, zone) : say(value, zone)]];
    // What was counted: only what there was. What a retention run deleted. What was changed into what.
    if (name === "counts") return countsOf(value).filter(([, many]) => many !== 0).map(([what, many]) => [what, say(many, zone)]);
    if (has(value, "before", "rows")) return [[kindName(name), `${count(value.rows, "row")} from before ${say(value.before, zone)}`]];
    if (has(value, "from", "to")) {
      const [from, to] = [value.from, value.to];
      const kept = (side, other) => (isObject(from) && isObject(to) ? Object.fromEntries(Object.entries(side).filter(([part, is]) => is !== other[part])) : side);
      return [[own, `${inline(kept(from, to), zone)} → ${inline(kept(to, from), zone)}`]];
    }
    return lines(value, zone, ["changed", "policy"].includes(name) ? "" : label);
  });
}
