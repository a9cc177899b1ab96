// Talks to the collector's API. The only file that calls fetch: every answer that is not good becomes a
// Problem, with status 0 when there was no answer at all.

export class Problem extends Error {
  constructor(status, title, detail, pointer) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.pointer = pointer;
  }
}

const PATIENCE_MS = 20_000;

/** Asks; `as` is "json", or "blob" for an answer that is handed on as a file. `patience` is for what takes long. */
export async function call(path, { method = "GET", body, etag, signal, as = "json", patience: most = PATIENCE_MS } = {}) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (etag) headers["if-none-match"] = etag;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), most);
  signal?.addEventListener("abort", () => patience.abort(), { once: true });
  try {
    const answer = await fetch(path, {
      method, headers, signal: patience.signal, cache: "no-store", credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status === 304) return { unchanged: true };
    if (!answer.ok) throw await problem(answer);
    const data = answer.status === 204 ? null : await answer[as]();
    return { data, etag: answer.headers.get("etag") };
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (signal?.aborted) throw new DOMException("The view has changed.", "AbortError");
    throw new Problem(0, "No answer", "The collector could not be reached, or its answer could not be read.");
  } finally {
    clearTimeout(timer);
  }
}

async function problem(answer) {
  let told = {};
  try {
    told = await answer.json();
  } catch {
    // A proxy's error page, for example: the status says enough.
  }
  const wait = Number(answer.headers.get("retry-after"));
  const detail = told.detail || (answer.status === 429 && wait ? `Please wait ${wait} seconds.` : "");
  return new Problem(answer.status, told.title || `Status ${answer.status}`, detail, told.pointer);
}

export function query(parameters) {
  const said = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return new URLSearchParams(said).toString();
}

export const session = (signal) => call("/api/v1/session", { signal }).then((answer) => answer.data);
/** `role` is said only where there is a choice. */
export const logIn = (password, role) => call("/api/v1/session", { method: "POST", body: role ? { password, role } : { password } });
export const logOut = () => call("/api/v1/session", { method: "DELETE" });
/** Sets the password of the account that the token is for; answers with that account's role. */
export const setUp = (token, password) =>
  call("/api/v1/setup", { method: "POST", body: { token, password } }).then((answer) => answer.data?.role ?? "owner");
export const sites = (signal) => call("/api/v1/sites", { signal }).then((answer) => answer.data.sites);
export const report = (parameters, etag, signal) => call(`/api/v1/reports/mql?${query(parameters)}`, { etag, signal });
export const anomalies = (site, signal) => call(`/api/v1/anomalies?${query({ site })}`, { signal }).then((answer) => answer.data);
export const leads = (parameters, signal) =>
  call(`/api/v1/leads?${query(parameters)}`, { signal }).then((answer) => answer.data);
export const explanation = (key, parameters, signal) =>
  call(`/api/v1/leads/${encodeURIComponent(key)}/explanation?${query(parameters)}`, { signal }).then((answer) => answer.data);

export const isAbort = (error) => error?.name === "AbortError";
