// The look of a row: a channel has the same colour and pattern wherever it appears; the keys of the other
// dimensions keep the slot they were first given while the page is open.

import { svg } from "./dom.js";

const CHANNELS = new Set(["cross_network", "paid_shopping", "paid_search", "paid_social", "paid_video", "display",
  "paid_other", "organic_shopping", "organic_social", "organic_video", "ai_assistants", "organic_search", "email",
  "affiliates", "audio", "sms", "mobile_push", "referral", "direct"]);
const HATCHED = new Set(["cross_network", "paid_shopping", "paid_video", "display", "paid_other", "organic_shopping", "affiliates"]);
const DOTTED = new Set(["organic_video", "audio", "sms", "mobile_push"]);
const SLOTS = 8;
const given = new Map();

/** The key of what is not drawn on its own. */
export const OTHER = "\u0000other";
/** The key of everything, where it is not split. */
export const ALL = "\u0000all";

/** { name: the CSS class of the colour, pattern: "hatch", "dots" or null }. */
export function look(by, key) {
  if (key === ALL) return { name: "k-0", pattern: null };
  if (key === OTHER) return { name: "k-other", pattern: null };
  if (by === "channel") {
    if (!CHANNELS.has(key)) return { name: "k-other", pattern: "hatch" };
    return { name: `k-${key}`, pattern: HATCHED.has(key) ? "hatch" : DOTTED.has(key) ? "dots" : null };
  }
  const known = given.get(by) ?? given.set(by, new Map()).get(by);
  if (!known.has(key)) known.set(key, known.size % (SLOTS * 3));
  const slot = known.get(key);
  return { name: `k-${slot % SLOTS}`, pattern: [null, "hatch", "dots"][Math.floor(slot / SLOTS)] };
}

/** A rectangle in a row's colour and pattern; `place` holds x, y, width and height. */
export function inked(appearance, place, extra) {
  const parts = [svg("rect", { ...place, class: `ink ${extra ?? ""}`.trim() })];
  if (appearance.pattern) parts.push(svg("rect", { ...place, fill: `url(#${appearance.pattern})`, "pointer-events": "none" }));
  return svg("g", { class: appearance.name }, ...parts);
}

/** The small square before a name. */
export const swatch = (by, key) =>
  svg("svg", { class: "swatch", viewBox: "0 0 12 12", "aria-hidden": "true", focusable: "false" },
    inked(look(by, key), { x: 0, y: 0, width: 12, height: 12, rx: 2.5 }));
