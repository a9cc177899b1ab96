// Keeps one report fresh: asks every second while the page is visible, with the entity tag of what is known,
// slows down while the collector does not answer, and never has two questions under way.

import { isAbort, report } from "./api.js";

const EVERY_MS = 1_000;
const SLOWEST_MS = 15_000;

export class Live {
  #question = null;
  #etag = null;
  #timer = 0;
  #asking = null;
  #failures = 0;
  #told;

  /** `told` has report(data, question), unchanged(), failed(problem) and paused(). */
  constructor(told) {
    this.#told = told;
    document.addEventListener("visibilitychange", () => {
      if (!this.#question) return;
      if (document.hidden) {
        this.#rest();
        this.#told.paused();
      } else this.now();
    });
    window.addEventListener("online", () => this.now());
  }

  /** Follows the report of this question from now on. */
  watch(question) {
    this.#question = question;
    this.#etag = null;
    this.#failures = 0;
    this.now();
  }

  stop() {
    this.#question = null;
    this.#rest();
  }

  /** Asks at once. */
  now() {
    this.#rest();
    if (this.#question) void this.#ask();
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
  }

  async #ask() {
    const question = this.#question;
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const answer = await report(question, this.#etag, asking.signal);
      if (asking.signal.aborted) return;
      this.#failures = 0;
      if (answer.unchanged) this.#told.unchanged();
      else {
        this.#etag = answer.etag;
        this.#told.report(answer.data, question);
      }
    } catch (error) {
      if (isAbort(error) || asking.signal.aborted) return;
      this.#failures += 1;
      this.#told.failed(error);
    }
    if (this.#question !== question || asking.signal.aborted || document.hidden) return;
    const wait = Math.min(EVERY_MS * 2 ** Math.min(this.#failures, 5), SLOWEST_MS);
    this.#timer = setTimeout(() => this.now(), wait);
  }
}
