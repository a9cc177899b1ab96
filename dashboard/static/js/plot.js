// MQLs over time: stacked columns by the chosen dimension, the period before as a dashed line. The drawing is
// an image with a description; a slider laid over it reads it column by column, by pointer, touch or arrow keys.

import { inked, look, swatch } from "./channels.js";
import { byId, h, svg } from "./dom.js";
import { count, number } from "./format.js";
import { ticksFor } from "./stack.js";

const HEAD = 12;
const FOOT = 26;
const LEFT = 34;
const RIGHT = 6;

export class Plot {
  #stack = { parts: [], columns: [], overlap: false };
  #by = "channel";
  #words = "";
  #today = "";
  #chosen = null;
  #width = 0;

  constructor() {
    const cursor = byId("plot-cursor");
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry.contentRect.width);
      if (width !== this.#width) this.#draw();
    }).observe(byId("plot"));
    cursor.addEventListener("pointermove", (event) => this.#point(event));
    cursor.addEventListener("pointerdown", (event) => this.#point(event));
    cursor.addEventListener("pointerleave", () => document.activeElement !== cursor && this.#choose(null));
    cursor.addEventListener("focus", () => this.#choose(this.#chosen ?? this.#stack.columns.length - 1));
    cursor.addEventListener("blur", () => this.#choose(null));
    cursor.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Draws a stack; `words` describes the whole plot, for screen readers. */
  show(stack, by, words, today) {
    this.#stack = stack;
    this.#by = by;
    this.#words = words;
    this.#today = today;
    this.#draw();
    if (this.#chosen !== null) this.#choose(Math.min(this.#chosen, stack.columns.length - 1));
    else this.#speak(stack.columns.length - 1);
  }

  #scale() {
    const box = byId("plot");
    const height = box.clientHeight || 280;
    const highest = Math.max(1, ...this.#stack.columns.flatMap((column) => [column.mqls, column.before?.mqls ?? 0]));
    const ticks = ticksFor(highest);
    const bottom = height - FOOT;
    const band = (this.#width - LEFT - RIGHT) / Math.max(1, this.#stack.columns.length);
    return { height, ticks, bottom, band, y: (value) => bottom - (value / ticks.at(-1)) * (bottom - HEAD), x: (index) => LEFT + band * index };
  }

  #draw() {
    this.#width = Math.round(byId("plot").clientWidth);
    if (!this.#width) return;
    const { columns, parts } = this.#stack;
    const scale = this.#scale();
    const root = svg("svg", { role: "img", viewBox: `0 0 ${this.#width} ${scale.height}`, "aria-labelledby": "plot-svg-title plot-svg-desc", focusable: "false" },
      svg("title", { id: "plot-svg-title" }, "MQLs over time"), svg("desc", { id: "plot-svg-desc" }, this.#words));
    for (const value of scale.ticks) {
      const y = Math.round(scale.y(value)) + 0.5;
      root.append(svg("line", { class: "grid-line", x1: LEFT, x2: this.#width - RIGHT, y1: y, y2: y }),
        svg("text", { class: "axis-text", x: LEFT - 8, y: y + 4, "text-anchor": "end" }, number(value)));
    }
    root.append(...this.#dates(scale));
    const wide = Math.max(1.5, Math.min(34, scale.band * 0.74));
    columns.forEach((column, index) => {
      const group = svg("g", { "data-from": column.from, "data-mqls": column.mqls, "data-before": column.before?.mqls });
      group.append(svg("rect", { class: "band", x: scale.x(index), y: HEAD, width: scale.band, height: scale.bottom - HEAD }));
      let below = 0;
      for (const part of parts) {
        const value = column.values.get(part.key) ?? 0;
        if (value <= 0) continue;
        const top = scale.y(below + value);
        const drawing = inked(look(this.#by, part.key), { x: scale.x(index) + (scale.band - wide) / 2, y: top, width: wide, height: scale.y(below) - top }, scale.band > 5 ? "column-part" : "");
        drawing.setAttribute("data-part", part.key);
        drawing.setAttribute("data-mqls", value);
        group.append(drawing);
        below += value;
      }
      root.append(group);
    });
    root.append(...this.#before(scale));
    byId("plot").replaceChildren(root);
  }

  /** As many dates along the foot as have room, the last column's always among them. */
  #dates(scale) {
    const { columns } = this.#stack;
    const every = Math.max(1, Math.ceil(62 / scale.band));
    return columns.map((column, index) => {
      if ((columns.length - 1 - index) % every !== 0) return null;
      const middle = scale.x(index) + scale.band / 2;
      const words = column.from === this.#today ? "today" : column.tick;
      const edge = this.#width - RIGHT;
      const late = middle + 22 > edge;
      const early = middle - 22 < LEFT - 20;
      return svg("text", { class: "axis-text", x: late ? edge : early ? LEFT - 20 : middle, y: scale.height - 6, "text-anchor": late ? "end" : early ? "start" : "middle" }, words);
    }).filter(Boolean);
  }

  #before(scale) {
    // Steps, not slopes: a count belongs to the whole of its column, and there is nothing between two days.
    let line = "";
    this.#stack.columns.forEach((column, index) => {
      if (!column.before) return;
      line += `${line ? "L" : "M"}${scale.x(index).toFixed(1)} ${scale.y(column.before.mqls).toFixed(1)}h${scale.band.toFixed(1)}`;
    });
    return line ? [svg("path", { class: "before-halo", d: line }), svg("path", { class: "before-line", d: line })] : [];
  }

  #point(event) {
    const box = byId("plot-cursor").getBoundingClientRect();
    const { band } = this.#scale();
    const index = Math.floor((event.clientX - box.left - LEFT) / band);
    this.#choose(Math.max(0, Math.min(this.#stack.columns.length - 1, index)));
  }

  #key(event) {
    const last = this.#stack.columns.length - 1;
    const at = this.#chosen ?? last;
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: last, PageUp: at + 7, PageDown: at - 7 }[event.key];
    if (event.key === "Escape") return this.#choose(null);
    if (to === undefined) return undefined;
    event.preventDefault();
    return this.#choose(Math.max(0, Math.min(last, to)));
  }

  #speak(index) {
    const column = this.#stack.columns[index];
    const cursor = byId("plot-cursor");
    cursor.setAttribute("aria-valuemax", Math.max(0, this.#stack.columns.length - 1));
    cursor.setAttribute("aria-valuenow", Math.max(0, index));
    if (!column) return cursor.setAttribute("aria-valuetext", "nothing to read");
    const parts = this.#stack.parts.filter(({ key }) => column.values.get(key) > 0).map(({ key, label }) => `${label} ${column.values.get(key)}`);
    const before = column.before ? `; before, ${column.before.name}: ${column.before.mqls}` : "";
    return cursor.setAttribute("aria-valuetext", `${column.name}: ${count(column.mqls, "MQL")}${parts.length ? `, ${parts.join(", ")}` : ""}${before}`);
  }

  #choose(index) {
    const column = index === null ? null : this.#stack.columns[index];
    this.#chosen = column ? index : null;
    for (const [place, band] of byId("plot").querySelectorAll(".band").entries()) band.classList.toggle("on", place === this.#chosen);
    const tip = byId("plot-tip");
    tip.hidden = !column;
    if (!column) return;
    this.#speak(index);
    tip.replaceChildren(
      h("strong", null, `${column.name}${column.from === this.#today ? " (so far)" : ""}`),
      h("ul", null,
        this.#stack.parts.filter(({ key }) => column.values.get(key) > 0).reverse()
          .map(({ key, label }) => h("li", null, swatch(this.#by, key), label, h("b", null, number(column.values.get(key))))),
        h("li", null, h("strong", null, "MQLs"), h("b", null, number(column.mqls))),
        column.before && h("li", { class: "before" }, column.before.name, h("b", null, number(column.before.mqls)))));
    const { x, band } = this.#scale();
    const middle = x(index) + band / 2;
    const left = middle < this.#width / 2 ? middle + band / 2 + 10 : middle - band / 2 - 10 - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(this.#width - tip.offsetWidth, left))}px`;
  }
}

/** The names of the colours, in the order of the stack, and of the dashed line. */
export function showLegend(stack, by, previousWords) {
  const dash = svg("svg", { class: "dash-sample", viewBox: "0 0 26 12", "aria-hidden": "true" }, svg("line", { class: "before-line", x1: 0, x2: 26, y1: 6, y2: 6 }));
  byId("legend").replaceChildren(
    ...stack.parts.map(({ key, label, mqls }) => h("li", null, swatch(by, key), h("span", { class: "name" }, label), h("span", { class: "count" }, number(mqls)))),
    ...(previousWords ? [h("li", null, dash, h("span", { class: "name" }, `Period before: ${previousWords}`))] : []));
}
