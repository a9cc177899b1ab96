// What made one lead an MQL: the lines of its score with their sum, at the moment it qualified or now, those of
// the machine and those of people apart, where it stands and until when, what is missing, and how it got from stage to
// stage. The sum is taken here, not believed.

import * as api from "./api.js";
import { choose, h, heard, keepingFocus, segments } from "./dom.js";
import { fieldName, hours, instant, instants, points, signedPoints, stageName } from "./format.js";

const AXES = [["fit", "Fit: who it is"], ["engagement", "Engagement: what happened"]];
const thousandths = (value) => Math.round(value * 1000);
const sumOf = (lines) => lines.reduce((sum, line) => sum + thousandths(line.points), 0) / 1000;
const isCap = (line) => !["rule", "attribute", "override"].includes(line.kind);
const EFFECTS = { engagement: "points of engagement", fit: "points of fit", hold: "Held back from being an MQL", qualify: "Qualified as an MQL" };
const byWhom = (role) => (role === "collector" ? "by the score" : role ? `by the ${role}` : "");

export class Explanation {
  #panel;
  #lead;
  #site;
  #zone;
  #failed;
  #asOf;
  #choice;
  #body;
  #asking = null;

  constructor(panel, lead, site, zone, failed) {
    this.#panel = panel;
    this.#lead = lead;
    this.#site = site;
    this.#zone = zone;
    this.#failed = failed;
    this.#asOf = lead.became_mql_at ? "mql" : "now";
    this.#choice = h("fieldset", { class: "segments" }, h("legend", null, "As of"));
    segments(this.#choice, `as-of-${lead.key}`, [...(lead.became_mql_at ? [["mql", "When it became an MQL"]] : []), ["now", "Now"]], (asOf) => {
      this.#asOf = asOf;
      void this.load();
    });
    this.#body = h("div", { class: "explanation-body", "aria-live": "off" }, h("p", { class: "muted" }, "Adding up …"));
    const others = Object.entries(lead.attributes ?? {});
    panel.replaceChildren(
      h("div", { class: "explanation-top" }, this.#choice,
        h("p", { class: "muted small" }, "Lead ", h("code", null, lead.key.slice(0, 12)), ` · first seen ${instant(lead.first_seen, zone)}, last ${instant(lead.last_seen, zone)}`)),
      ...(others.length ? [h("dl", { class: "attributes" }, others.map(([name, value]) => h("div", null, h("dt", null, `${fieldName(name)} `), h("dd", null, String(value)))))] : []),
      this.#body);
  }

  /** Fetches and shows it. */
  async load() {
    choose(this.#choice, this.#asOf);
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#body.setAttribute("aria-busy", "true");
    try {
      const asOf = this.#asOf === "mql" ? this.#lead.became_mql_at : null;
      const told = await api.explanation(this.#lead.key, { site: this.#site, as_of: asOf }, asking.signal);
      keepingFocus(() => this.#body.replaceChildren(...this.#show(told)));
      this.#body.removeAttribute("aria-busy");
    } catch (error) {
      if (api.isAbort(error)) return;
      this.#body.removeAttribute("aria-busy");
      if (error.status === 401) return this.#failed(error);
      this.#body.replaceChildren(h("p", { class: "error", role: "alert" }, `The explanation could not be fetched: ${error.message} `,
        h("button", { type: "button", class: "quiet", click: () => void this.load() }, "Try again")));
    }
  }

  /** The list told something new about this lead: what is shown as of now is out of date. */
  leadChanged(lead) {
    const other = lead.became_mql_at !== this.#lead.became_mql_at;
    this.#lead = lead;
    return this.#asOf === "now" || other ? this.load() : undefined;
  }

  #show(told) {
    const sum = sumOf(told.lines);
    const fits = thousandths(sum) === thousandths(told.score.total);
    const named = new Set(AXES.map(([axis]) => axis));
    const groups = [...AXES.map(([axis, label]) => [label, told.lines.filter((line) => line.axis === axis && line.kind !== "total_clamp")]),
      ["Both together", told.lines.filter((line) => !named.has(line.axis) || line.kind === "total_clamp")]];
    const table = h("table", { class: "lines" },
      h("caption", { class: "sr-only" }, `Score as of ${instant(told.as_of, this.#zone)}`),
      h("thead", { class: "sr-only" }, h("tr", null, h("th", { scope: "col" }, "Reason"), h("th", { scope: "col" }, "Points"))),
      groups.filter(([, lines]) => lines.length).map(([label, lines]) => h("tbody", null,
        h("tr", { class: "axis-row" }, h("th", { scope: "rowgroup" }, label), h("td", { class: "subtotal" }, heard("subtotal "), h("span", { class: "muted small" }, points(sumOf(lines))))),
        lines.map((line) => this.#line(line)))),
      h("tfoot", null, h("tr", { class: "sum-row" }, h("th", { scope: "row" }, "Sum"), h("td", { "data-sum": sum }, points(sum))),
        told.lines.some((line) => line.kind === "override") && told.machine_score
          ? h("tr", { class: "machine-row" }, h("th", { scope: "row" }, "The score alone, without what people said"), h("td", { "data-machine": told.machine_score.total }, points(told.machine_score.total))) : null));
    return [
      table,
      fits ? null : h("p", { class: "error", role: "alert" }, `These lines add up to ${points(sum)}, but the score says ${points(told.score.total)}. That is a mistake in MQLite: please report it.`),
      h("p", { class: `verdict ${told.qualifies ? "yes" : "no"}` }, h("span", { class: "mark", "aria-hidden": "true" }, told.qualifies ? "✓" : "✗"),
        h("span", null, `${points(told.score.total)} points as of ${instant(told.as_of, this.#zone)}, ${points(told.threshold)} needed: ${told.qualifies ? "an MQL" : "would not become an MQL"}.${told.grade ? ` Grade ${told.grade}.` : ""} Model “${told.model?.name ?? "?"}” (${String(told.model?.hash ?? "").slice(0, 8)}).`)),
      this.#standing(told),
      h("div", { class: "two" },
        told.overrides?.length ? h("div", null, h("h4", null, "What people said"), h("ul", { class: "said small" }, told.overrides.map((given) => this.#said(given)))) : null,
        told.missing?.length ? h("div", null, h("h4", null, "What is missing"), h("ul", { class: "missing small" }, told.missing.map((words) => h("li", null, words)))) : null,
        told.transitions?.length ? h("div", null, h("h4", null, "Stages passed"), h("ol", { class: "transitions small" }, told.transitions.map((step) => this.#transition(step)))) : null),
    ].filter(Boolean);
  }

  /** Where it stands now, for how long it may, and what comes by itself. */
  #standing({ known, stage, sla, exit, cooling_until: cooling, transitions, verified_at: verified }) {
    // What people made an MQL, and what sales works on, falls out by nothing.
    const machine = stage === "mql" && ["collector", undefined].includes(transitions?.at(-1)?.actor);
    const at = (moment) => h("time", { datetime: moment }, instant(moment, this.#zone));
    const since = this.#lead.stage === stage ? this.#lead.stage_since : null;
    const facts = [
      known && ["Who it is", verified ? ["verified by your server since ", at(verified)] : ["said in a form, not verified"]],
      ["Stage now", [stageName(stage), ...(since ? [" since ", at(since)] : [])]],
      sla && ["Time limit", [`${hours(sla.limit_hours)}, `, sla.overdue ? h("strong", { class: "overdue" }, "overdue since ", at(sla.due_at)) : h("span", null, "until ", at(sla.due_at))]],
      machine && exit?.falls_at && ["If nothing new happens", ["no MQL any more (the way out is below ", `${points(exit.below)} points) from `, at(exit.falls_at)]],
      cooling && ["Cooldown", ["cannot qualify again before ", at(cooling)]],
    ].filter(Boolean);
    return h("dl", { class: "standing small" }, facts.map(([name, words]) => h("div", null, h("dt", null, name), h("dd", null, ...words))));
  }

  #said(given) {
    const what = given.points === null || given.points === undefined ? EFFECTS[given.effect] ?? given.effect : `${signedPoints(given.points)} ${EFFECTS[given.effect] ?? given.effect}`;
    const end = given.ended_at ? `ended ${instant(given.ended_at, this.#zone)} ${byWhom(given.ended_by)}` : `until ${instant(given.until, this.#zone)}`;
    return h("li", { "data-override": given.id, class: given.counts ? null : "over" },
      h("strong", null, what), given.counts ? "" : " (does not count at this moment)", ` · ${given.reason}`,
      h("span", { class: "muted" }, ` · ${byWhom(given.actor)}, ${instant(given.from, this.#zone)}, ${end}`));
  }

  #line(line) {
    // An override counts from when it was given; until when is among its reasons.
    const when = instants(line.first_at, line.last_at, this.#zone);
    return h("tr", { class: isCap(line) ? "cap" : line.kind === "override" ? "by-people" : null, "data-line": line.id ?? line.kind },
      h("th", { scope: "row" }, h("span", { class: "line" }, h("span", null, line.label), heard(", "), h("span", { class: "detail" }, line.detail ?? ""), h("span", { class: "when" }, when))),
      h("td", { class: "points", "data-points": line.points }, signedPoints(line.points)));
  }

  #transition(step) {
    const stages = [step.from, step.to].map((stage) => (["mql", "sal", "sql"].includes(stage) ? stage.toUpperCase() : stage ?? "–"));
    return h("li", null, h("time", { datetime: step.at }, instant(step.at, this.#zone)),
      h("span", null, h("strong", null, `${stages[0]} → ${stages[1]}`), step.reason ? ` · ${step.reason}` : "", step.score ? ` (${points(step.score.total)} points)` : "", step.actor ? h("span", { class: "muted" }, ` · ${byWhom(step.actor)}`) : ""));
  }
}
