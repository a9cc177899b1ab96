// The plot as a table, from the same stack. It is always in the page for screen readers; the button shows it.

import { byId, h } from "./dom.js";
import { number } from "./format.js";

export function showPlotTable(stack, words) {
  const { parts, columns } = stack;
  const head = (label) => h("th", { scope: "col" }, label);
  const cell = (value, name) => h("td", { "data-cell": name }, number(value));
  const named = stack.overlap || parts.length < 2 ? [] : parts;
  const table = h("table", null,
    h("caption", { class: "sr-only" }, words),
    h("thead", null, h("tr", null, head("When"), head("MQLs"), head("Before"), head("Before: when"), named.map(({ label }) => head(label)), head("Leads"), head("Visits"))),
    h("tbody", null, columns.map((column) => h("tr", { "data-from": column.from },
      h("th", { scope: "row" }, column.name), cell(column.mqls, "mqls"),
      cell(column.before?.mqls, "before"), h("td", { class: "before" }, column.before?.name ?? "–"),
      named.map(({ key }) => cell(column.values.get(key), `part:${key}`)),
      cell(column.leads, "leads"), cell(column.visits, "visits")))));
  const box = byId("plot-table");
  const { scrollTop, scrollLeft } = box;
  box.replaceChildren(table);
  box.scrollTop = scrollTop;
  box.scrollLeft = scrollLeft;
}

export function wirePlotTable() {
  const button = byId("as-table");
  button.addEventListener("click", () => {
    const box = byId("plot-table");
    const shown = box.classList.toggle("sr-only") === false;
    button.setAttribute("aria-expanded", String(shown));
    button.textContent = shown ? "Hide the table" : "Show as table";
    if (shown) box.setAttribute("tabindex", "0");
    else box.removeAttribute("tabindex");
  });
}
