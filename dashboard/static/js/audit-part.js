// One part of the audit page: fetches for itself, and says when it waits, has nothing or fails. Also tables and lists.

import { isAbort } from "./api.js";
import { capital } from "./audit-words.js";
import { byId, h } from "./dom.js";

/** A table in which every cell knows its column's name, for phones, where rows become cards unless they are short. */
export function table(caption, head, rows, { name = "", cards = true } = {}) {
  const cell = (content, index) => {
    const [label, kind] = head[index];
    return index === 0
      ? h("th", { scope: "row", role: "rowheader", class: kind, "data-label": label }, content)
      : h("td", { role: "cell", class: kind, "data-label": label }, h("div", null, content));
  };
  // The roles are spoken out because a table that is laid out as cards loses them in some browsers.
  return h("table", { class: `told ${cards ? "cards" : ""} ${name}`.trim(), role: "table" },
    h("caption", { class: "sr-only" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head.map(([label, kind]) => h("th", { scope: "col", role: "columnheader", class: kind }, label)))),
    h("tbody", { role: "rowgroup" }, rows.map(({ cells, ...attributes }) => h("tr", { role: "row", ...attributes }, cells.map(cell)))));
}

/** Labelled lines: [[label, words or node], …]. */
export const pairs = (told, name = "") => h("dl", { class: `pairs ${name}`.trim() }, told.map(([label, words]) => h("div", null, h("dt", null, label), h("dd", null, words))));

/** A sentence of the API as a sentence of the page: it begins with a capital letter, and what stands in backticks is code. */
export const prose = (text) => `${text ?? ""}`.split("`").map((part, index) => (index % 2 ? h("code", null, part) : index === 0 ? capital(part) : part));

/** A box that cannot be overlooked: kind is "good", "bad", "warn" or "plain". */
export const finding = (kind, ...children) => h("div", { class: `finding ${kind}`, role: kind === "bad" ? "alert" : false },
  h("span", { class: "mark", "aria-hidden": "true" }, { good: "✓", bad: "!", warn: "!" }[kind] ?? "i"), h("div", null, children));

/** What went wrong, in a sentence that a person can act on. */
export function trouble(error) {
  if (error.status === 0) return "The collector does not answer.";
  if (error.status === 403) return `Your role may not do this${error.detail ? `: ${error.detail}` : "."}`;
  if (error.status >= 500) return `The collector has a problem: ${error.message}`;
  return error.message;
}

/** Saves what is in memory as a file. */
export function download(name, blob) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export class Part {
  #body;
  #state;
  #fetch;
  #show;
  #ended;
  #asking = null;

  /** `id` is the element to fill; `fetch(signal)` asks, `show(answer)` puts it there; `ended` hears of a lost session. */
  constructor(id, fetch, show, ended) {
    this.#body = byId(id);
    this.#fetch = fetch;
    this.#show = show;
    this.#ended = ended;
    this.#state = h("div", { class: "state", "data-state-of": id });
    this.#body.before(this.#state);
  }

  /** Asks and shows; answers with what was told, or null. */
  async load() {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.#body.setAttribute("aria-busy", "true");
    if (this.#body.hidden || !this.#body.dataset.loaded) {
      this.#body.hidden = true;
      this.#state.replaceChildren(h("p", { class: "muted", role: "status" }, "Fetching …"));
    }
    try {
      const told = await this.#fetch(asking.signal);
      if (asking.signal.aborted) return null;
      this.#show(told);
      this.#state.replaceChildren();
      this.#body.hidden = false;
      this.#body.dataset.loaded = "1";
      return told;
    } catch (error) {
      if (isAbort(error) || asking.signal.aborted) return null;
      if (error.status === 401) this.#ended(error);
      else this.#fail(error);
      return null;
    } finally {
      if (this.#asking === asking) this.#body.removeAttribute("aria-busy");
    }
  }

  /** Forgets what was shown. */
  clear() {
    this.#asking?.abort();
    this.#asking = null;
    this.#state.replaceChildren();
    this.#body.hidden = true;
    delete this.#body.dataset.loaded;
  }

  #fail(error) {
    // An old answer beside a failure would be taken for the present state: it goes.
    this.#body.hidden = true;
    // A mistake of this page's own has no status; the console is where it belongs.
    if (error.status === undefined) console.error(error);
    this.#state.replaceChildren(finding("bad", h("p", null, `This part could not be fetched. ${error.status === undefined ? "The answer was not as expected." : trouble(error)}`),
      h("p", null, h("button", { type: "button", class: "quiet", click: () => void this.load() }, "Try again"))));
  }
}
