// The strip at the top: five facts, each filled by the part of the page that knows it, each a link to that part.

import { byId, h } from "./dom.js";
import { apart, capital, short } from "./audit-words.js";
import { overdue } from "./audit-salts.js";
import { count, instant, number } from "./format.js";

const box = (name) => document.querySelector(`[data-fact="${name}"]`);

/** Puts a fact there: the value, a line below it, and whether it is good or bad news. */
function fact(name, value, words, state = "") {
  box(name).dataset.state = state;
  box(name).querySelector(".value").replaceChildren(value);
  box(name).querySelector(".sub").replaceChildren(words);
}

export const unknown = (name) => fact(name, "–", "not known now", "unknown");

export function sayLog(told) {
  const { wrong, notices } = apart(told.findings);
  const head = told.head ? h("span", null, `${count(told.entries, "entry").replace("entrys", "entries")}, head `, h("code", null, short(told.head.hash)), notices.length ? `; ${count(notices.length, "notice")}` : "") : "no entry yet";
  if (told.ok) fact("log", "Verified", head, "good");
  else fact("log", count(wrong.length, "finding"), capital(wrong[0]?.sentence ?? "the log does not verify."), "bad");
  const alarm = byId("alarm");
  alarm.hidden = told.ok;
  if (!told.ok) alarm.replaceChildren(h("strong", null, "The audit log does not verify. "), `${wrong.slice(0, 3).map(({ sentence }) => `${capital(sentence)}.`.replace("..", ".")).join(" ")}${wrong.length > 3 ? ` And ${number(wrong.length - 3)} more.` : ""} `, h("a", { href: "#log" }, "See the log"));
}

export function sayFields(told) {
  const fields = told.tables.flatMap((one) => one.fields);
  const about = fields.filter(({ category }) => category === "profile" || category === "pseudonymous").length;
  fact("fields", number(fields.length), `in ${count(told.tables.length, "table")}; ${number(about)} about people`);
}

export function sayRetention(told, zone) {
  const last = told.runs[0];
  fact("retention", last ? instant(last.at, zone) : "Not yet", told.next_run_at ? `next ${instant(told.next_run_at, zone)}` : "no next run is set");
}

export function saySalts(told) {
  const late = overdue(told, Date.now()).length;
  fact("salts", number(told.live.length), late ? `${number(late)} should be gone` : `${number(told.destroyed.length)}${told.destroyed.length >= 100 ? " or more" : ""} destroyed`, late ? "bad" : "");
}

export const sayErased = (told, zone) => fact("erased", number(told.total), told.entries[0] ? `the last ${instant(told.entries[0].at, zone).split(",")[0]}` : "nobody asked so far");
