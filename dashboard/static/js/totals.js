// The headline: MQLs, visits, leads and the two rates, each with its change, and what they mean.

import { byId, h, heard, highlight, setText } from "./dom.js";
import { change, date, dateRange, number, percent, rateChange, ratio } from "./format.js";

/** The five numbers of a set of totals. */
const numbersOf = (totals) => totals && {
  mqls: totals.mqls, visits: totals.visits, leads: totals.leads,
  visit_to_lead: ratio(totals.leads, totals.visits), lead_to_mql: ratio(totals.mqls, totals.leads),
};
const isRate = (name) => name.includes("_to_");

/** Shows the totals of a report; `fresh` highlights what changed since the last one. */
export function showTotals(report, fresh) {
  const now = numbersOf(report.totals);
  const before = numbersOf(report.previous_totals);
  for (const box of byId("totals").children) {
    const name = box.dataset.total;
    const show = isRate(name) ? percent : number;
    const value = box.querySelector(".value");
    if (setText(value, show(now[name])) && fresh && !isRate(name)) highlight(value);
    const difference = isRate(name) ? rateChange(now[name], before ? before[name] : null) : change(now[name], before?.[name]);
    const from = before ? `${show(before[name])} before` : "";
    box.querySelector(".change").replaceChildren(
      h("span", { class: `delta ${difference.way}`, "aria-hidden": "true" }, difference.seen), heard(`${difference.heard}, `),
      h("span", { class: "from" }, from || "\u00a0"));
  }
}

/** Says which days and which attribution all of this is about, and fills in the definitions. */
export function showPeriod(report, today, touch) {
  const against = report.previous ? dateRange(report.previous.from, report.previous.to) : null;
  const title = byId("headline-title");
  title.replaceChildren(h("strong", null, dateRange(report.from, report.to)), against ? ` against ${against}` : "", ` · ${touch}`);
  byId("so-far").hidden = report.to !== today;
  setText(byId("means-previous"), against ?? "not shown now");
  setText(byId("means-zone"), `${report.time_zone}, where it is ${date(today)}`);
  const model = report.model;
  setText(byId("means-threshold"), model ? `${number(model.threshold)} points in the model “${model.name}”` : "the threshold");
  byId("model").replaceChildren();
  if (model) byId("model").append("Scored by ", h("strong", null, model.name), ` (${String(model.hash).slice(0, 8)}), MQL from ${number(model.threshold)} points. Times and days in ${report.time_zone}.`);
}

/** The labels lead to their definitions. */
export function wireDefinitions() {
  byId("totals").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault();
    byId("means").open = true;
    const definition = byId(link.hash.slice(1));
    definition.focus({ preventScroll: true });
    definition.scrollIntoView({ block: "nearest" });
  });
}
