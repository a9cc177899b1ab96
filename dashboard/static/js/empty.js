// What to see when there is nothing to count: the tag to paste, or a hint that the events lie elsewhere.

import { byId, setText } from "./dom.js";
import { dateRange } from "./format.js";

/** Nothing at all happened in the period or in the one before it. */
export const isEmpty = (report) =>
  [report.totals, report.previous_totals].every((totals) => !totals || totals.visits + totals.leads + totals.mqls === 0);

export const tagFor = (site) => `<script defer src="${location.origin}/mq.js" data-site="${site}"></script>`;

/** `ever` is whether the site has events at other times; null while that is not known. */
export function showEmpty(report, ever) {
  byId("empty").hidden = report === null || ever === null;
  if (!report || ever === null) return;
  setText(byId("empty-title"), ever ? "No visits in this period" : "No events yet");
  setText(byId("empty-detail"), ever
    ? `Nothing happened on ${report.site} from ${dateRange(report.from, report.to)}, nor in the period before. Other times have events.`
    : `${report.site} has not sent anything so far.`);
  byId("empty-tag").hidden = ever;
  byId("empty-wider").hidden = !ever;
  setText(byId("empty-site"), report.site);
  setText(byId("tag"), tagFor(report.site));
}

export function wireEmpty(onWider) {
  byId("wider").addEventListener("click", onWider);
  const button = byId("copy-tag");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(byId("tag").textContent);
      button.textContent = "Copied";
    } catch {
      // No clipboard outside https and localhost: select it, so that the usual keys copy it.
      getSelection().selectAllChildren(byId("tag"));
      button.textContent = "Selected: press Ctrl+C or ⌘C";
    }
  });
}
