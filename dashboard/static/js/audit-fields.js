// Every field that is stored, by table, with a filter; and how many there are of each category.

import { byId, h, setText } from "./dom.js";
import { address } from "./audit-api.js";
import { pairs, prose, table } from "./audit-part.js";
import { moment } from "./audit-words.js";
import { count, fieldName, instant, number } from "./format.js";

const CATEGORIES = {
  profile: "about a person who became a lead", pseudonymous: "of a visitor or lead without a name", technical: "what happened, and how it runs",
  aggregate: "counts over many visits", secret: "keys, and hashes of passwords",
};
const KINDS = { database: "database table", file: "file", memory: "in memory only" };
const badge = (category) => h("span", { class: `badge c-${category}`, title: CATEGORIES[category] }, fieldName(category));
// What is a file, or in memory, has one name for both.
const nameOf = (one) => (one.store === one.table ? one.table : `${one.store} · ${one.table}`);
const ROWS = { at_most: "at most ", at_least: "at least " };

let groups = []; // [{ box, table, rows: [{ row, field, words }] }]

export function showFields(told, zone) {
  const all = told.tables.flatMap((one) => one.fields);
  setText(byId("fields-asof"), `${count(told.tables.length, "table")} and ${count(all.length, "field")}, as declared in the program and compared with what is really there. Row counts as of ${moment(told.generated_at, zone)} (${zone}).`);
  const categories = Object.keys(CATEGORIES).filter((name) => all.some(({ category }) => category === name));
  byId("fields-categories").replaceChildren(...categories.map((name) => h("div", null, h("dt", null, badge(name), h("span", { class: "muted small" }, CATEGORIES[name])),
    h("dd", { "data-category": name }, number(all.filter(({ category }) => category === name).length)))));
  const keep = (id, first, choices) => {
    const before = byId(id).value;
    byId(id).replaceChildren(h("option", { value: "" }, first), ...choices.map(([value, label]) => h("option", { value }, label)));
    byId(id).value = choices.some(([value]) => value === before) ? before : "";
  };
  keep("fields-category", "All categories", categories.map((name) => [name, fieldName(name)]));
  keep("fields-table", "All tables", told.tables.map((one) => [nameOf(one), nameOf(one)]));
  groups = told.tables.map((one) => group(one, zone));
  byId("fields-list").replaceChildren(...groups.map(({ box }) => box));
  for (const format of ["md", "csv", "json"]) byId(`fields-${format}`).href = address("fields", { format });
  filter();
}

function group(one, zone) {
  const rows = one.fields.map((field) => ({ field, words: [one.store, one.table, ...Object.entries(field).filter(([name]) => name !== "sample").map(([, value]) => value)].join(" ").toLowerCase() }));
  const told = table(`Fields of ${one.table} in ${one.store}`, [["Field", "field"], ["What it is"], ["Why, and how long"], ["From where, to whom"], ["A sample", "sample"]],
    one.fields.map((field) => ({
      "data-field": `${one.table}.${field.name}`,
      cells: [[h("code", { class: "field-name" }, field.name), h("span", { class: "muted small" }, field.type), badge(field.category)],
        pairs([["Meaning", prose(field.meaning)], ["Purpose", prose(field.purpose)]], "stacked"),
        pairs([["Basis", prose(field.basis)], ["Kept", prose(field.retention)]], "stacked"),
        pairs([["Source", prose(field.source)], ["Seen by", prose(field.seen_by)], ["Leaves by", prose(field.handoff)]], "stacked"),
        field.sample === null || field.sample === undefined ? h("span", { class: "muted small" }, field.category === "secret" ? "never shown" : "no value yet") : h("code", null, field.sample)],
    })), { name: "fields" });
  for (const [index, row] of [...told.tBodies[0].rows].entries()) rows[index].row = row;
  const held = one.rows === null || one.rows === undefined ? KINDS[one.kind] ?? one.kind : `${ROWS[one.rows_are] ?? ""}${count(one.rows, "row")}${one.oldest ? `, oldest ${instant(one.oldest, zone)}` : ""}`;
  const box = h("details", { class: "group", "data-table": nameOf(one) },
    h("summary", null, h("span", { class: "group-name" }, one.table), h("span", { class: "muted small store" }, one.store === one.table ? "" : one.store), h("span", { class: "held small" }, held),
      h("span", { class: "muted small fields-count" }, count(one.fields.length, "field"))),
    h("p", null, prose(one.meaning), "."), told);
  return { box, name: nameOf(one), rows };
}

function filter() {
  const category = byId("fields-category").value;
  const chosen = byId("fields-table").value;
  const words = byId("fields-text").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const asked = Boolean(category || chosen || words.length);
  let shown = 0;
  let all = 0;
  for (const { box, name, rows } of groups) {
    let inside = 0;
    for (const { row, field, words: said } of rows) {
      const fits = (!category || field.category === category) && (!chosen || name === chosen) && words.every((word) => said.includes(word));
      row.hidden = !fits;
      inside += Number(fits);
    }
    box.hidden = inside === 0;
    if (asked && inside > 0) box.open = true;
    setText(box.querySelector(".fields-count"), inside < rows.length ? `${number(inside)} of ${count(rows.length, "field")}` : count(rows.length, "field"));
    shown += inside;
    all += rows.length;
  }
  setText(byId("fields-shown"), all === 0 ? "Nothing is declared." : shown === 0 ? "No field fits this filter." : asked ? `${number(shown)} of ${count(all, "field")}.` : "");
  byId("fields-clear").hidden = !asked;
}

export function wireFields() {
  byId("fields-filter").addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["fields-category", "fields-table", "fields-text"]) byId(id).addEventListener("input", filter);
  byId("fields-clear").addEventListener("click", () => {
    byId("fields-filter").reset();
    filter();
    byId("fields-text").focus();
  });
  byId("fields-open").addEventListener("click", () => setAll(true));
  byId("fields-close").addEventListener("click", () => setAll(false));
}

function setAll(open) {
  for (const { box } of groups) box.open = open;
}
