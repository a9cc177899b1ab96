// Says news politely to screen readers, and works out what the news is.

import { byId } from "./dom.js";
import { count } from "./format.js";

export function announce(words) {
  const announcer = byId("announcer");
  announcer.textContent = "";
  announcer.textContent = words;
}

/** What is new between two reports of the same question, in one sentence; null if no MQL came. */
export function news(before, after) {
  const more = after.totals.mqls - before.totals.mqls;
  if (more <= 0) return null;
  const known = new Map(before.rows.map((row) => [row.key, row.mqls]));
  const where = after.rows.filter((row) => row.mqls > (known.get(row.key) ?? 0)).map((row) => row.label);
  const under = where.length > 0 && where.length <= 3 ? ` under ${where.join(", ")}` : "";
  return `${count(more, "new MQL")}${under}. ${count(after.totals.mqls, "MQL")} in this period.`;
}
