// The table by dimension: bars and numbers of each row, sortable; a channel's row chooses its leads.

import { inked, look, swatch } from "./channels.js";
import { byId, h, heard, highlight, reconcile, setText, svg } from "./dom.js";
import { change, exact, number, percent, ratio } from "./format.js";

const COLUMNS = [
  ["label", null, null],
  ["mqls", "MQLs", "Leads that reached the threshold in the period"],
  ["change", "Change", "MQLs against the period before"],
  ["before", "Before", "MQLs in the period before"],
  ["leads", "Leads", "People who left an address and may be qualified, in the period"],
  ["visits", "Visits", "Visits in the period"],
  ["visit_to_lead", "Visit → lead", "Leads divided by visits"],
  ["lead_to_mql", "Lead → MQL", "MQLs divided by leads"],
  ["share", "Share", "This row's part of all MQLs of the period"],
];

const numbersOf = (row, total) => ({
  label: row.label, mqls: row.mqls, before: row.previous?.mqls ?? null,
  change: row.previous ? exact(row.mqls - row.previous.mqls) : null,
  leads: row.leads, visits: row.visits, visit_to_lead: ratio(row.leads, row.visits),
  lead_to_mql: ratio(row.mqls, row.leads), share: ratio(row.mqls, total),
});

/** Sorts a report's rows; what has no value comes last either way, equals keep the server's order. */
export function sorted(rows, total, sort, order) {
  const way = order === "asc" ? 1 : -1;
  if (sort === "mqls" && order === "desc") return rows;
  return rows.map((row) => [row, numbersOf(row, total)[sort]]).sort(([, one], [, other]) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return way * (typeof one === "string" ? one.localeCompare(other, "en") : one - other);
  }).map(([row]) => row);
}

export class Rows {
  #events;
  #by = null;
  #table = null;

  /** `events` has sort(column, order) and select(row key or ""). */
  constructor(events) {
    this.#events = events;
  }

  show(report, view, dimension, fresh) {
    if (this.#by !== report.by) this.#build(report.by, dimension);
    const highest = Math.max(1, ...report.rows.map((row) => Math.max(row.mqls, row.previous?.mqls ?? 0)));
    for (const head of this.#table.tHead.rows[0].cells) {
      const sortedBy = head.dataset.column === view.sort;
      if (sortedBy) head.setAttribute("aria-sort", view.order === "asc" ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
      setText(head.querySelector(".arrow"), sortedBy ? (view.order === "asc" ? "↑" : "↓") : "");
    }
    const rows = sorted(report.rows, report.totals.mqls, view.sort, view.order);
    reconcile(this.#table.tBodies[0], rows, (row) => row.key, () => this.#row(report.by),
      (node, row) => this.#update(node, row, report, view, highest, fresh));
  }

  #build(by, dimension) {
    this.#by = by;
    this.#table = h("table", { class: "rows" },
      h("caption", { class: "sr-only" }, `MQLs by ${by}. The buttons in the head sort.`),
      h("thead", null, h("tr", null, COLUMNS.map(([name, label, meaning]) => h("th", { scope: "col", "data-column": name },
        h("button", { type: "button", class: "sort", title: meaning ?? false, click: () => this.#sort(name) },
          h("span", null, label ?? dimension), h("span", { class: "arrow", "aria-hidden": "true" })))))),
      h("tbody"));
    byId("rows").replaceChildren(this.#table);
  }

  #sort(name) {
    const now = this.#table.querySelector(`[data-column="${name}"]`).getAttribute("aria-sort");
    const first = name === "label" ? "asc" : "desc";
    this.#events.sort(name, now === null ? first : now === "descending" ? "asc" : "desc");
  }

  #row(by) {
    const name = by === "channel"
      ? h("button", { type: "button", class: "row-name", click: (event) => this.#select(event.currentTarget) })
      : h("span", { class: "row-name" });
    name.append(h("span", { class: "label" }), svg("svg", { class: "bar", "aria-hidden": "true", focusable: "false" }));
    return h("tr", null, h("th", { scope: "row" }, name), COLUMNS.slice(1).map(([column]) => h("td", { "data-cell": column })));
  }

  #select(button) {
    const row = button.closest("tr");
    this.#events.select(row.classList.contains("chosen") ? "" : row.dataset.key);
  }

  #update(node, row, report, view, highest, fresh) {
    const numbers = numbersOf(row, report.totals.mqls);
    const name = node.querySelector(".row-name");
    const chosen = report.by === "channel" && view.channel === row.key;
    node.classList.toggle("chosen", chosen);
    if (name.tagName === "BUTTON") {
      name.setAttribute("aria-pressed", String(chosen));
      name.title = chosen ? "Show the MQLs of all channels" : `Show only the MQLs of ${row.label}`;
    } else name.title = row.label;
    const label = name.querySelector(".label");
    if (label.textContent !== row.label || !label.firstChild) label.replaceChildren(swatch(report.by, row.key), h("span", null, row.label));
    const part = (value) => `${((100 * value) / highest).toFixed(2)}%`;
    const bar = [svg("rect", { class: "bar-bed", width: "100%", height: "100%" })];
    if (row.mqls > 0) bar.push(inked(look(report.by, row.key), { width: part(row.mqls), height: "100%" }));
    if (numbers.before > 0) bar.push(svg("rect", { class: "bar-before", x: part(numbers.before), width: 3, height: "100%", transform: "translate(-2 0)" }));
    name.querySelector(".bar").replaceChildren(...bar);
    for (const cell of node.cells) {
      const column = cell.dataset.cell;
      if (!column) continue;
      if (column === "change") showChange(cell, change(row.mqls, numbers.before));
      else if (setText(cell, ["share", "visit_to_lead", "lead_to_mql"].includes(column) ? percent(numbers[column]) : number(numbers[column])) && fresh && column === "mqls") highlight(cell);
      cell.classList.toggle("zero", numbers[column] === 0 || numbers[column] === null);
      cell.classList.toggle("mqls", column === "mqls");
      cell.classList.toggle("before", column === "before");
    }
  }
}

function showChange(cell, difference) {
  if (cell.dataset.seen === difference.heard) return;
  cell.dataset.seen = difference.heard;
  cell.replaceChildren(h("span", { class: `delta ${difference.way}`, "aria-hidden": "true" }, difference.seen), heard(difference.heard));
}

/** Says how the rows' MQLs relate to the total, where they do not simply add up to it. */
export function showSum(report) {
  const sum = exact(report.rows.reduce((all, row) => all + row.mqls, 0));
  const total = report.totals.mqls;
  const words = sum > total ? `These rows add up to ${number(sum)}, more than the ${number(total)} MQLs of the period: one lead can stand in several rows.`
    : sum < total ? `These rows add up to ${number(sum)} of ${number(total)} MQLs: for the rest no ${report.by} is known.` : "";
  setText(byId("rows-sum"), words);
  byId("rows-sum").hidden = !words;
}
