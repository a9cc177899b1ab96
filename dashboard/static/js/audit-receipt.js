// Receipts: shown and saved after an act, and checked when somebody brings one back.

import * as api from "./audit-api.js";
import { download, finding, pairs, prose, trouble } from "./audit-part.js";
import { countsOf, moment } from "./audit-words.js";
import { byId, h, setText } from "./dom.js";
import { number } from "./format.js";

const ACTS = { "person.erased": "Erasure", "person.withdrew": "Withdrawal of consent", "person.restricted": "Restriction", "person.unrestricted": "Lifting of a restriction" };

export function showReceipt(receipt, zone, toEntry) {
  const name = `receipt-${receipt.receipt}.json`;
  return h("section", { class: "receipt", "aria-label": "Receipt" }, h("h4", null, "Receipt"),
    h("p", { class: "small" }, "It holds no personal data, and proves with the log that this happened."),
    pairs([["Number", h("code", null, receipt.receipt)], ["Of", ACTS[receipt.action] ?? receipt.action], ["Site", receipt.site], ["At", `${moment(receipt.at, zone)} (${zone})`],
      ...countsOf(receipt.counts).filter(([, value]) => value > 0).map(([label, value]) => [label, number(value)]), ["Log entry", toEntry(receipt.entry.seq)], ["Its hash", h("code", null, receipt.entry.hash)]], "facts-list"),
    h("p", null, h("button", { type: "button", class: "primary", click: () => download(name, new Blob([`${JSON.stringify(receipt, null, 2)}\n`], { type: "application/json" })) }, "Save the receipt")));
}

/** A receipt from a file: as saved here, or inside the whole answer that the command line and the API give. */
function read(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value?.receipt === "object") value = value.receipt;
  return typeof value?.receipt === "string" && value.entry ? value : null;
}

export function wireReceipt({ ended }) {
  const text = byId("receipt-text");
  const result = byId("receipt-result");
  byId("receipt-file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) text.value = file.size > 100_000 ? "" : await file.text();
    if (file?.size > 100_000) setText(byId("receipt-error"), "This file is too large for a receipt.");
  });
  byId("receipt-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    result.replaceChildren();
    const receipt = read(text.value);
    setText(byId("receipt-error"), receipt ? "" : text.value.trim() ? "This is not a receipt of MQLite." : "Choose the file of a receipt, or paste its text.");
    text.toggleAttribute("aria-invalid", false);
    if (!receipt) {
      text.setAttribute("aria-invalid", "true");
      return text.focus();
    }
    try {
      const told = await api.checkReceipt(receipt);
      result.replaceChildren(finding(told.valid ? "good" : "bad", h("p", null, h("strong", null, told.valid ? "This receipt is good. " : "This receipt does not hold. "), prose(told.sentence), ".")));
    } catch (error) {
      if (error.status === 401) return ended(error);
      result.replaceChildren(finding("bad", h("p", null, `It could not be checked. ${trouble(error)}`)));
    }
    return undefined;
  });
}
