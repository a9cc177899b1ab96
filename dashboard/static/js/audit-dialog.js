// Asks before something that cannot be undone. Resolves to true only after the person said so, and after the
// word was typed where one is asked for. Escape, Cancel and closing all mean no.

import { byId, h, setText } from "./dom.js";

export function confirm({ title, body, yes, word = "", danger = false }) {
  const dialog = byId("confirm");
  const typed = byId("confirm-word");
  const error = byId("confirm-error");
  setText(byId("confirm-title"), title);
  byId("confirm-body").replaceChildren(...body.filter(Boolean));
  setText(byId("confirm-yes"), yes);
  byId("confirm-yes").className = danger ? "danger" : "primary";
  byId("confirm-typing").hidden = !word;
  byId("confirm-label").replaceChildren("Type ", h("strong", null, word), " to go on");
  typed.value = "";
  typed.removeAttribute("aria-invalid");
  setText(error, "");
  dialog.returnValue = "no";
  dialog.showModal();
  (word ? typed : byId("confirm-no")).focus();
  return new Promise((answer) => {
    const listening = new AbortController();
    byId("confirm-form").addEventListener("submit", (event) => {
      if (!word || typed.value.trim() === word) return;
      event.preventDefault();
      setText(error, `Type ${word}, in capitals, or cancel.`);
      typed.setAttribute("aria-invalid", "true");
      typed.focus();
    }, { signal: listening.signal });
    byId("confirm-no").addEventListener("click", () => dialog.close("no"), { signal: listening.signal });
    dialog.addEventListener("close", () => {
      listening.abort();
      byId("confirm-body").replaceChildren();
      answer(dialog.returnValue === "yes");
    }, { once: true });
  });
}

/** Closes it, as on the end of the session. */
export const dismiss = () => byId("confirm").open && byId("confirm").close("no");
