// Salts: those that live, with their age and when they go, and those that are gone, each with its log entry.

import { byId, h } from "./dom.js";
import { finding, table } from "./audit-part.js";
import { moment, span } from "./audit-words.js";
import { count, date } from "./format.js";

/** Salts that should be gone by now; an hour's grace for a collector that is about to. */
export const overdue = (told, now) => told.live.filter((one) => one.destroyed_after && new Date(one.destroyed_after).getTime() + 3_600_000 < now);

export function showSalts(told, zone, toEntry) {
  const now = Date.now();
  const late = overdue(told, now);
  // The site of a salt may be no more; such a salt goes within a minute.
  const site = (one) => one.site ?? h("span", { class: "muted" }, "a site that is no more");
  const when = (value) => {
    if (!value) return "within a minute";
    const left = new Date(value).getTime() - now;
    return [moment(value, zone), h("span", { class: "sub" }, left > 0 ? `in ${span(left)}` : `due for ${span(-left)}`)];
  };
  byId("salts-body").replaceChildren(...[
    late.length > 0 && finding("bad", h("p", null, h("strong", null, `${count(late.length, "salt")} should have been destroyed by now. `), "A running collector destroys what is due; look at its log.")),
    h("p", null, `A salt makes the pseudonyms of one site and day. It is destroyed ${span(told.grace_ms)} after the site’s day ends, and from then on nobody can make that day’s pseudonyms again. Times are in ${zone}.`),
    h("h3", null, `Live (${told.live.length})`),
    told.live.length ? table(`Live salts, times in ${zone}`, [["Day"], ["Site"], ["Made"], ["Age", "num"], ["Will be destroyed"]],
      told.live.map((one) => ({ class: late.includes(one) ? "late" : null, "data-salt": `${one.site}/${one.day}`, cells: [date(one.day), site(one), moment(one.made_at, zone), one.made_at ? span(now - new Date(one.made_at).getTime()) : "–", when(one.destroyed_after)] })))
      : h("p", { class: "muted" }, "No salt lives: no visit came today, or the collector has just begun."),
    h("h3", null, told.destroyed.length ? `Destroyed (the latest ${told.destroyed.length})` : "Destroyed"),
    told.destroyed.length ? h("div", { class: "tall", tabindex: "0", role: "region", "aria-label": "Destroyed salts" }, table(`Destroyed salts, newest first, times in ${zone}`, [["Day"], ["Site"], ["Destroyed"], ["Log entry", "num"]],
      told.destroyed.map((one) => ({ cells: [one.day ? date(one.day) : "–", site(one), moment(one.at, zone), toEntry(one.seq)] }))))
      : h("p", { class: "muted" }, "None yet: the first goes after the first day."),
  ].filter(Boolean));
}
