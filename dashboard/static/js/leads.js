// The list of MQLs. Each opens its explanation; a fresh list keeps what is open, focused and further down.

import * as api from "./api.js";
import { swatch } from "./channels.js";
import { byId, h, heard, highlight, reconcile, setText, svg } from "./dom.js";
import { Explanation } from "./explanation.js";
import { count, dayOf, fieldName, hours, instant, number, points, signedPoints, stageName } from "./format.js";

const PAGE = 20;
/** How a lead without a name is called: by its company's domain, or by what is known of the address. */
export const whoIs = (lead) => (lead.domain === "free" ? "Private address" : lead.domain ?? "No domain known");

export class Leads {
  #question = null;
  #leads = [];
  #next = null;
  #total = 0;
  #fetching = null;
  #again = false;
  #newKeys = new Set();
  #zone = "UTC";
  #shown = new WeakMap();
  #explanations = new WeakMap();
  #failed;

  /** `failed` is told of every problem but an abort. */
  constructor(failed) {
    this.#failed = failed;
    byId("leads-more").addEventListener("click", () => void this.#more());
  }

  /** Shows the leads of another question; what was open closes. */
  async load(question, zone) {
    this.#question = question;
    this.#zone = zone;
    this.#newKeys.clear();
    byId("leads").setAttribute("aria-busy", "true");
    const page = await this.#fetch({});
    if (!page) return;
    byId("leads").replaceChildren();
    this.#take(page.leads, page, false);
    if (this.#again) await this.refresh();
  }

  /** Fetches the first page again and merges it into what is shown. */
  async refresh() {
    if (!this.#question) return undefined;
    this.#again = Boolean(this.#fetching);
    if (this.#again) return undefined;
    const question = this.#question;
    const page = await this.#fetch({});
    if (!page || question !== this.#question) return undefined;
    const known = new Set(this.#leads.map((lead) => lead.key));
    for (const { key } of page.leads) if (!known.has(key)) this.#newKeys.add(key);
    const inPage = new Set(page.leads.map((lead) => lead.key));
    const last = this.#leads.findIndex((lead) => lead.key === page.leads.at(-1)?.key);
    const further = page.next && last >= 0 ? this.#leads.slice(last + 1).filter((lead) => !inPage.has(lead.key)) : [];
    const next = further.length ? this.#next : page.next;
    this.#take([...page.leads, ...further], { ...page, next }, true);
    return this.#again ? this.refresh() : undefined;
  }

  /** Forgets everything, as on logging out. */
  clear() {
    this.#fetching?.abort();
    this.#fetching = null;
    this.#question = null;
    this.#leads = [];
    byId("leads").replaceChildren();
  }

  async #more() {
    const button = byId("leads-more");
    button.disabled = true;
    const page = await this.#fetch({ cursor: this.#next });
    button.disabled = false;
    if (!page) return;
    const known = new Set(this.#leads.map((lead) => lead.key));
    const more = page.leads.filter((lead) => !known.has(lead.key));
    this.#take([...this.#leads, ...more], page, false);
    if (more.length) byId("leads").querySelector(`[data-lead="${CSS.escape(more[0].key)}"] h3 button`)?.focus();
  }

  async #fetch(extra) {
    this.#fetching?.abort();
    const asking = new AbortController();
    this.#fetching = asking;
    try {
      return await api.leads({ ...this.#question, stage: "mql", limit: PAGE, ...extra }, asking.signal);
    } catch (error) {
      if (!api.isAbort(error)) this.#failed(error);
      return null;
    } finally {
      if (this.#fetching === asking) this.#fetching = null;
    }
  }

  #take(leads, page, fresh) {
    this.#leads = leads;
    this.#next = page.next;
    this.#total = page.total;
    const list = byId("leads");
    list.removeAttribute("aria-busy");
    reconcile(list, leads, (lead) => lead.key, (lead) => this.#item(lead), (node, lead) => this.#update(node, lead));
    if (fresh) for (const key of this.#newKeys) {
      const node = list.querySelector(`[data-lead="${CSS.escape(key)}"]`);
      if (node && !node.dataset.seen) highlight(node);
      if (node) node.dataset.seen = "1";
    }
    byId("leads-more").hidden = !this.#next;
    setText(byId("leads-more"), `Show more (${number(Math.max(0, this.#total - leads.length))} left)`);
    const empty = byId("leads-empty");
    empty.hidden = leads.length > 0;
    if (!leads.length) setText(empty, "No lead reached the threshold here in this period.");
    const touch = this.#question.attribution === "last" ? "last touch" : "first touch";
    setText(byId("leads-note"), leads.length
      ? `${leads.length < this.#total ? `The latest ${number(leads.length)} of ${count(this.#total, "MQL")}` : count(this.#total, "MQL")}, latest first. Channel by ${touch}. Open one to see the points that made it an MQL.` : "");
  }

  #item(lead) {
    const id = `lead-${lead.key}`;
    const button = h("button", { type: "button", "aria-expanded": "false", "aria-controls": id }, h("span", { class: "chevron", "aria-hidden": "true" }), h("span", { class: "who" }));
    const top = h("div", { class: "lead-top" }, h("div", null, h("h3", null, button), h("div", { class: "lead-body" })), h("div"), h("div"), h("ul", { class: "reasons" }));
    const panel = h("div", { id, class: "explanation", role: "region", "aria-label": `What made ${whoIs(lead)} an MQL`, hidden: true });
    const node = h("li", { class: "lead", "data-lead": lead.key }, top, panel);
    button.addEventListener("click", () => this.#toggle(node, button, panel));
    top.addEventListener("click", (event) => {
      if (event.target.closest("button, a") || !getSelection().isCollapsed) return;
      button.click();
    });
    return node;
  }

  /** Where it stands, since when, and whether that is for too long. */
  #stage({ stage, stage_since: since, sla }) {
    return [
      h("div", { class: "stage", "data-stage": stage }, heard("stage "), stageName(stage), since && h("span", { class: "sub" }, " since ", h("time", { datetime: since }, dayOf(since, this.#zone)))),
      sla?.overdue && h("div", { class: "overdue" }, `Overdue since ${dayOf(sla.due_at, this.#zone)}`, heard(`, the limit is ${hours(sla.limit_hours)}`)),
    ].filter(Boolean);
  }

  #toggle(node, button, panel) {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    panel.hidden = !open;
    node.toggleAttribute("data-open", open);
    if (open && !this.#explanations.has(node)) {
      const lead = this.#leads.find(({ key }) => key === node.dataset.lead);
      const explanation = new Explanation(panel, lead, this.#question.site, this.#zone, this.#failed);
      this.#explanations.set(node, explanation);
      void explanation.load();
    }
  }

  #update(node, lead) {
    const isNew = this.#newKeys.has(lead.key);
    const told = JSON.stringify([isNew, lead]);
    const before = this.#shown.get(node);
    if (before === told) return;
    this.#shown.set(node, told);
    const [first, channel, score, reasons] = node.querySelector(".lead-top").children;
    setText(first.querySelector(".who"), whoIs(lead));
    const title = first.querySelector("h3");
    title.querySelector(".new-mark")?.remove();
    if (isNew) title.append(h("span", { class: "new-mark" }, "new"));
    const { job_title: job, company, company_size: size } = lead.attributes ?? {};
    const employer = [company, size && `size ${size}`].filter(Boolean).join(", ");
    first.querySelector(".lead-body").replaceChildren(
      h("time", { datetime: lead.became_mql_at ?? lead.first_seen, title: this.#zone }, heard("became an MQL "), instant(lead.became_mql_at, this.#zone)),
      ...[job, employer, lead.verified_at && "verified"].filter(Boolean).map((words) => h("div", { class: "sub" }, words)));
    const origin = [lead.source && [lead.source, lead.medium].filter(Boolean).join(" / "), lead.campaign && `campaign ${lead.campaign}`, lead.country].filter(Boolean);
    channel.replaceChildren(
      h("div", { class: "channel" }, swatch("channel", lead.channel), h("span", null, heard("channel "), lead.channel_label ?? fieldName(lead.channel ?? "unknown"))),
      ...origin.map((words) => h("div", { class: "sub" }, words)));
    score.replaceChildren(...scoreOf(lead), ...this.#stage(lead));
    reasons.replaceChildren(...(lead.reasons ?? []).map((reason) => h("li", null, h("span", null, reason.label), h("b", null, signedPoints(reason.points)))));
    if (before) void this.#explanations.get(node)?.leadChanged(lead);
  }
}

function scoreOf(lead) {
  const { total, fit, engagement } = lead.score;
  const all = Math.max(100, fit + engagement);
  const width = (value) => Math.max(0, (100 * value) / all);
  return [
    h("div", null, h("span", { class: "score-number", "data-score": total }, points(total)), h("span", { class: "sub" }, " points now"),
      lead.grade && h("span", { class: "grade", title: "Fit A to D, engagement 1 to 3" }, heard("grade "), lead.grade)),
    svg("svg", { class: "score-bar", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
      svg("rect", { class: "bar-bed", width: 100, height: 6 }), svg("rect", { class: "fit", width: width(fit), height: 6 }),
      svg("rect", { class: "engagement", x: width(fit), width: width(engagement), height: 6 })),
    h("div", { class: "sub" }, `${points(fit)} fit + ${points(engagement)} engagement`),
    lead.score_at_mql && lead.score_at_mql.total !== total && h("div", { class: "sub" }, `${points(lead.score_at_mql.total)} when it qualified`),
  ].filter(Boolean);
}
