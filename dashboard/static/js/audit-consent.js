// The consent ladder, and what came of it on one site: stored by rung and signal, suppressed, capped, dropped.

import { byId, h, setText } from "./dom.js";
import { showChart } from "./audit-chart.js";
import { pairs, prose, table } from "./audit-part.js";
import { days, lines, rungName, signalName } from "./audit-words.js";
import { dateRange, fieldName, number, percent, ratio } from "./format.js";
import { suppressedWords } from "./suppressed.js";

const sum = (rows) => (rows ?? []).reduce((all, { count }) => all + count, 0);
const REASONS = {
  bot: "declared bots", automation: "automated browsers", spam: "referrer spam",
};

/** The table that the documents print too. */
export function showLadder(ladder) {
  const yes = (value, words) => (value ? words : "no");
  byId("ladder").replaceChildren(
    table("The consent ladder: what is kept and scored at each rung", [["Rung"], ["When"], ["What is kept"], ["What for"], ["Scored on"], ["Basis"]],
      ladder.steps.map((step) => ({ "data-rung": step.rung, cells: [[h("span", { class: `rung r-${step.rung}`, "aria-hidden": "true" }), step.title], ...[step.when, step.kept, step.purpose, step.scored_on, step.basis].map(prose)] }))),
    h("p", { class: "rule" }, prose(ladder.rule)),
    h("details", null, h("summary", null, `The ${number(ladder.signals.length)} signals that are listened to`),
      table("Signals, how each is given, and what it can do", [["Signal"], ["How it is given"], ["Can grant"], ["Can deny"]],
        ladder.signals.map((one) => ({ cells: [one.title, prose(one.how), yes(one.raises, "yes"), yes(one.denies, "yes")] })))));
}

/** The counts of a site and period; `ladder` gives the titles if it is known. */
export function showConsent(told, ladder, zone) {
  const stored = sum(told.stored);
  const suppressed = sum(told.suppressed);
  const counts = Object.fromEntries(told.suppressed.map(({ signal, count }) => [signal, count]));
  const nothing = stored + suppressed + sum(told.dropped) === 0;
  setText(byId("consent-period"), `${told.site}, ${dateRange(told.from, told.to)}. Days begin and end at midnight in ${zone}.`);
  byId("consent-numbers").hidden = nothing;
  byId("consent-empty").hidden = !nothing;
  setText(byId("consent-empty"), `Nothing was sent by ${told.site} in this period, and nobody asked not to be measured.`);
  setText(byId("consent-sentence"), suppressed ? suppressedWords(suppressed, counts, (signal) => signalName(signal, ladder)).replace("these numbers", "the events below") : "No visit asked not to be measured in this period.");
  const rows = told.stored.filter(({ count }) => count > 0);
  byId("consent-stored").replaceChildren(rows.length
    ? table(`Events stored on ${told.site} by rung and by the signal that decided`, [["Rung"], ["Decided by"], ["Events", "num"], ["Share", "num"]],
      [...rows.map(({ rung, signal, count }) => ({ "data-stored": `${rung}/${signal}`, cells: [[h("span", { class: `rung r-${rung}`, "aria-hidden": "true" }), rungName(rung, ladder)], signalName(signal, ladder), number(count), percent(ratio(count, stored))] })),
        { class: "sum", cells: ["All stored events", "", number(stored), percent(ratio(stored, stored))] }], { cards: false })
    : h("p", { class: "muted" }, "No event was stored in this period."));
  const denied = told.suppressed.filter(({ count }) => count > 0);
  byId("consent-suppressed").replaceChildren(denied.length
    ? table("Visits that asked not to be measured, by signal", [["Signal"], ["Visits", "num"]],
      [...denied.map(({ signal, count }) => ({ "data-suppressed": signal, cells: [signalName(signal, ladder), number(count)] })), { class: "sum", cells: ["All suppressed visits", number(suppressed)] }], { cards: false })
    : h("p", { class: "muted" }, "None."));
  byId("consent-door").replaceChildren(table("What was taken away at the door", [["What happened"], ["Times", "num"]], [
    ["Claimed more consent than the site allows: capped", "consent_capped"],
    ["Address dropped, because nothing allowed to keep it", "identity_dropped"],
    ["Address dropped: too many from its sender that day", "identity_limited"],
    ["Address without a valid proof", "identity_unproven"],
    ["Personal data in a path, title or property: redacted", "redacted"],
    ["Property not on the site’s list: dropped", "property_dropped"],
    ...told.dropped.map(({ reason, count }) => [`Not stored: ${REASONS[reason] ?? fieldName(reason).toLowerCase()}`, reason, count]),
  ].map(([words, name, count = told[name]]) => ({ "data-door": name, cells: [words, number(count)] })), { cards: false }));
  showChart(byId("consent-chart"), byId("consent-days"), told, ladder);
  const { version, retention, hosts, signals, ceiling, props, ...policy } = told.policy;
  byId("consent-policy").replaceChildren(pairs([["Policy version", h("code", null, String(version))],
    ["Further hosts", !hosts.length ? "none" : hosts.includes("*") ? "every host" : hosts.join(", ")], ...lines(policy, zone),
    ["Signals whose yes counts", signals.length ? signals.map((signal) => signalName(signal, ladder)).join(", ") : "none"], ["Highest rung", rungName(ceiling, ladder)],
    ["Properties kept", props ? props.join(", ") || "none" : "every property, redacted"], ...Object.entries(retention).map(([name, value]) => [`Kept, ${name}`, days(value)])]));
}
