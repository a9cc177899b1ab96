// The audit page's words: instants with their seconds, ages, and details as labelled lines instead of JSON. Pure.

import { isDate } from "./dates.js";
import { date, fieldName, number } from "./format.js";
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
export const days = (count) => (count === null || count === undefined ? "–" : `${number(count)} day${count === 1 ? "" : "s"}${count >= 60 ? ` (${Math.round(count / 30.4)} months)` : ""}`);

const COUNTS = {
  events: "Events", same_pseudonym_events: "Events of the same pseudonym", hits: "Matches of scoring rules", transitions: "Changes of stage",
  visits: "Visits", leads: "Lead records", rollup_cells: "Counts in reports", audit_entries: "Entries in the log",
};
const SETTINGS = {
  honour_dnt: "Honours Do Not Track", link_same_day: "Counts the same day for a lead", form_basis: "Basis of forms", hosts: "Further hosts", props: "Allowed properties",
  allow_automation: "Lets automated browsers in", events_days: "Days for events", leads_days: "Days for leads", aggregates_days: "Days for aggregates", dry_run: "Dry run",
};
/** [[label, number], …] of what was counted, in the order of the API. */
export const countsOf = (counts) => Object.entries(counts ?? {}).map(([name, value]) => [COUNTS[name] ?? fieldName(name), value]);

const KINDS = { events: "Pseudonymous events", leads: "Leads", aggregates: "Aggregates" };
export const kindName = (kind, kinds = []) => kinds.find((one) => one.kind === kind)?.title ?? KINDS[kind] ?? fieldName(kind);

const ROLES = { owner: "Owner", auditor: "Auditor", operator: "Operator", collector: "Collector", stranger: "Not logged in" };
export const ROLE_NAMES = Object.entries(ROLES);
export const roleName = (role) => ROLES[role] ?? fieldName(role ?? "unknown");

const first = (words) => words.charAt(0).toUpperCase() + words.slice(1);
/** A signal's title: the ladder's where it is known. */
export const signalName = (signal, ladder) => ladder?.signals?.find((one) => one.signal === signal)?.title
  ?? (signal === "none" || !signal ? "Nobody said anything" : first(SIGNALS[signal] ?? fieldName(signal)));
export const rungName = (rung, ladder) => ladder?.steps?.find((one) => one.rung === rung)?.title ?? fieldName(rung);

export const short = (hash) => String(hash ?? "").slice(0, 12);

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function say(value, zone) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return number(value);
  if (Array.isArray(value)) return value.length ? value.map((one) => (isObject(one) ? lines(one, zone).map(([label, words]) => `${label.toLowerCase()} ${words}`).join(", ") : say(one, zone))).join("; ") : "none";
  if (isDate(value)) return date(value);
  return INSTANT.test(value) ? moment(value, zone) : String(value);
}

/** Whatever stands in an entry's details or in a site's settings, as [[label, words], …]. */
export function lines(told, zone, before = "") {
  if (!isObject(told)) return told === null || told === undefined ? [] : [["Note", say(told, zone)]];
  return Object.entries(told).flatMap(([name, value]) => {
    const own = COUNTS[name] ?? SETTINGS[name] ?? fieldName(name);
    const label = before && before !== "Counts" ? `${before}: ${own.charAt(0).toLowerCase()}${own.slice(1)}` : own;
    if (value === null || value === "") return [];
    return isObject(value) ? lines(value, zone, label) : [[label, say(value, zone)]];
  });
}
