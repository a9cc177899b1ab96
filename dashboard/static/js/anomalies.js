// A note above the numbers when the last days are odd: what, how many, how many usually, and what to type.
// It is asked for with the list of sites, and shows nothing when nothing is odd or it cannot be asked.

import * as api from "./api.js";
import { byId, h } from "./dom.js";

const MOST = 3;

let asked = "";

export function clearAnomalies() {
  asked = "";
  byId("anomalies").hidden = true;
  byId("anomalies").replaceChildren();
}

export async function showAnomalies(site) {
  asked = site;
  let found = [];
  try {
    found = (await api.anomalies(site)).anomalies;
  } catch {
    return;
  }
  if (asked !== site) return;
  const box = byId("anomalies");
  const line = ({ sentence, command }) => h("li", null, `${sentence}. `, h("code", null, command));
  const more = found.length > MOST ? [h("li", null, `${found.length - MOST} more: `, h("code", null, `mqlite anomalies --site ${site}`))] : [];
  box.replaceChildren(h("p", null, h("strong", null, "Unusual: "), "a campaign that works, or somebody who floods events. To see what is behind it:"), h("ul", null, ...found.slice(0, MOST).map(line), ...more));
  box.hidden = found.length === 0;
}
