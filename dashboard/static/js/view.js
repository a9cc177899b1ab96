// What the page shows, kept in the URL's query: views can be linked, reloaded and gone back to.
// A named period moves with the calendar; `from` and `to` stay where they are.

import { datesOf, daysIn, intervalsFor, isDate } from "./dates.js";

export const PERIODS = ["7d", "30d", "90d", "month", "last_month", "custom"];
export const DIMENSIONS = ["channel", "source", "campaign", "country", "page", "rule"];
export const INTERVALS = ["day", "week", "month"];
/** Attributions by name; with the last two MQLs are shared among several touches. */
export const ATTRIBUTIONS = { first: "first touch", last: "last touch", linear: "linear attribution", time_decay: "time-decay attribution" };
export const SORTS = ["label", "mqls", "before", "change", "leads", "visits", "visit_to_lead", "lead_to_mql", "share"];

const USUAL = { period: "30d", interval: "", by: "channel", attribution: "first", channel: "", sort: "mqls", order: "desc" };

const among = (value, allowed, otherwise) => (allowed.includes(value) ? value : otherwise);

/** Reads a view from a query string; what makes no sense falls back to the usual. */
export function readView(search) {
  const said = new URLSearchParams(search);
  const from = said.get("from");
  const to = said.get("to");
  const dated = isDate(from) && isDate(to) && from <= to;
  const period = among(said.get("period"), PERIODS, dated ? "custom" : USUAL.period);
  return {
    site: said.get("site") ?? "",
    period: period === "custom" && !dated ? USUAL.period : period,
    from: dated ? from : "",
    to: dated ? to : "",
    interval: among(said.get("interval"), INTERVALS, USUAL.interval),
    by: among(said.get("by"), DIMENSIONS, USUAL.by),
    attribution: among(said.get("attribution"), Object.keys(ATTRIBUTIONS), USUAL.attribution),
    channel: said.get("channel") ?? "",
    sort: among(said.get("sort"), SORTS, USUAL.sort),
    order: among(said.get("order"), ["asc", "desc"], USUAL.order),
  };
}

/** The query string of a view: the site always, the rest where it differs from the usual. */
export function writeView(view) {
  const said = new URLSearchParams();
  if (view.site) said.set("site", view.site);
  if (view.period === "custom") {
    said.set("from", view.from);
    said.set("to", view.to);
  } else if (view.period !== USUAL.period) said.set("period", view.period);
  for (const name of ["interval", "by", "attribution", "channel", "sort", "order"]) {
    if (view[name] && view[name] !== USUAL[name]) said.set(name, view[name]);
  }
  return `?${said}`;
}

/** The parameters of the report that a view asks for. */
export function reportQuery(view, today) {
  const { from, to } = view.period === "custom" ? view : datesOf(view.period, today);
  const { possible, usual } = intervalsFor(daysIn(from, to));
  const interval = possible.includes(view.interval) ? view.interval : usual;
  return { site: view.site, from, to, interval, by: view.by, compare: "previous", attribution: view.attribution };
}

export const attributionName = (attribution) => ATTRIBUTIONS[attribution];

/** The touch that a lead is listed under: credit can be shared among several, a place in a list cannot. */
export const listedBy = (attribution) => (attribution === "last" ? "last" : "first");
