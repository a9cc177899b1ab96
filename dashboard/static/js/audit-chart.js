// Consent by day: stored events by rung upwards, suppressed visits, another unit, downwards.

import { h, svg } from "./dom.js";
import { rungName } from "./audit-words.js";
import { table } from "./audit-part.js";
import { date, number, shortDate } from "./format.js";
import { ticksFor } from "./stack.js";

const RUNGS = ["unset", "measured", "qualified"];
const [LEFT, RIGHT, HEAD, FOOT, HEIGHT] = [44, 4, 8, 22, 220];

const seen = new WeakMap();
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) draw(target);
});

export function showChart(frame, below, told, ladder) {
  const name = (rung) => (rung === "suppressed" ? "Asked not to be measured (visits)" : rungName(rung, ladder));
  const order = [...RUNGS, "suppressed"];
  frame.replaceChildren(
    h("ul", { class: "legend" }, order.map((rung) => h("li", null, h("span", { class: `rung r-${rung}`, "aria-hidden": "true" }), name(rung)))),
    h("div", { class: "bars" }));
  below.replaceChildren(table("Events stored and visits suppressed by day", [["Day"], ...order.map((rung) => [name(rung), "num"])],
    told.days.map((one) => ({ "data-day": one.day, cells: [date(one.day), ...order.map((rung) => number(one[rung]))] }))));
  const bars = frame.querySelector(".bars");
  seen.set(bars, { told, name, order });
  watcher.disconnect();
  watcher.observe(bars);
  draw(bars);
}

function draw(bars) {
  const { told, name, order } = seen.get(bars);
  const width = Math.round(bars.clientWidth);
  if (!width || !told.days.length) return bars.replaceChildren();
  const stored = (one) => RUNGS.reduce((all, rung) => all + (one[rung] ?? 0), 0);
  const up = ticksFor(Math.max(...told.days.map(stored)));
  const most = Math.max(...told.days.map((one) => one.suppressed ?? 0));
  const unit = (HEIGHT - HEAD - FOOT) / (up.at(-1) + most);
  const zero = HEAD + up.at(-1) * unit;
  const band = (width - LEFT - RIGHT) / told.days.length;
  const wide = Math.max(1.5, Math.min(30, band * 0.76));
  const all = (rung) => told.days.reduce((sum, one) => sum + (one[rung] ?? 0), 0);
  const root = svg("svg", { role: "img", viewBox: `0 0 ${width} ${HEIGHT}`, "aria-label": `Consent by day, ${told.days.length} days. ${order.map((rung) => `${name(rung)}: ${number(all(rung))}`).join(". ")}. The table below says it day by day.` });
  for (const value of up) {
    const y = Math.round(zero - value * unit) + 0.5;
    root.append(svg("line", { class: value ? "grid-line" : "zero-line", x1: LEFT, x2: width - RIGHT, y1: y, y2: y }), svg("text", { class: "axis-text", x: LEFT - 8, y: y + 4, "text-anchor": "end" }, number(value)));
  }
  const every = Math.max(1, Math.ceil(64 / band));
  told.days.forEach((one, index) => {
    const x = LEFT + band * index + (band - wide) / 2;
    const group = svg("g", { "data-day": one.day }, svg("title", null, `${date(one.day)}: ${order.map((rung) => `${name(rung)} ${number(one[rung])}`).join(", ")}`),
      svg("rect", { class: "band", x: LEFT + band * index, y: HEAD, width: band, height: HEIGHT - HEAD - FOOT }));
    let from = zero;
    for (const rung of RUNGS) {
      const height = (one[rung] ?? 0) * unit;
      if (height <= 0) continue;
      from -= height;
      group.append(svg("rect", { class: `r-${rung}`, x, y: from, width: wide, height }));
    }
    if (one.suppressed > 0) {
      group.append(...["r-suppressed", "hatched"].map((kind) => svg("rect", { class: kind, fill: kind === "hatched" ? "url(#hatch)" : null, x, y: zero + 1, width: wide, height: one.suppressed * unit })));
    }
    root.append(group);
    if ((told.days.length - 1 - index) % every !== 0) return;
    const middle = LEFT + band * (index + 0.5);
    const late = middle + 22 > width - RIGHT;
    root.append(svg("text", { class: "axis-text", x: late ? width - RIGHT : middle, y: HEIGHT - 4, "text-anchor": late ? "end" : "middle" }, shortDate(one.day)));
  });
  return bars.replaceChildren(root);
}
