// What the audit page asks the collector, on top of api.js.

import { call, query } from "./api.js";

/** Checking a long log, or deleting much, takes its time. */
const LONG_MS = 180_000;

const read = (name, parameters, signal, patience) => call(address(name, parameters), { signal, patience }).then((answer) => answer.data);
const tell = (path, body, signal) => call(path, { method: "POST", body, signal, patience: LONG_MS }).then((answer) => answer.data);

/** The address of a part of the audit API, for links too. */
export function address(name, parameters = {}) {
  const said = query(parameters);
  return `/api/v1/audit/${name}${said ? `?${said}` : ""}`;
}

export const fields = (signal) => read("fields", {}, signal);
export const ladder = (signal) => read("ladder", {}, signal);
export const consent = (parameters, signal) => read("consent", parameters, signal);
export const salts = (signal) => read("salts", {}, signal);
export const retention = (signal) => read("retention", {}, signal);
export const log = (parameters, signal) => read("log", parameters, signal);
export const verify = (signal) => read("verify", {}, signal, LONG_MS);
export const documents = (signal) => read("documents", {}, signal);
export const runRetention = (dryRun) => tell("/api/v1/audit/retention/run", { dry_run: dryRun });

/** find, restrict, withdraw or erase; the body names the site and the person. */
export const person = (act, body) => tell(`/api/v1/privacy/${act}`, body);
export const exportPerson = (body) => call("/api/v1/privacy/export", { method: "POST", body, as: "blob", patience: LONG_MS }).then((answer) => answer.data);
export const checkReceipt = (receipt) => tell("/api/v1/privacy/receipt", receipt);
