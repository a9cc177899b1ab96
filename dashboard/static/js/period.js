// The controls above the numbers: period, custom dates, interval, attribution, dimension.

import { datesOf, daysIn, intervalsFor } from "./dates.js";
import { byId, choose, segments } from "./dom.js";

const DIMENSION_LABELS = [["channel", "Channel"], ["source", "Source"], ["campaign", "Campaign"], ["country", "Country"],
  ["page", "Page"], ["rule", "Rule"]];

export class Controls {
  #today = "";
  #change;

  /** `change` is called with the parts of the view that the person changed. */
  constructor(change) {
    this.#change = change;
    segments(byId("periods"), "period", [["7d", "7 days", "Last 7 days"], ["30d", "30 days", "Last 30 days"],
      ["90d", "90 days", "Last 90 days"], ["month", "This month"], ["last_month", "Last month"], ["custom", "Dates …", "Dates of your choice"]],
    (period) => this.#choosePeriod(period));
    segments(byId("intervals"), "interval", [["day", "Day"], ["week", "Week"], ["month", "Month"]],
      (interval) => change({ interval }));
    segments(byId("attributions"), "attribution", [["first", "First touch"], ["last", "Last touch"],
      ["linear", "Linear", "Each MQL in equal parts to its touches"], ["time_decay", "Time decay", "Each MQL to its touches, the newer the more"]],
      (attribution) => change({ attribution }));
    segments(byId("dimensions"), "by", DIMENSION_LABELS, (by) => change({ by, channel: "" }));
    byId("from").addEventListener("change", () => this.#chooseDates());
    byId("to").addEventListener("change", () => this.#chooseDates());
    byId("view").addEventListener("submit", (event) => event.preventDefault());
  }

  show(view, question, today) {
    this.#today = today;
    choose(byId("periods"), view.period);
    choose(byId("intervals"), question.interval);
    choose(byId("attributions"), view.attribution);
    choose(byId("dimensions"), view.by);
    const { possible } = intervalsFor(daysIn(question.from, question.to));
    for (const input of byId("intervals").querySelectorAll("input")) input.disabled = !possible.includes(input.value);
    byId("custom-dates").hidden = view.period !== "custom";
    byId("dates-error").textContent = "";
    for (const [id, date] of [["from", question.from], ["to", question.to]]) {
      byId(id).max = today;
      if (byId(id).value !== date && document.activeElement !== byId(id)) byId(id).value = date;
      byId(id).removeAttribute("aria-invalid");
    }
  }

  #choosePeriod(period) {
    if (period !== "custom") return this.#change({ period, interval: "" });
    const { from, to } = { ...datesOf("30d", this.#today), ...(byId("from").value && { from: byId("from").value, to: byId("to").value }) };
    return this.#change({ period, from, to });
  }

  #chooseDates() {
    const from = byId("from").value;
    const to = byId("to").value;
    const error = !from || !to ? "Please choose both days." : from > to ? "The first day lies after the last."
      : to > this.#today ? "The last day lies in the future." : "";
    byId("dates-error").textContent = error;
    for (const id of ["from", "to"]) byId(id).toggleAttribute("aria-invalid", false);
    if (error) byId(from > to ? "from" : "to").setAttribute("aria-invalid", "true");
    else this.#change({ period: "custom", from, to, interval: "" });
  }
}
