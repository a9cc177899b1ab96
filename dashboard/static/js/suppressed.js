// Says how many visits asked not to be measured, so that nobody takes the numbers for all there was.

import { byId, setText } from "./dom.js";
import { number } from "./format.js";

export const SIGNALS = {
  gpc: "Global Privacy Control", dnt: "Do Not Track", tag: "the site’s tag", api: "the site’s own consent call",
  consent_mode: "Consent Mode", tcf: "a consent banner (TCF)",
};

export function showSuppressed(suppressed) {
  const total = suppressed?.total ?? 0;
  byId("suppressed").hidden = total === 0;
  if (total > 0) setText(byId("suppressed-words"), suppressedWords(total, suppressed.by_signal ?? {}));
}

/** The sentence; `counts` is from signal to visits, `name` says what a signal is called. */
export function suppressedWords(total, counts, name = (signal) => SIGNALS[signal] ?? signal) {
  const by = Object.entries(counts).filter(([, value]) => value > 0).sort((one, other) => other[1] - one[1])
    .map(([signal, value]) => `${name(signal)} ${number(value)}`).join(", ");
  const [visits, they] = total === 1 ? ["1 visit", "It is"] : [`${number(total)} visits`, "They are"];
  return `${visits} asked not to be measured${by ? `: ${by}` : ""}. ${they} not in these numbers, and nothing else about them was stored.`;
}
