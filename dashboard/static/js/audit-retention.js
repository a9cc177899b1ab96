// Retention: what is kept how long on which site, what went, and running it: dry, or for good after a question.

import * as api from "./audit-api.js";
import { confirm } from "./audit-dialog.js";
import { finding, table, trouble } from "./audit-part.js";
import { days, kindName, moment, roleName } from "./audit-words.js";
import { byId, h, setText } from "./dom.js";
import { count, date, instant, number } from "./format.js";

let kinds = [];
let zone = "UTC";

export function showRetention(told, shownZone, toEntry) {
  kinds = told.kinds;
  zone = shownZone;
  byId("retention-rules").replaceChildren(
    table("What is kept, and how long", [["Kind"], ["What goes"], ["Kept by default", "nowrap"], ["At most", "nowrap"]],
      told.kinds.map((one) => ({ cells: [one.title, one.what, days(one.default_days), days(one.longest_days)] }))),
    h("h3", null, "By site"),
    told.sites.length ? table("How long each site keeps what", [["Site"], ...told.kinds.map(({ title }) => [title, "nowrap"])],
      told.sites.map((one) => ({ "data-site": one.site, cells: [one.site, ...told.kinds.map(({ kind }) => days(one[`${kind}_days`]))] })))
      : h("p", { class: "muted" }, "There is no site yet."));
  setText(byId("retention-next"), told.next_run_at ? `It runs by itself every day, next on ${instant(told.next_run_at, zone)} (${zone}).` : "");
  byId("retention-runs").replaceChildren(told.runs.length
    ? h("div", { class: "tall", tabindex: "0", role: "region", "aria-label": "Runs" }, table(`Rows that went, newest first, times in ${zone}`, [["When"], ["By"], ["Site"], ...told.kinds.map(({ title }) => [title, "num"]), ["Log entry", "num"]],
      byEntry(told.runs).map((run) => ({ cells: [moment(run[0].at, zone), roleName(run[0].role), run[0].site ?? "–", ...told.kinds.map(({ kind }) => wentOf(run.find((one) => one.kind === kind))), toEntry(run[0].seq)] })), { name: "runs" }))
    : h("p", { class: "muted" }, "It has not run yet."));
}

/** The runs of each log entry together: an entry tells of one site and every kind. */
const byEntry = (runs) => [...runs.reduce((all, one) => all.set(one.seq, [...(all.get(one.seq) ?? []), one]), new Map()).values()];
const wentOf = (one) => (one ? [number(one.rows), h("span", { class: "sub" }, `before ${date(one.before)}`)] : "–");

const sum = (told) => told.runs.reduce((all, { rows }) => all + rows, 0);
const listed = (told) => table("Rows by site and kind", [["Site"], ["Kind"], ["Older than"], ["Rows", "num"]],
  told.runs.map((one) => ({ "data-due": `${one.site}/${one.kind}`, cells: [one.site, kindName(one.kind, kinds), date(one.before), number(one.rows)] })));

/** `changed` is called after a run, `ended` when the session is over. */
export function wireRetention({ changed, ended }) {
  const buttons = [byId("retention-dry"), byId("retention-run")];
  const result = byId("retention-result");
  const work = (button, run) => button.addEventListener("click", async () => {
    for (const one of buttons) one.setAttribute("aria-disabled", "true");
    if (result.dataset.busy) return;
    result.dataset.busy = "1";
    try {
      await run();
    } catch (error) {
      if (error.status === 401) ended(error);
      else result.replaceChildren(finding("bad", h("p", null, `Nothing is known to have gone. ${trouble(error)}`)));
    } finally {
      delete result.dataset.busy;
      for (const one of buttons) one.removeAttribute("aria-disabled");
    }
  });
  work(buttons[0], async () => {
    const told = await api.runRetention(true);
    result.replaceChildren(sum(told) === 0 ? finding("good", h("p", null, "Nothing is past its time: a run now would delete nothing."))
      : finding("plain", h("p", null, h("strong", null, `A run now would delete ${count(sum(told), "row")}. `), "Nothing has been deleted."), listed(told)));
  });
  work(buttons[1], async () => {
    const told = await api.runRetention(true);
    if (sum(told) === 0) return result.replaceChildren(finding("good", h("p", null, "Nothing is past its time, so there was nothing to run.")));
    const sure = await confirm({
      title: `Delete ${count(sum(told), "row")} for good?`, yes: `Delete ${count(sum(told), "row")}`, danger: true,
      body: [h("p", null, "These are past the time their site keeps them. What goes cannot be brought back from here; backups are not touched."), listed(told)],
    });
    if (!sure) return result.replaceChildren(finding("plain", h("p", null, "Cancelled: nothing was deleted.")));
    const done = await api.runRetention(false);
    result.replaceChildren(finding("good", h("p", null, h("strong", null, `${count(sum(done), "row")} deleted. `), "The log has an entry for each site."), listed(done)));
    return changed();
  });
}
